"""What an agent's screen is told: each message says what happened, and how all stands since. Pure.

Whoever shows the last message shows the truth: nothing has to be added up, so nothing can be added up wrongly. `seq` is
that of the fact; a message is about one fact, except the `welcome`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from ccplane.agents import facts as a
from ccplane.agents.agent import Agent, Shown, Work
from ccplane.agents.facts import AgentFact, Intent, PeopleLoaded, Phone
from ccplane.contacts import facts as c
from ccplane.contacts.contact import Choice, Contact
from ccplane.contacts.facts import ContactFact, OfferFact
from ccplane.contacts.facts.callbacks import CallbackDialled
from ccplane.contacts.own_call import CallState
from ccplane.core import State
from ccplane.facts import PlaneStarted, SwitchAway, SwitchFound
from ccplane.http.views import Time, iso
from ccplane.ids import AgentId, CallbackId, ContactId, DeviceName, OfferId, QueueName, SeatId
from ccplane.laws import Fact

KINDS: Final[dict[type[Fact], str]] = {
    c.OfferMade: "offered",
    c.OfferRinging: "ringing",
    c.OfferAnswered: "answered",
    c.OfferMissed: "missed",
    c.OfferWithdrawn: "withdrawn",
    c.ConnectFailed: "not-connected",
    c.TalkStarted: "connected",
    c.TalkEnded: "talk-ended",
    a.DiallingRefused: "dialling-refused",
    c.PhoneLost: "rejoining",
    c.PhoneRejoined: "rejoined",
}
"""How a message is named after its fact; `state` for all others about the agent."""


class AgentNow(msgspec.Struct, frozen=True, kw_only=True):
    """An agent as their own screen shows them. `state` is what is shown, `next` what will be once work allows. `seat`:
    where they sit, `device`: the phone there that rings."""

    state: Shown
    next: Shown
    since: Time | None
    intent: Intent
    reason: str
    phone: Phone
    seat: SeatId
    device: DeviceName
    contact: ContactId | None
    missed_in_a_row: int
    rest_until: Time | None
    wrap_up_until: Time | None
    wrap_up_extendable_until: Time | None
    rejoin_until: Time | None


class CallNow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The call that rings or is talked in. `waited_ms`: until it was offered; in the talk, until both were joined.
    `deadline`: until when it rings, or is to be joined; null in the talk. `talking_since`: null before it.
    `callback`: only of a customer who is called back; `customer`: only of one who is known by their number."""

    contact: ContactId
    offer: OfferId
    caller: str
    caller_name: str
    number_dialled: str
    attribution: str
    language: str
    queue: QueueName
    waited_ms: int
    menu_path: tuple[Choice, ...]
    data: dict[str, str]
    deadline: Time | None
    talking_since: Time | None
    callback: CallbackNow | None = None
    customer: CustomerNow | None = None


class CustomerNow(msgspec.Struct, frozen=True, kw_only=True):
    """What was known of the customer when they called. `credit_s`: their priority, in seconds of waiting."""

    name: str
    note: str
    credit_s: int


class CallbackNow(msgspec.Struct, frozen=True, kw_only=True):
    """Of a customer who is called back: since when they wait, how often they were called, this time included once their
    phone rings, and why in vain before. Who takes the call hears it ring at theirs."""

    id: CallbackId
    since: Time | None
    tries: int
    why: str


class OwnCallNow(msgspec.Struct, frozen=True, kw_only=True):
    """A call that an agent makes themselves, or that a colleague makes to them. `by`: who makes it; `to`: the number
    called; `state`: of the phone that is called, null before it is. `talking_since`: null before they talk."""

    contact: ContactId
    by: AgentId | None
    to: str
    state: CallState | None
    talking_since: Time | None


class Now(msgspec.Struct, frozen=True):
    """All that a screen shows. `call`, `own_call`: null without one."""

    agent: AgentNow
    call: CallNow | None
    own_call: OwnCallNow | None


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What happened (`type`), when, and how all stands since. `why`: of a missed, withdrawn or failed offer, or of a
    number that may not be dialled; `by`: who ended the talk."""

    type: str
    seq: int
    at: Time
    why: str = ""
    by: str = ""
    talk_ms: int = 0
    agent: AgentNow
    call: CallNow | None
    own_call: OwnCallNow | None


class Welcome(msgspec.Struct, frozen=True, kw_only=True, tag="welcome"):
    """The first message: all there is to know. `epoch` and `seq` are what a screen resumes with."""

    resumed: bool = False
    epoch: int
    seq: int
    at: Time
    id: AgentId
    name: str
    skills: dict[str, int]
    agent: AgentNow
    call: CallNow | None
    own_call: OwnCallNow | None


_encoder: Final = msgspec.json.Encoder()


def now_of(state: State, agent: AgentId) -> Now | None:
    """How all stands for this agent; None if there is no such agent any more."""
    found = state.agents.get(agent)
    return None if found is None else Now(_agent(found), _call(state, found), _own_call(state, found))


def messages(
    state: State, facts: Sequence[Fact], first: int, told: dict[AgentId, Now]
) -> Iterator[tuple[AgentId, int, bytes]]:
    """Of one decision, for the agents in `told`: whose, the fact's number, and the message.

    `state` is what all the facts together led to, and what each message tells. `told` is what each of the agents was
    told last, and is kept so: what changes nothing that is shown, and has no name of its own, makes no message.
    """
    if not told:
        return
    changed: dict[AgentId, tuple[int, Fact]] = {}
    for seq, fact in enumerate(facts, first):
        kind = KINDS.get(type(fact))
        for whose in _concerned(state, fact):
            if whose not in told:
                continue
            if kind is None:
                changed[whose] = seq, fact
            elif (now := now_of(state, whose)) is not None:
                told[whose] = now
                yield whose, seq, _encoder.encode(_message(kind, seq, fact, now))
    for whose, (seq, fact) in changed.items():
        now = now_of(state, whose)
        if now is not None and now != told[whose]:
            told[whose] = now
            yield whose, seq, _encoder.encode(_message("state", seq, fact, now))


def _concerned(state: State, fact: Fact) -> Sequence[AgentId]:
    match fact:
        case OfferFact() | AgentFact():
            return (fact.agent,)
        case ContactFact():
            contact = state.contacts.get(fact.contact)
            return _with(contact) if contact else ()
        case CallbackDialled():
            return (fact.agent,)
        case PeopleLoaded() | PlaneStarted() | SwitchAway() | SwitchFound():
            return tuple(state.agents)
    return ()


def _with(contact: Contact) -> Sequence[AgentId]:
    """The agents who have to do with it."""
    parts = [each.agent for each in (*contact.offers, contact.talk, contact.call) if each]
    return [each for each in {*parts, contact.agent} if each is not None]


def _message(kind: str, seq: int, fact: Fact, now: Now) -> Message:
    why, by, talk_ms = "", "", 0
    match fact:
        case c.OfferMissed() | c.ConnectFailed():
            why = fact.cause.value
        case c.OfferWithdrawn():
            why = fact.reason.value
        case a.DiallingRefused():
            why = fact.rule
        case c.TalkEnded():
            by, talk_ms = fact.by.value, fact.talk_ms
    return Message(
        type=kind,
        seq=seq,
        at=iso(fact.at),
        why=why,
        by=by,
        talk_ms=talk_ms,
        agent=now.agent,
        call=now.call,
        own_call=now.own_call,
    )


def welcome(agent: Agent, now: Now, *, epoch: int, seq: int, at: int) -> bytes:
    """The first message, as of fact `seq`."""
    return _encoder.encode(
        Welcome(
            epoch=epoch,
            seq=seq,
            at=iso(at),
            id=agent.id,
            name=agent.profile.name,
            skills=agent.profile.skills,
            agent=now.agent,
            call=now.call,
            own_call=now.own_call,
        )
    )


def _agent(agent: Agent) -> AgentNow:
    return AgentNow(
        state=agent.shown,
        next=agent.next,
        since=_time(agent.since or None),
        intent=agent.intent,
        reason=agent.reason,
        phone=agent.phone,
        seat=agent.seat,
        device=agent.device,
        contact=agent.contact,
        missed_in_a_row=agent.misses,
        rest_until=_time(agent.rest_until),
        wrap_up_until=_time(agent.wrap_up_until),
        wrap_up_extendable_until=_time(agent.could_wrap_up_until(0)),
        rejoin_until=_time(agent.rejoin_until),
    )


def _call(state: State, agent: Agent) -> CallNow | None:
    contact = state.contacts.get(agent.contact) if agent.contact else None
    if contact is None:
        return None
    if contact.talk and contact.talk.agent == agent.id:
        talk = contact.talk
        return _told(state, contact, talk.offer, talk.queue, talk.waited_ms, None, talk.started_at)
    offer, waiting = contact.offer_to(agent.id), contact.waiting
    if offer is None or waiting is None:
        return None
    waited = max(0, offer.made_at - waiting.queued_at)
    return _told(state, contact, offer.id, waiting.queue, waited, offer.deadline, None)


def _own_call(state: State, agent: Agent) -> OwnCallNow | None:
    contact = state.contacts.get(agent.contact) if agent.contact and agent.work is Work.OWN_CALL else None
    if contact is None:
        return None
    call = contact.call
    talking = call is not None and call.state is CallState.CONNECTED
    return OwnCallNow(
        contact=contact.id,
        by=contact.agent,
        to=call.number if call else contact.number_dialled,
        state=call.state if call else None,
        talking_since=iso(call.since) if call and talking else None,
    )


def _told(
    state: State,
    contact: Contact,
    offer: OfferId,
    queue: QueueName,
    waited_ms: int,
    deadline: int | None,
    since: int | None,
) -> CallNow:
    return CallNow(
        contact=contact.id,
        offer=offer,
        caller=contact.caller,
        caller_name=contact.caller_name,
        number_dialled=contact.number_dialled,
        attribution=contact.attribution,
        language=contact.language,
        queue=queue,
        waited_ms=waited_ms,
        menu_path=contact.path,
        data=contact.data,
        deadline=_time(deadline),
        talking_since=_time(since),
        callback=_callback(state, contact),
        customer=_customer(contact),
    )


def _customer(contact: Contact) -> CustomerNow | None:
    known = contact.customer
    return None if known is None else CustomerNow(name=known.name, note=known.note, credit_s=known.credit_s)


def _callback(state: State, contact: Contact) -> CallbackNow | None:
    if contact.callback is None:
        return None
    known = state.callbacks.get(contact.callback)
    if known is None:
        return CallbackNow(id=contact.callback, since=None, tries=0, why="")
    return CallbackNow(id=known.id, since=iso(known.since), tries=known.tries, why=known.last_why)


def _time(at: int | None) -> str | None:
    return None if at is None else iso(at)
