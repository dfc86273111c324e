"""One agent's state. Everything that decides whether an agent may be offered a contact lives here.

Three axes: what they want (intent), what they do (work), what their phone can (phone). Work is a state table;
intent and phone may change at any time. What people see is derived from the three by `shown`, in one place.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, assert_never

import msgspec
from msgspec.structs import replace

from ccplane.agents import facts as f
from ccplane.agents.facts import Intent, Phone, Profile
from ccplane.agents.tally import Tally
from ccplane.agents.wrap_up import extended
from ccplane.contacts import facts as c
from ccplane.contacts.facts import ConnectFailure, Withdrawal
from ccplane.errors import IllegalMove
from ccplane.ids import AgentId, ChannelId, ContactId, DeviceName, OfferId, QueueName, SeatId, device_of, seat_of
from ccplane.laws import Transitions, move


class Work(StrEnum):
    """What an agent is doing."""

    IDLE = "idle"
    OFFERED = "offered"
    CONNECTING = "connecting"
    TALKING = "talking"
    REJOINING = "rejoining"
    WRAP_UP = "wrap-up"
    OWN_CALL = "own-call"


WORK: Final[Transitions[Work]] = {
    Work.IDLE: {c.OfferMade: Work.OFFERED, f.OwnCallStarted: Work.OWN_CALL},
    Work.OFFERED: {c.OfferAnswered: Work.CONNECTING, c.OfferMissed: Work.IDLE, c.OfferWithdrawn: Work.IDLE},
    Work.CONNECTING: {c.TalkStarted: Work.TALKING, c.ConnectFailed: Work.IDLE},
    Work.TALKING: {c.TalkEnded: Work.WRAP_UP, c.PhoneLost: Work.REJOINING},
    Work.REJOINING: {
        c.PhoneLost: Work.REJOINING,
        c.PhoneRejoined: Work.TALKING,
        c.TalkEnded: Work.WRAP_UP,
    },
    Work.WRAP_UP: {f.WrapUpExtended: Work.WRAP_UP, f.WrapUpDone: Work.IDLE},
    Work.OWN_CALL: {f.OwnCallEnded: Work.IDLE},
}
MOVES_WORK: Final = frozenset(fact for row in WORK.values() for fact in row)


AT_THE_SWITCH: Final = frozenset({Work.OFFERED, Work.CONNECTING, Work.TALKING, Work.REJOINING, Work.OWN_CALL})
"""Work of which only the switch knows whether it goes on."""


class Shown(StrEnum):
    """The one word for an agent that people see; the wallboard's `state`."""

    OFFLINE = "offline"
    READY = "ready"
    PAUSED = "paused"
    OFFERED = "offered"
    CONNECTING = "connecting"
    TALKING = "talking"
    REJOINING = "rejoining"
    WRAP_UP = "wrap-up"
    OWN_CALL = "own-call"
    UNREACHABLE = "unreachable"


AT_REST: Final[dict[tuple[Intent, Phone], Shown]] = {
    (Intent.OFFLINE, Phone.GONE): Shown.OFFLINE,
    (Intent.OFFLINE, Phone.REACHABLE): Shown.OFFLINE,
    (Intent.OFFLINE, Phone.IN_USE): Shown.OFFLINE,
    (Intent.PAUSED, Phone.GONE): Shown.PAUSED,
    (Intent.PAUSED, Phone.REACHABLE): Shown.PAUSED,
    (Intent.PAUSED, Phone.IN_USE): Shown.PAUSED,
    (Intent.READY, Phone.GONE): Shown.UNREACHABLE,
    (Intent.READY, Phone.REACHABLE): Shown.READY,
    (Intent.READY, Phone.IN_USE): Shown.OWN_CALL,
}


def shown(intent: Intent, work: Work, phone: Phone) -> Shown:
    """What the wallboard says. Work hides intent, so a change of intent shows once work allows."""
    return AT_REST[intent, phone] if work is Work.IDLE else Shown(work.value)


class LineState(StrEnum):
    """What the line that an always-on seat keeps open is doing."""

    NONE = "none"
    RINGING = "ringing"
    UP = "up"


LINE: Final[Transitions[LineState]] = {
    LineState.NONE: {f.StandingRung: LineState.RINGING, f.StandingUp: LineState.UP},
    LineState.RINGING: {f.StandingUp: LineState.UP, f.StandingEnded: LineState.NONE},
    LineState.UP: {f.StandingEnded: LineState.NONE},
}


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """An agent's open line. `number`: how many they have had; `declined`: it is not rung before they are ready anew."""

    state: LineState = LineState.NONE
    leg: ChannelId | None = None
    device: DeviceName | None = None
    since: int = 0
    deadline: int | None = None
    number: int = 0
    declined: bool = False


class Agent(msgspec.Struct, frozen=True, kw_only=True):
    """An agent of this site. Built from facts by `evolve` alone."""

    profile: Profile
    intent: Intent = Intent.OFFLINE
    reason: str = ""
    work: Work = Work.IDLE
    phone: Phone = Phone.GONE
    since: int = 0
    """When the shown state began."""
    idle_since: int = 0
    """When they last became free for a contact: the clock of "longest idle"."""
    idle_kept: bool = False
    """A colleague was the first to answer where several were rung: once the phone is still their idle time goes on."""
    rest_until: int | None = None
    """Offered nothing until then, after a miss; None if not resting."""
    missed: dict[str, int] = {}
    """Offers in a row that led to no talk by the agent's doing, or by their phone's: how many by each cause, which is a
    MissCause, a ConnectFailure, or that of an open line, `not-taken`."""
    offer: OfferId | None = None
    contact: ContactId | None = None
    own_calls: tuple[ContactId, ...] = ()
    """Calls of their own that they are on, be it beside other work. Until the last is over they are offered nothing."""
    wrap_up_until: int | None = None
    """When time ends their work after a call; None if there is none, or they end it themselves."""
    wrap_up_extend_ms: int = 0
    """By how much that can be put off at once; 0: it can't."""
    wrap_up_most: int | None = None
    """Until when at the most; None: without end."""
    rejoin_until: int | None = None
    """Until when their phone, which vanished in mid-talk, may bring them back to the caller."""
    taken: DeviceName | None = None
    """The phone that they chose at a sign-in; None: their own desk phone."""
    wrong_pins: int = 0
    """Wrong PINs in a row."""
    pin_locked_until: int | None = None
    """No PIN of theirs counts before, after too many wrong ones; None if that never was, or is settled."""
    offered_at: int = 0
    """When they were last offered a contact."""
    tally: Tally = Tally()
    wrapping_up: QueueName | None = None
    """Of which queue's talk."""
    clearing: tuple[ChannelId, ...] = ()
    """Legs of theirs that are being hung up, mostly one: until they are gone the phone may still be in that call."""
    clear_by: int | None = None
    """When they are looked for, if nobody has told of their end; None then."""
    unseen: tuple[ChannelId, ...] = ()
    """Those of them that nothing has told of yet: that they are not at the switch proves nothing."""
    sought_at: int | None = None
    """Since when they are looked for: a survey that began later shows what there is."""

    removed: bool = False
    """They are nobody's agent any more, and only finish what they have."""
    cut_off: bool = False
    """The switch through which they are reached has not been reached itself for a while."""
    always_on: bool = False
    """They sit at a phone that is to have an open line. Follows from the seat and the phone."""
    line: Line = Line()

    @property
    def id(self) -> AgentId:
        return self.profile.id

    @property
    def device(self) -> DeviceName:
        """The phone that offers ring."""
        return self.taken or device_of(self.profile.endpoint)

    @property
    def seat(self) -> SeatId:
        return seat_of(self.device)

    @property
    def endpoint(self) -> str:
        """What to dial: `PJSIP/1001-web`."""
        return self.profile.endpoint if self.taken is None else f"PJSIP/{self.taken}"

    @property
    def misses(self) -> int:
        """How many offers in a row they missed, by whatever cause."""
        return sum(self.missed.values())

    @property
    def shown(self) -> Shown:
        if self.cut_off and self.work in AT_THE_SWITCH:
            return Shown.UNREACHABLE
        return shown(self.intent, self.work, self.reach)

    @property
    def next(self) -> Shown:
        """What will be shown once the present work is done."""
        return AT_REST[self.intent, self.reach]

    @property
    def open_line(self) -> ChannelId | None:
        """The line through which they are reached; None where calls ring their phone."""
        return self.line.leg if self.line.state is LineState.UP else None

    @property
    def reach(self) -> Phone:
        """What offers can do with their phone: at an always-on seat nothing without an open line."""
        if self.cut_off:
            return Phone.GONE
        shut = self.always_on and self.open_line is None and self.phone is Phone.REACHABLE
        return Phone.GONE if shut else self.phone

    @property
    def free(self) -> bool:
        """May be offered a contact now."""
        return (
            self.work is Work.IDLE
            and self.intent is Intent.READY
            and self.reach is Phone.REACHABLE
            and self.rest_until is None
            and not self.clearing
            and not self.own_calls
        )

    def could_wrap_up_until(self, now: int) -> int | None:
        """Until when their work after a call would last if it were extended now; None if it can't be."""
        if self.work is not Work.WRAP_UP:
            return None
        return extended(self.wrap_up_until, self.wrap_up_extend_ms, self.wrap_up_most, now)

    @property
    def only_clearing(self) -> bool:
        """Would be free, if only a leg of theirs were gone."""
        return bool(self.clearing) and replace(self, clearing=()).free

    @property
    def works(self) -> bool:
        """Busy or not, they want contacts and can be reached: they will take one when they are free."""
        return self.intent is Intent.READY and self.reach is not Phone.GONE

    @property
    def may_leave(self) -> bool:
        """Is offline, has no work left, and still sits at a seat that they had taken."""
        return self.taken is not None and self.intent is Intent.OFFLINE and self.work is Work.IDLE

    @property
    def takes_calls(self) -> bool:
        """Wants them: the fallback's queues may ring them."""
        return self.intent is Intent.READY

    @property
    def signed_in(self) -> bool:
        return self.intent is not Intent.OFFLINE


def cut(agent: Agent, off: bool, at: int) -> Agent:
    """The agent once the switch cannot be reached any more, or can again. Who has been idle longest still has."""
    after = replace(agent, cut_off=off)
    return replace(after, since=agent.since if after.shown is agent.shown else at)


def evolve(agent: Agent, fact: f.AnyAgentFact | c.AnyOfferFact) -> Agent:
    """The agent after `fact`; IllegalMove if it cannot happen now, and then nothing was changed."""
    after = _apply(agent, fact)
    changes: dict[str, int | bool] = {}
    if after.shown is not agent.shown:
        changes["since"] = fact.at
    if after.free and not agent.free and not after.idle_kept:
        changes["idle_since"] = fact.at
    if after.idle_kept and not after.only_clearing:
        changes["idle_kept"] = False
    return replace(after, **changes) if changes else after


def _apply(agent: Agent, fact: f.AnyAgentFact | c.AnyOfferFact) -> Agent:
    work = move("agent", WORK, agent.work, fact) if type(fact) in MOVES_WORK else agent.work
    match fact:
        case f.IntentChanged():
            forgiven = fact.intent is Intent.READY
            missed = {} if forgiven else agent.missed
            line = replace(agent.line, declined=agent.line.declined and fact.intent is Intent.PAUSED)
            return replace(agent, intent=fact.intent, reason=fact.reason, missed=missed, line=line)
        case f.PhoneChanged():
            return replace(agent, phone=fact.phone)
        case f.AgentEdited():
            return replace(agent, profile=fact.profile)
        case c.OfferMade():
            return replace(agent, work=work, offer=fact.offer, contact=fact.contact, offered_at=fact.at)
        case c.TalkStarted():
            return replace(agent, work=work, missed={})
        case c.OfferMissed():
            missed = once_more(agent.missed, fact.cause)
            return replace(agent, work=work, offer=None, contact=None, missed=missed, rest_until=fact.rest_until)
        case c.ConnectFailed():
            theirs = fact.cause is not ConnectFailure.CALLER_GONE
            missed = once_more(agent.missed, fact.cause) if theirs else agent.missed
            return replace(agent, work=work, offer=None, contact=None, missed=missed, rest_until=fact.rest_until)
        case c.OfferWithdrawn():
            kept = fact.reason is Withdrawal.ANSWERED_ELSEWHERE
            return replace(agent, work=work, offer=None, contact=None, idle_kept=kept)
        case c.PhoneLost():
            return replace(agent, work=work, rejoin_until=fact.until)
        case c.PhoneRejoined():
            return replace(agent, work=work, rejoin_until=None)
        case c.TalkEnded():
            rest = agent.rest_until if fact.rest_until is None else fact.rest_until
            ended = replace(agent, work=work, offer=None, rejoin_until=None, rest_until=rest)
            return replace(
                ended,
                wrap_up_until=fact.wrap_up_until,
                wrap_up_extend_ms=fact.wrap_up_extend_ms,
                wrap_up_most=fact.wrap_up_most_until,
            )
        case f.SeatTaken():
            return replace(agent, taken=fact.device)
        case f.SeatLeft():
            return replace(agent, taken=None)
        case f.PinRefused():
            return replace(agent, wrong_pins=fact.in_a_row)
        case f.PinLocked():
            return replace(agent, wrong_pins=0, pin_locked_until=fact.until)
        case f.PinSet() | f.PinAccepted() | f.PinUnlocked():
            return replace(agent, wrong_pins=0, pin_locked_until=None)
        case f.AgentRested():
            return replace(agent, rest_until=None)
        case f.LegDropped():
            unseen = (*_less(agent.unseen, fact.leg), fact.leg) if fact.unseen else _less(agent.unseen, fact.leg)
            legs = (*_less(agent.clearing, fact.leg), fact.leg)
            deadline = max(agent.clear_by or 0, fact.deadline)
            return replace(agent, clearing=legs, unseen=unseen, clear_by=deadline, sought_at=None)
        case f.LegCleared():
            others, unseen = _less(agent.clearing, fact.leg), _less(agent.unseen, fact.leg)
            if not others:
                return replace(agent, clearing=(), unseen=(), clear_by=None, sought_at=None)
            return replace(agent, clearing=others, unseen=unseen)
        case f.LegsSought():
            return replace(agent, clear_by=None, sought_at=fact.at)
        case f.WrapUpExtended():
            return replace(agent, work=work, wrap_up_until=fact.until)
        case f.WrapUpDone():
            return replace(agent, work=work, contact=None, wrap_up_until=None, wrap_up_extend_ms=0, wrap_up_most=None)
        case (
            c.OfferRinging()
            | c.OfferAnswered()
            | c.WhisperEnded()
            | c.AgentEnteredRoom()
            | c.RejoinRung()
            | c.RejoinMissed()
        ):
            return replace(agent, work=work)
        case f.OwnCallStarted():
            return replace(agent, work=work, contact=fact.contact, own_calls=_with(agent, fact.contact))
        case f.OwnCallEnded():
            return replace(agent, work=work, contact=None, own_calls=())
        case f.BesideCallStarted():
            return replace(agent, own_calls=_with(agent, fact.contact))
        case f.BesideCallEnded():
            left = tuple(each for each in agent.own_calls if each != fact.contact)
            still = left[0] if left and work is Work.OWN_CALL else agent.contact
            return replace(agent, own_calls=left, contact=still)
        case f.DiallingRefused():
            return agent
        case f.StandingRung() | f.StandingUp() | f.StandingEnded():
            return _with_line(agent, fact)
        case _:
            assert_never(fact)


def _with_line(agent: Agent, fact: f.StandingRung | f.StandingUp | f.StandingEnded) -> Agent:
    was = agent.line
    state = move("line", LINE, was.state, fact)
    if was.state is not LineState.NONE and was.leg != fact.line:
        raise IllegalMove("line", was.state, fact)
    match fact:
        case f.StandingRung():
            number = was.number + 1
            return replace(
                agent,
                line=Line(
                    state=state,
                    leg=fact.line,
                    device=fact.device,
                    since=fact.at,
                    deadline=fact.deadline,
                    number=number,
                ),
            )
        case f.StandingUp():
            line = replace(
                was, state=state, leg=fact.line, device=fact.device, since=fact.at, deadline=None, declined=False
            )
            return replace(agent, line=line, missed=agent.missed if fact.found else {})
        case _:
            missed = once_more(agent.missed, fact.why) if fact.why is f.LineEnd.NOT_TAKEN else agent.missed
            line = replace(was, state=state, leg=None, since=fact.at, deadline=None, declined=not fact.again)
            rest = agent.rest_until if fact.rest_until is None else fact.rest_until
            return replace(agent, line=line, missed=missed, rest_until=rest)


def once_more(missed: Mapping[str, int], cause: str) -> dict[str, int]:
    """With one more by this cause."""
    return {**missed, str(cause): missed.get(cause, 0) + 1}


def _with(agent: Agent, contact: ContactId | None) -> tuple[ContactId, ...]:
    return agent.own_calls if contact is None or contact in agent.own_calls else (*agent.own_calls, contact)


def _less(legs: tuple[ChannelId, ...], leg: ChannelId) -> tuple[ChannelId, ...]:
    return tuple(each for each in legs if each != leg)
