"""What went wrong: how often and how long of each kind, and each of them in the order of time.

Made of facts alone, so it is pure. What has a beginning and an end is one line, of which the end was told; what had not
ended is told with the length that it had then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import msgspec

from ccplane import facts as f
from ccplane.agents import facts as a
from ccplane.contacts import facts as c
from ccplane.contacts import recordings as r
from ccplane.contacts.facts.emergencies import EmergencyBegan, EmergencyEnded
from ccplane.facts import AnyFact
from ccplane.kpi.definitions import LEAST_GAP_MS
from ccplane.reports.paper import Cell, Column, Paper, Section


class What(NamedTuple):
    """A kind of fault."""

    en: str
    zh: str


WHATS: Final = {
    "plane-away": What("ccplane was away", "控制面离线"),
    "plane-stood-still": What("ccplane stood still", "控制面停顿"),
    "switch-away": What("a node was not watched", "交换机失联"),
    "switch-restarted": What("a node was restarted", "交换机重启"),
    "switch-wedged": What("a node did not answer", "交换机无响应"),
    "database-away": What("callbacks stopped: no database", "数据库不可用，回呼暂停"),
    "calls-lost": What("calls lost by a node, or carried to the fallback", "丢失的呼叫"),
    "fallback-served": What("stays in the fallback's queues", "后备队列接待"),
    "program-failed": What("a program failed", "呼叫流程出错"),
    "sounds-failed": What("sounds could not be played", "语音无法播放"),
    "recording-failed": What("a talk was not recorded", "录音失败"),
    "fax-failed": What("a fax failed", "传真失败"),
    "not-joined": What("caller and agent were not joined", "未能接通双方"),
    "repair": What("repaired by the reconciler", "对账修复"),
    "fault-fenced": What("a fault of ours was fenced off", "内部错误已隔离"),
    "emergency": What("emergency announcement", "应急播报"),
    "pin-locked": What("a PIN was locked", "密码锁定"),
}
LISTED_MOST: Final = 1_000
READ_MOST: Final = 100_000
"""Facts: a log with more is not read by anybody, and says so."""


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """`at`: when it began, ms UTC; `took_ms`: None of what has no length; `open`: it was not over when this was told.
    `where`: node, agent, program …"""

    what: str
    at: int
    took_ms: int | None = None
    open: bool = False
    where: str = ""
    contact: str = ""
    detail: str = ""


def found(facts: Iterable[AnyFact], since: int, until: int, now: int) -> list[Fault]:
    """Those that [since, until), ms UTC, has a part of, in the order of their beginning. What had not ended then, or by
    `now`, is taken to have gone on until then. `facts`: also of before, where something may have begun."""
    begun: dict[tuple[str, str], Fault] = {}
    those = [fault for fact in facts for fault in _told(fact, begun)]
    over = min(until, now)
    those += [msgspec.structs.replace(each, took_ms=max(0, over - each.at), open=True) for each in begun.values()]
    here = (each for each in those if each.at < until and (each.at >= since or each.at + (each.took_ms or 0) > since))
    return sorted(here, key=lambda each: (each.at, each.what, each.where))


def _told(fact: AnyFact, begun: dict[tuple[str, str], Fault]) -> Iterator[Fault]:
    """What one fact tells. `begun`: what goes on, which it may add to and take from."""

    def begins(what: str, where: str, detail: str = "") -> None:
        begun.setdefault((what, where), Fault(what=what, at=fact.at, where=where, detail=detail))

    def ends(what: str, where: str) -> Iterator[Fault]:
        if (what, where) in begun:
            known = begun.pop((what, where))
            yield msgspec.structs.replace(known, took_ms=fact.at - known.at)

    match fact:
        case f.PlaneStarted() if fact.gap_ms >= LEAST_GAP_MS:
            yield Fault(what="plane-away", at=fact.at - fact.gap_ms, took_ms=fact.gap_ms)
        case f.SwitchUnwatched() if fact.gap_ms >= LEAST_GAP_MS:
            yield Fault(what="plane-stood-still", at=fact.at - fact.gap_ms, took_ms=fact.gap_ms, where=fact.node)
        case f.SwitchFound():
            yield from ends("switch-wedged", fact.node)
            if fact.gap_ms >= LEAST_GAP_MS:
                what = "switch-restarted" if fact.restarted else "switch-away"
                yield Fault(what=what, at=fact.at - fact.gap_ms, took_ms=fact.gap_ms, where=fact.node)
            elif fact.restarted:
                yield Fault(what="switch-restarted", at=fact.at, where=fact.node)
        case f.SwitchWedged():
            begins("switch-wedged", fact.node, fact.what)
        case f.SwitchAnswers():
            yield from ends("switch-wedged", fact.node)
        case f.LedgerLost():
            begins("database-away", "")
        case f.LedgerFound():
            yield from ends("database-away", "")
        case EmergencyBegan():
            begins("emergency", fact.emergency.name)
        case EmergencyEnded():
            yield from ends("emergency", fact.name)
        case _:
            yield from _moment(fact)


def _moment(fact: AnyFact) -> Iterator[Fault]:
    """What has no length."""
    match fact:
        case c.FallbackServed():
            yield Fault(
                what="fallback-served",
                at=fact.queued_at,
                where=fact.queue,
                contact=fact.contact,
                detail=fact.outcome.value,
            )
        case c.ProgramFailed() if not fact.forgotten:
            yield Fault(
                what="program-failed",
                at=fact.at,
                where=fact.program,
                contact=fact.contact,
                detail=f"{fact.where}: {fact.error}",
            )
        case c.SoundsFailed():
            yield Fault(what="sounds-failed", at=fact.at, contact=fact.contact, detail=", ".join(fact.sounds))
        case r.RecordingFailed() | r.RecordingPauseFailed():
            yield Fault(what="recording-failed", at=fact.at, contact=fact.contact, detail=fact.reason)
        case c.FaxFailed():
            yield Fault(what="fax-failed", at=fact.at, where=fact.box, detail=fact.reason)
        case c.ConnectFailed() if fact.cause is c.ConnectFailure.NOT_JOINED:
            yield Fault(what="not-joined", at=fact.at, where=fact.agent, contact=fact.contact)
        case f.RepairMade():
            yield Fault(what="repair", at=fact.at, where=fact.what, contact=fact.subject, detail=fact.why)
        case f.DeadlineDropped():
            yield Fault(what="fault-fenced", at=fact.at, where=fact.kind, contact=fact.whose)
        case a.PinLocked():
            yield Fault(what="pin-locked", at=fact.at, where=fact.agent, detail=fact.whence)
        case _:
            pass


SUMMARY: Final = (
    Column("what", "what", "类别"),
    Column("times", "times", "次数", "faults"),
    Column("took", "how long", "持续时长", "ms"),
    Column("contacts", "contacts", "涉及联络", "contacts"),
    Column("first", "first", "首次", "time"),
    Column("last", "last", "末次", "time"),
)
EACH: Final = (
    Column("at", "when", "时间", "time"),
    Column("what", "what", "类别"),
    Column("took", "how long", "持续时长", "ms"),
    Column("where", "where", "位置"),
    Column("contact", "contact", "联络"),
    Column("detail", "detail", "说明"),
)


def summary(those: Iterable[Fault], since: int, until: int, lost: int) -> Section:
    """How often and how long in [since, until), of each kind that there was: the days of a month add up to it. `lost`:
    calls, counted by their queues."""

    def part(each: Fault) -> int | None:
        return None if each.took_ms is None else min(each.at + each.took_ms, until) - max(each.at, since)

    kinds: dict[str, list[Fault]] = {}
    for each in those:
        kinds.setdefault(each.what, []).append(each)
    rows: list[tuple[Cell, ...]] = []
    for what in WHATS:
        some = kinds.get(what, [])
        if some:
            spans = [took for took in map(part, some) if took is not None]
            contacts = len({each.contact for each in some if each.contact})
            at = [each.at for each in some]
            rows.append((what, len(some), sum(spans) if spans else None, contacts or None, min(at), max(at)))
        elif what == "calls-lost" and lost:
            rows.append((what, lost, None, lost, None, None))
    return Section("summary", "By kind", "按类别", SUMMARY, tuple(rows))


def paper(facts: list[AnyFact], since: int, until: int, timezone: str, now: int, lost: int) -> Paper:
    """The faults of [since, until), ms UTC; `facts`: at most READ_MOST of them."""
    those = found(facts, since, until, now)
    listed = tuple(
        (each.at, each.what, each.took_ms, each.where, each.contact, each.detail + (" …" if each.open else ""))
        for each in those[:LISTED_MOST]
    )
    cut = len(those) > LISTED_MOST or len(facts) >= READ_MOST
    return Paper(
        table="faults",
        since=since,
        until=until,
        timezone=timezone,
        sections=(summary(those, since, until, lost), Section("each", "Each of them", "明细", EACH, listed)),
        notes=(*(["faults_cut"] if cut else []), "faults_lengths"),
        meant=("lost",) if lost else (),
        provisional=until > now,
    )
