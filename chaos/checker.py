"""The judge: what the phones saw against what ccplane says happened, call by call. Pure; trusts the phones alone.

While a fault lasts (from its beginning until all works again: a gap) nobody watched the calls. What ended in a gap may
be known only afterwards, so there a time may be late, up to the end of the gap; it may never be lost. Outside of gaps
everything must be equal within `NEAR_MS`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from chaos.histories import Call, History, Talk, histories
from chaos.logs import Ended, Fault, Ring, Run
from chaos.way import Way

NEAR_MS: Final = 1_000
STUCK_MS: Final = 2_000
SAME_MS: Final = 100
"""Two phones of one machine see the same moment this much apart; more if the machine is busy."""
TOO_SHORT_MS: Final = 500
"""Who answers as the other hangs up may or may not have been joined: no phone can tell."""
AT_ONCE_MS: Final = 1_000
"""Phones that are called at once ring within this: after a gap forty are called in a tenth of a second."""
REPEATED_MS: Final = 40_000
"""For so long Asterisk repeats an INVITE to a phone that is not there; it may arrive as the phone is back."""
UNSEEN_MS: Final = 20_000
"""A phone that is back before Asterisk's qualify has missed it was never away for Asterisk: without sound, which these
runs leave out, its dead call ends only as its caller hangs up."""
LAST_WORD_MS: Final = 8_000
"""All that is known of a talk in app_queue on an Asterisk that died: it lasted until the queue_log was last written."""
AFTER_MS: Final = 2_000
"""A gap is over this long after all worked again."""

RULES: Final = {
    "talks-ended": "talking calls ended by anybody but caller and agent",
    "not-joined": "agents who answered and were not joined with a caller who waited",
    "waiting-lost": "waiting callers who were hung up on",
    "place-lost": "waiting callers who lost their place",
    "clock-lost": "waiting callers who lost their clock",
    "stuck": "agents stuck for more than 2 s",
    "left-alone": "phones left in a call with nobody for more than 2 s",
    "double-booked": "agents double-booked outside of a gap, or in one for more than 2 s",
    "facts-lost": "acknowledged facts lost",
    "facts-doubled": "facts counted twice",
    "unequal": "calls of which the phones' log and our contacts differ",
    "counters": "counters that are not the sum of the calls",
    "not-whole": "faults after which not all worked again in time",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach of one rule. `fault`: the number of the fault in whose gap it lies; 0 for none."""

    rule: str
    what: str
    at: int
    fault: int = 0


@dataclass
class Verdict:
    """What was found, and how much was looked at."""

    findings: list[Finding] = field(default_factory=list)
    looked_at: Counter[str] = field(default_factory=Counter)

    @property
    def kept(self) -> bool:
        return not self.findings

    def count(self, rule: str) -> int:
        return sum(each.rule == rule for each in self.findings)


class Judge:
    """One run, looked at by one rule after another."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.verdict = Verdict()
        self.history: History = histories(run)
        self.calls = self.history.calls

    def gap(self, at: int | None, before_ms: int = 0) -> Fault | None:
        """The fault during which, or shortly after which, this moment lies."""
        if at is None:
            return None
        covering = [
            fault
            for fault in self.run.faults
            if fault.at - before_ms - SAME_MS <= at <= (fault.whole_at or self.run.ended_at) + AFTER_MS
        ]
        return max(covering, key=lambda fault: fault.whole_at or self.run.ended_at, default=None)

    def gap_between(self, since: int, until: int) -> Fault | None:
        """The first fault whose gap touches this time."""
        for fault in self.run.faults:
            if fault.at - SAME_MS <= until and since <= (fault.whole_at or self.run.ended_at) + AFTER_MS:
                return fault
        return None

    def past_term(self, at: int) -> bool:
        """Whether the plane may have been away for the guard's term at this moment, so that callers were carried."""
        term = (self.run.guard_s or 20.0) * 1000
        return any(
            fault.at + term - NEAR_MS <= at <= (fault.whole_at or self.run.ended_at) + AFTER_MS
            for fault in self.run.faults
        )

    def breach(self, rule: str, what: str, at: int) -> None:
        fault = self.gap(at)
        self.verdict.findings.append(Finding(rule, what, at, fault.number if fault else 0))

    def saw(self, what: str, count: int = 1) -> None:
        self.verdict.looked_at[what] += count


def check(run: Run) -> Verdict:
    """All rules over one run."""
    judge = Judge(run)
    for rule in EACH_CALL:
        for call in judge.calls.values():
            rule(judge, call)
    for whole in WHOLE_RUN:
        whole(judge)
    judge.verdict.findings.sort(key=lambda each: each.at)
    return judge.verdict


# ── talks ──


def talks_go_on(judge: Judge, call: Call) -> None:
    """A talk ends as one of the two hangs up, or as a phone or the switch is gone by plan; else somebody ended it."""
    for talk in call.talks:
        judge.saw("talks")
        if talk.how is Ended.SWITCH or call.how is Ended.SWITCH:
            judge.saw("talks ended with Asterisk")
            continue
        by_agent = talk.how in (Ended.SELF, Ended.GONE)
        by_caller = call.how is Ended.SELF and call.ended_at is not None and call.ended_at <= talk.until + SAME_MS
        by_the_fallback = (call.fallback or call.carried) and talk.until - talk.since >= TOO_SHORT_MS
        if by_agent or by_caller or not (talk.known or by_the_fallback):
            continue
        judge.breach("talks-ended", f"{call.number} with {talk.agent}: {talk.how}", talk.until)
    last = call.talks[-1] if call.talks else None
    hung_up_on = call.how in (Ended.PEER, Ended.LOST) and not judge.past_term(call.ended_at or 0)
    if last and last.known and last.how is Ended.GONE and hung_up_on:
        judge.breach("talks-ended", f"{call.number} was to hold for another agent", call.ended_at or 0)


def answered_is_joined(judge: Judge, call: Call) -> None:
    """Who answers talks, if the caller is there for a moment longer."""
    for talk in call.talks:
        caller_stayed = call.ended_at is None or call.ended_at > talk.until + SAME_MS
        taken_back = talk.how in (Ended.PEER, Ended.LOST) and caller_stayed
        if not talk.known and taken_back:
            if _is_served(call, talk) or _for_an_instant(judge, _ring_of(call, talk)):
                judge.saw("answered, and taken back: the caller had another, or the phone had another call")
                continue
            judge.breach("not-joined", f"{call.number} with {talk.agent} for {talk.until - talk.since} ms", talk.since)


def _is_served(call: Call, talk: Talk) -> bool:
    """Whether another phone rang for the caller, or they talked, as this one was answered."""
    rest = [ring for ring in call.rings if ring.agent != talk.agent]
    return any(ring.at <= talk.since and (ring.ended_at is None or ring.ended_at > talk.since) for ring in rest)


def _ring_of(call: Call, talk: Talk) -> Ring | None:
    return next((ring for ring in call.rings if ring.agent == talk.agent and ring.up_at == talk.since), None)


def nobody_is_left_alone(judge: Judge, call: Call) -> None:
    """When one has hung up the other hears it, at the latest when all works again."""
    for talk in call.talks:
        if call.ended_at is None or Ended.SWITCH in (talk.how, call.how) or talk.how is Ended.GONE:
            continue
        apart = abs(call.ended_at - talk.until)
        first = min(call.ended_at, talk.until)
        next_talk = any(other.since > talk.since for other in call.talks)
        if apart > STUCK_MS and not next_talk and judge.gap_between(first, first + STUCK_MS) is None:
            judge.breach("left-alone", f"{call.number} with {talk.agent}: {apart} ms", first)


# ── waiting ──


def the_waiting_are_kept(judge: Judge, call: Call) -> None:
    """Who waits in our queue leaves it by an agent or by their own will, until the guard's term."""
    if call.up_at is None or call.talks or call.how not in (Ended.PEER, Ended.LOST):
        return
    assert call.ended_at is not None
    if call.fallback or call.refused_by_us:
        judge.saw("callers of the fallback")
        return
    if judge.past_term(call.ended_at):
        judge.saw("callers carried after the guard's term")
        return
    judge.breach("waiting-lost", f"{call.number} after {call.ended_at - call.up_at} ms", call.ended_at)


def clocks_are_right(judge: Judge, call: Call) -> None:
    """The wait that we say is the one that the caller's phone saw, from its answer to the agent's, or to the end."""
    if call.up_at is None or call.menu or call.fallback or call.carried:
        return
    for seen, said in call.waits:
        judge.saw("clocks")
        late = judge.gap(seen.until, before_ms=NEAR_MS)
        slack = (late.whole_at or judge.run.ended_at) + AFTER_MS - seen.until if late else 0
        entered = judge.gap(seen.since, before_ms=NEAR_MS)
        early = (entered.whole_at or judge.run.ended_at) - seen.since + NEAR_MS if entered and seen.late_entry else 0
        wait, longest = seen.until - seen.since, seen.until - call.at  # in a gap it rings on, and that counts too
        if not wait - NEAR_MS - early <= said <= longest + NEAR_MS + max(0, slack):
            judge.breach("clock-lost", f"{call.number} waited {wait} ms, said {said}", seen.until)


def nobody_is_overtaken(judge: Judge) -> None:
    """All agents serve all queues here, and no queue outweighs another: who came first is called first, as soon as it
    can be known that they are without a ringing phone."""
    way = Way(judge.run.faults, judge.run.ended_at)
    waiting: dict[str, int] = {}  # number → since when they are without a ringing phone
    entered: dict[str, int] = {}
    for at, what, call in sorted(_steps_of_waiting(judge), key=lambda each: (each[0], each[1])):
        match what:
            case "2-enters":
                entered[call.number] = waiting[call.number] = at
            case "2-free":
                if call.number in entered:
                    waiting[call.number] = at
            case "1-leaves":
                waiting.pop(call.number, None)
                entered.pop(call.number, None)
            case "3-rings":
                waiting.pop(call.number, None)
                judge.saw("offers in order")
                if call.number not in entered:
                    continue
                mine = call.at  # no earlier than this they came into the queue; the other no later than their answer
                decided = way.decided(at)
                for other, since in waiting.items():
                    overtaken = entered[other] < mine - NEAR_MS and way.heard(since) < decided - NEAR_MS
                    if overtaken and not _next_step_by(judge.calls[other], at, way.heard(at) + AT_ONCE_MS):
                        later = mine - entered[other]
                        judge.breach("place-lost", f"{other} by {call.number}, who dialled {later} ms later", at)
                        break


def _next_step_by(call: Call, since: int, until: float) -> bool:
    """Whether this caller's turn, or end, came in this time: phones that are called at once do not ring in order, and
    of two calls that are sent at once one may be held back on its way."""
    turns = [ring.at for ring in call.rings] + ([call.ended_at] if call.ended_at is not None else [])
    return any(since <= at <= until for at in turns)


def _steps_of_waiting(judge: Judge) -> Iterator[tuple[int, str, Call]]:
    for call in judge.calls.values():
        if call.up_at is None or call.menu or call.fallback or call.carried or call.refused_by_us:
            continue
        again = any(talk.how is Ended.GONE for talk in call.talks)
        if again:  # a high place of their own, once they wait again
            continue
        yield min([call.up_at, *(ring.at for ring in call.rings[:1])]), "2-enters", call
        served = call.talks[0].since if call.talks else call.ended_at
        if served is not None:
            yield served, "1-leaves", call
        for ring in call.rings:
            if served is None or ring.at < served:
                yield ring.at, "3-rings", call
                if ring.how is Ended.GONE or ring.up_at is not None or ring.ended_at is None:
                    continue  # of a phone that vanished nobody knows that it rings no more
                if served is None or ring.ended_at < served:
                    yield ring.ended_at, "2-free", call


# ── agents ──


def nobody_is_double_booked(judge: Judge) -> None:
    """No phone is called that has a call; nor in a gap for more than two seconds, where ccplane and app_queue may not
    know of each other's call."""
    for ring in judge.run.rings:
        judge.saw("rings")
        if ring.busy and _repeated(judge, ring):
            judge.saw("INVITEs repeated to a phone that was away")
        elif ring.busy and _for_an_instant(judge, ring):
            judge.saw("phones called for an instant beside a call, in a gap")
        elif ring.busy:
            judge.breach("double-booked", f"{ring.agent} by {ring.caller}", ring.at)


def _for_an_instant(judge: Judge, ring: Ring | None) -> bool:
    """Called in a gap beside a call, and within two seconds one of the two was over."""
    if ring is None or not ring.busy or judge.gap(ring.at) is None:
        return False
    before = (each for each in judge.run.rings if each.agent == ring.agent and each is not ring and each.at <= ring.at)
    both_until = max((each.ended_at or judge.run.ended_at for each in before), default=judge.run.ended_at)
    return min(both_until, ring.ended_at or judge.run.ended_at) - ring.at <= STUCK_MS


def _repeated(judge: Judge, ring: Ring) -> bool:
    """Sent while the phone was away, arriving now, and taken back at once: no ring of now."""
    gone = [each.ended_at or 0 for each in judge.run.rings if each.agent == ring.agent and each.how is Ended.GONE]
    taken_back = ring.how is Ended.CANCELLED and (ring.ended_at or 0) - ring.at < SAME_MS
    return taken_back and any(ring.at - REPEATED_MS < at < ring.at for at in gone)


def the_wallboard_is_right(judge: Judge) -> None:
    """Nobody is shown in a call for more than two seconds whose phone has none."""
    busy = judge.history.busy
    stuck_since: dict[str, int] = {}
    said: set[tuple[str, int]] = set()
    for board in judge.run.boards:
        judge.saw("looks at the wallboard")
        for agent, state in board.agents.items():
            idle = not busy.at(agent, board.at - STUCK_MS, board.at)
            wrong = state in ("offered", "connecting", "talking", "rejoining", "own-call") and idle
            if wrong and _vanished_unseen(judge, agent, state, board.at):
                judge.saw("looks at a phone that vanished with a call, and was back before Asterisk noticed")
                wrong = False
            if not wrong or judge.gap_between(board.at - STUCK_MS, board.at):
                stuck_since.pop(agent, None)
                continue
            since = stuck_since.setdefault(agent, board.at)
            if board.at - since >= STUCK_MS / 2 and (agent, since) not in said:
                said.add((agent, since))
                judge.breach("stuck", f"{agent} is shown {state}, their phone is idle", board.at)


def _vanished_unseen(judge: Judge, agent: str, state: str, at: int) -> bool:
    """The last call of this phone was up or rang as the phone vanished, and nobody could know: of one that rang
    Asterisk's qualify would have told; one that was up ends by its silence alone, which these runs leave out, or as its
    caller hangs up."""
    rings = (ring for ring in judge.run.rings if ring.agent == agent and ring.at <= at)
    last = max(rings, key=lambda ring: ring.at, default=None)
    if last is None or last.how is not Ended.GONE or last.ended_at is None:
        return False
    if last.up_at is not None:
        call = judge.calls.get(last.caller)
        short = any(
            away.agent == agent and away.at - SAME_MS <= last.ended_at <= away.until < away.at + UNSEEN_MS
            for away in judge.run.aways
        )
        return state == "talking" and short and call is not None and at < (call.ended_at or at) + STUCK_MS
    told = (fact.body for fact in judge.run.facts if fact.kind == "PhoneChanged" and last.ended_at <= fact.at <= at)
    noticed = any(body["phone"] == "gone" and body["agent"] == agent for body in told)
    return state == "offered" and not noticed and at - last.ended_at < UNSEEN_MS


def nobody_stands_idle(judge: Judge) -> None:
    """While callers wait for two seconds nobody who may serve them is free for that long."""
    waits = judge.history.unrung(judge.calls.values())
    for agent in judge.run.agents:
        for since, until in judge.history.free(agent, judge.run):
            for begin, end in waits:
                first, last = max(since, begin), min(until, end)
                if last - first > STUCK_MS and judge.gap_between(first, last) is None:
                    judge.breach("stuck", f"{agent} is free for {last - first} ms while callers wait", first)
                    break


# ── facts ──


def the_log_is_whole(judge: Judge) -> None:
    """Each fact has the number after the one before it, and is there once."""
    seen: Counter[int] = Counter(fact.seq for fact in judge.run.facts)
    judge.saw("facts", len(judge.run.facts))
    for seq, count in seen.items():
        if count > 1:
            judge.breach("facts-doubled", f"fact {seq}: {count} times", 0)
    if seen:
        missing = sorted(set(range(1, max(seen) + 1)) - set(seen))
        if missing:
            judge.breach("facts-lost", f"{len(missing)} of {max(seen)} facts, first {missing[0]}", 0)


def what_was_acknowledged_is_there(judge: Judge) -> None:
    """Each state that was answered 200 is in the log, once."""
    said = Counter(
        (fact.agent, fact.body.get("intent"), fact.body.get("reason"))
        for fact in judge.run.facts
        if fact.kind == "IntentChanged"
    )
    for asked in judge.run.asked:
        judge.saw("states acknowledged")
        found = said[asked.agent, asked.state, asked.reason]
        if found > 1:
            judge.breach("facts-doubled", f"{asked.agent} {asked.reason}: {found} times", asked.at)
        if not found and not _was_so_already(judge, asked.agent, asked.state, asked.at):
            judge.breach("facts-lost", f"{asked.agent} {asked.reason}", asked.at)


def _was_so_already(judge: Judge, agent: str, state: str, at: int) -> bool:
    """Who asks for what they have changes nothing."""
    intents = [fact for fact in judge.history.intents[agent] if fact.at < at]
    return bool(intents) and intents[-1].body["intent"] == state


# ── call by call ──


def each_call_is_one_contact(judge: Judge, call: Call) -> None:
    """Exactly one contact, unless the call never came to ccplane."""
    judge.saw("calls")
    if len(call.contacts) > 1:
        judge.breach("facts-doubled", f"{call.number} is {len(call.contacts)} contacts", call.at)
    elif not call.contacts and call.up_at is not None and call.how is not Ended.SWITCH:
        if judge.gap(call.at, before_ms=NEAR_MS) is None or call.talks:
            judge.breach("unequal", f"{call.number} is no contact", call.at)
        else:
            judge.saw("callers of the fallback, not known")
    elif call.contacts and call.open:
        judge.breach("unequal", f"{call.number}: its contact never ended", call.at)


def each_talk_is_equal(judge: Judge, call: Call) -> None:
    """The same agents, in the same order, from then until then, ended by whom."""
    seen = [talk for talk in call.talks if talk.known or not _may_be_missing(judge, call, talk)]
    if len(seen) < len(call.talks):
        judge.saw("agents who answered in vain", len(call.talks) - len(seen))
    said = call.said
    if [talk.agent for talk in seen] != [talk.agent for talk in said]:
        seen_by = [talk.agent for talk in seen]
        judge.breach("unequal", f"{call.number}: phones {seen_by}, ours {[talk.agent for talk in said]}", call.at)
        return
    for phone, ours in zip(seen, said, strict=True):
        judge.saw("talks compared")
        until = min(phone.until, call.ended_at or phone.until)
        for what, at, ours_at in (("began", phone.since, ours.since), ("ended", until, ours.until)):
            latest = _told_by(judge, at)
            if what == "ended" and _dead_unseen(judge, phone):
                latest = max(latest, _told_by(judge, call.ended_at or judge.run.ended_at))
            near = 2 * NEAR_MS if ours.whole_seconds else NEAR_MS
            died = what == "ended" and ours.whole_seconds and phone.how is Ended.SWITCH
            if not at - (LAST_WORD_MS if died else near) <= ours_at <= latest + near:
                text = f"{call.number} with {phone.agent} {what} {ours_at - at:+} ms"
                judge.breach("unequal", text, at)
        if judge.gap(until, before_ms=NEAR_MS) is None and phone.how is not Ended.GONE:
            by_agent = phone.how is Ended.SELF and (call.ended_at is None or phone.until < call.ended_at)
            expected = "agent" if by_agent else "caller"
            if ours.by != expected and abs((call.ended_at or 0) - phone.until) > SAME_MS:
                judge.breach("unequal", f"{call.number}: ended by the {expected}, ours says {ours.by}", until)


def _told_by(judge: Judge, at: int) -> int:
    """When that is told at the latest: at once, or when all works again."""
    gap = judge.gap(at, before_ms=NEAR_MS)
    return (gap.whole_at or judge.run.ended_at) + AFTER_MS if gap else at


def _dead_unseen(judge: Judge, talk: Talk) -> bool:
    return talk.how is Ended.GONE and any(
        away.agent == talk.agent and away.at - SAME_MS <= talk.until <= away.until < away.at + UNSEEN_MS
        for away in judge.run.aways
    )


def _may_be_missing(judge: Judge, call: Call, talk: Talk) -> bool:
    """Answered as the other hung up, or by the fallback's queue, or given up within a gap: judged by other rules."""
    until = min(talk.until, call.ended_at or talk.until)
    gap = judge.gap(talk.since, before_ms=NEAR_MS)  # the word of it may have been on its way
    short = until - talk.since < TOO_SHORT_MS or bool(gap and until <= (gap.whole_at or judge.run.ended_at))
    carried = call.fallback or call.carried or judge.past_term(talk.since)
    return short or carried or talk.how in (Ended.PEER, Ended.SWITCH, Ended.LOST) or call.how is Ended.SWITCH


def no_contact_is_invented(judge: Judge) -> None:
    for contact in judge.run.contacts:
        if contact.direction == "inbound" and contact.caller not in judge.calls:
            judge.breach("unequal", f"contact {contact.id}: nobody called", 0)


def counters_are_sums(judge: Judge) -> None:
    """What the wallboard shows is the sum of the calls, to the integer."""
    for name, shown in judge.run.queues.items():
        stays = judge.history.stays[name]
        sums = {"offered": stays["entered"], "answered": stays["answered"], "abandoned": stays["abandoned"]}
        for what, expected in sums.items():
            judge.saw("counters")
            if getattr(shown, what) != expected:
                judge.breach("counters", f"{name} {what}: {getattr(shown, what)}, by its calls {expected}", 0)
        if shown.waiting:
            judge.breach("counters", f"{name}: {shown.waiting} wait, and nobody calls", 0)


def nothing_is_left(judge: Judge) -> None:
    if judge.run.stuck_channels:
        judge.breach("left-alone", f"{judge.run.stuck_channels} channels at the end", 0)
    for note in judge.run.notes:
        judge.breach("not-whole", note, 0)


EACH_CALL: Final[tuple[Callable[[Judge, Call], None], ...]] = (
    talks_go_on,
    answered_is_joined,
    nobody_is_left_alone,
    the_waiting_are_kept,
    clocks_are_right,
    each_call_is_one_contact,
    each_talk_is_equal,
)
WHOLE_RUN: Final[tuple[Callable[[Judge], None], ...]] = (
    nobody_is_overtaken,
    nobody_is_double_booked,
    the_wallboard_is_right,
    nobody_stands_idle,
    the_log_is_whole,
    what_was_acknowledged_is_there,
    no_contact_is_invented,
    counters_are_sums,
    nothing_is_left,
)
