"""acd/voicemail.toml: the boxes that messages are left in, who answers those, and until when."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final, NamedTuple

from pydantic import TypeAdapter

from ccplane.contacts.notice import AGENT
from ccplane.ids import AgentId, ProgramName, QueueName
from ccplane.routing.boxes import Box
from ccplane.site.box import AGENTS, BoxRule
from ccplane.site.document import Document
from ccplane.site.faults import did_you_mean
from ccplane.site.ivr import blame
from ccplane.site.names import Reference
from ccplane.site.programs import computes
from ccplane.site.shapes import BoxTable, Name
from ccplane.site.site import Program
from ccplane.site.webhooks import WEBHOOKS

NAME: Final = TypeAdapter(Name)
BOX: Final = TypeAdapter(BoxTable)
PROMPTS: Final = ("greeting", "thanks", "full", "review")


class Boxes(NamedTuple):
    """What programs, and what the core, need to know of each; `agents`: of every agent's own."""

    rules: Mapping[str, BoxRule]
    owed: Mapping[str, Box]
    agents: Box | None


def boxes_in(document: Document, references: list[Reference]) -> Boxes:
    """The boxes that are without fault; queues, agents, prompts and hours that they name are given back."""
    rules, owed = {}, {}
    for name, raw in document.tables():
        if name == WEBHOOKS:
            continue
        document.validated(NAME, name, name)
        table = document.validated(BOX, raw, name)
        if table is None or not _judged(document, name, table):
            continue
        references += _named(document, name, table)
        rules[name] = BoxRule(
            greeting=table.greeting,
            thanks=table.thanks or "",
            full=table.full or "",
            review=table.review or "",
            longest_s=table.longest // 1000,
            silence_s=table.silence // 1000,
            attach=table.attach,
        )
        owed[name] = Box(
            queue=QueueName(table.queue or ""),
            agent=AgentId(table.agent or ""),
            most=table.most,
            answer_within_ms=table.answer_within,
            hours=table.hours or "",
            emails=tuple(table.email),
            webhook=table.webhook or "",
        )
    return Boxes(rules, {name: box for name, box in owed.items() if name != AGENTS}, owed.get(AGENTS))


def _judged(document: Document, name: str, table: BoxTable) -> bool:
    if table.queue and table.agent:
        document.fault("two-owners", "its messages are a queue's or an agent's, not both's", name, "agent")
        return False
    if name == AGENTS and (table.queue or table.agent):
        key = "queue" if table.queue else "agent"
        document.fault("two-owners", "is the box of every agent: each is its owner", name, key)
        return False
    if table.hours and table.answer_within is None:
        document.fault("promise-missing", "no time is promised: say it, with `answer_within`", name, "hours")
        return False
    if table.attach and not table.email:
        document.warning("nobody-told", "nobody gets a mail: say who does, with `email`", name, "attach")
    if name != AGENTS and not table.agent and any(AGENT in each for each in table.email):
        document.fault("no-agent", "{agent} stands for an agent's id, and this box is no agent's", name, "email")
        return False
    return True


def _named(document: Document, name: str, table: BoxTable) -> Iterator[Reference]:
    for key in PROMPTS:
        if prompt := getattr(table, key):
            yield Reference("prompt", prompt, blame(document, name, key))
    if table.queue:
        yield Reference("queue", table.queue, blame(document, name, "queue"))
    if table.hours:
        yield Reference("hours", table.hours, blame(document, name, "hours"))
    if table.webhook:
        yield Reference("webhook", table.webhook, blame(document, name, "webhook"))
    if table.agent:
        yield Reference("agent", table.agent, warn(document, name, "agent"))


def warn(document: Document, *at: str) -> Callable[[str, str], None]:
    """Tells a warning at this place of a file."""
    return partial(_warn, document, at)


def _warn(document: Document, at: tuple[str, ...], code: str, sentence: str) -> None:
    document.warning(code, sentence, *at)


def judge_boxes(
    document: Document,
    boxes: Boxes,
    references: list[Reference],
    programs: Mapping[ProgramName, Program],
    agents: set[str],
) -> None:
    """Warns of messages that nobody is told to answer, and of boxes that nobody leaves any in."""
    if not document.data or document.broken:
        return
    named = {each.name for each in references if each.kind == "box"}
    for each in references:
        known = each.name in set(document.data) - {WEBHOOKS} or (each.name in agents and AGENTS in document.data)
        if each.kind == "box" and not known:
            hint = did_you_mean(each.name, set(document.data) - {AGENTS, WEBHOOKS})
            each.blame("box-of-nobody", f"box `{each.name}` stands not in {document.path}: nobody answers it{hint}")
    if not any(computes(program.source, "voicemail") for program in programs.values()):
        for name in boxes.owed:
            if name not in named:
                document.warning("never-left", "no program and no menu leaves a message here", name)
