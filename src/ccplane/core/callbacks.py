"""Callbacks that were promised: their turns in the line, the claim, the call, and what becomes of a try.

In the line a contact without a channel stands for the customer, with their clock; routing takes it like any other.
Agent first: once an agent is in its room the claim is asked for, and only a committed one is dialled. Customer first:
it is asked for as soon as an agent is free (`call_first.py`). A claim counts as a try whatever becomes of it, and is
never dialled twice: not by us (`turn` rises), not by another (Postgres refuses).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ccplane.contacts import facts as c
from ccplane.contacts.callback import UNSAID, Callback, CallbackState
from ccplane.contacts.contact import Contact, Phase
from ccplane.contacts.facts import ConnectFailure, Direction, EndedBy, MissCause, QueueOutcome, Withdrawal
from ccplane.contacts.facts import callbacks as f
from ccplane.contacts.facts.callbacks import CallbackOutcome
from ccplane.contacts.verbs import AskCallback, EnterQueue, NotPromised, Promised
from ccplane.core import inputs as i
from ccplane.core.call_first import CLAIM_MS
from ccplane.core.commands import (
    AddCaller,
    CallCustomer,
    CloseRoom,
    HangUpCaller,
    LetRing,
    OpenRoom,
    SayToWaiting,
    StartMusic,
    StopMusic,
    StopRinging,
    TellQueue,
)
from ccplane.core.found_waits import settle_offers
from ccplane.core.offers import fail_connect, joined_within, withdraw
from ccplane.core.own_calls import any_node
from ccplane.core.promises import ANSWER_MS, AWAY, wish
from ccplane.core.stays import leave_queue
from ccplane.core.steps import end_step
from ccplane.core.talks import miss_cause
from ccplane.core.turn import Turn
from ccplane.facts import AnyFact, LedgerFound, LedgerLost, SwitchFound
from ccplane.ids import AgentId, CallbackId, QueueName, called_back_channel, contact_id
from ccplane.routing.callbacks import may_call_from, may_call_until, why_not
from ccplane.routing.hours import Hours

TURNS: Final = 1_000
"""Turns that a plane may have used of which Postgres has no claim: one that takes its promises over begins after them,
for its contacts and rooms may have no name that is taken already."""
AGAIN_MS: Final = 60_000
"""Postgres was away, or no node was there: the next attempt to call."""
SWITCH_LATER_MS: Final = 2_000
SHOWN: Final = "Callback"
"""What the agent's phone shows beside the number of a customer who gave no name."""
SPENT: Final = "spent"
"""The claim of this turn was made before, by a plane that crashed: nobody knows whether it was dialled."""
BARRING: Final = frozenset({"do-not-call", "tries-used", "expired", "no-such-promise"})
"""Answers of Postgres after which nothing is dialled any more."""
NO_ANSWER, NOT_JOINED, HOURS, UNKNOWN = "no-answer", "not-joined", "calling-hours", "unknown"
NO_NODE: Final = "no-node"
NORMAL: Final = 16
FOLLOWED: Final = (c.CallerEnteredRoom, c.OfferAnswered, c.ConnectFailed, c.TalkStarted, c.ContactEnded)


# -------------------------------------------------------------------------------------------------------- promises


def wanted(turn: Turn, what: i.CallbackWanted) -> None:
    """By the API, which has looked at the rules; asked again it is the same wish."""
    known = what.callback in turn.state.callbacks or what.callback in turn.state.callbacks_ended
    if not known:
        wish(turn, None, what.callback, what.number, what.queue, turn.now, what.caller_name, what.by, what.window)


def kept(turn: Turn, what: i.CallbackKept) -> None:
    """Postgres has it: now it is promised, and whoever asked is told. Too late it is neither."""
    callback = turn.state.callbacks.get(what.callback)
    if callback is None or callback.state is not CallbackState.ASKED:
        return None
    if what.why:
        return _refuse(turn, callback, what.why)
    at = _next_call(turn, callback, turn.now)
    turn.happened(f.CallbackPromised(at=turn.now, callback=callback.id, next_at=at))
    if _answered_meanwhile(turn, callback):
        return _end(turn, turn.state.callbacks[callback.id], CallbackOutcome.CANCELLED, "answered-meanwhile")
    _tell(turn, callback)
    callback = turn.state.callbacks[callback.id]
    if callback.deadline is not None and callback.deadline <= turn.now:
        callback_due(turn, callback)
    return None


def _answered_meanwhile(turn: Turn, callback: Callback) -> bool:
    """Who pressed the key while they waited has an agent already."""
    contact = turn.state.contacts.get(callback.asked_in) if callback.asked_in else None
    return contact is not None and contact.phase in (Phase.CONNECTING, Phase.TALKING)


def _tell(turn: Turn, callback: Callback) -> None:
    """The program of who asked goes on; who asked while they waited leaves the line, and their place is kept."""
    contact = turn.state.contacts.get(callback.asked_in) if callback.asked_in else None
    if contact is None:
        return
    if isinstance(contact.verb, EnterQueue) and contact.phase is Phase.WAITING:
        if contact.offers:
            withdraw(turn, contact, Withdrawal.CALLER_GONE)
        leave_queue(turn, contact.id, QueueOutcome.CALLBACK)
        turn.do(StopMusic(contact.id, contact.channel))
        end_step(turn, contact.id, Promised(callback.id))
    elif isinstance(contact.verb, AskCallback):
        end_step(turn, contact.id, Promised(callback.id))


def _refuse(turn: Turn, callback: Callback, why: str) -> None:
    """Who waits just waits on."""
    turn.happened(f.CallbackRefused(at=turn.now, callback=callback.id, why=why))
    contact = turn.state.contacts.get(callback.asked_in) if callback.asked_in else None
    if contact is not None and isinstance(contact.verb, AskCallback):
        end_step(turn, contact.id, NotPromised(why))


def found(turn: Turn, what: i.PromiseFound) -> None:
    """Of another outbox: it stands in Postgres, so it is promised."""
    if what.callback in turn.state.callbacks or what.callback in turn.state.callbacks_ended:
        return
    turn.happened(
        f.CallbackAsked(
            at=turn.now,
            callback=what.callback,
            number=what.number,
            queue=what.queue,
            since=what.since,
            expires_at=what.expires_at,
            not_before=what.not_before,
            answer_by=turn.now + ANSWER_MS,
            caller_name=what.caller_name,
            number_dialled=what.number_dialled,
            language=what.language,
            site=turn.state.site,
            by="takeover",
            turn=max(what.turn, (turn.state.epoch - 1) * TURNS),
            tries=what.tries,
        )
    )
    at = _next_call(turn, turn.state.callbacks[what.callback], turn.now)
    turn.happened(f.CallbackPromised(at=turn.now, callback=what.callback, next_at=at))


def ledger_seen(turn: Turn, what: i.LedgerSeen) -> None:
    """A fact where it changes. While nobody can be asked whether a customer may be called no agent is rung for them."""
    if what.away is turn.state.ledger_away:
        return
    turn.happened(LedgerLost(at=turn.now) if what.away else LedgerFound(at=turn.now))
    if not what.away:
        absent = (each.id for each in turn.state.contacts.values() if each.absent)
        turn.unserved.update(dict.fromkeys(absent))


def cancel(turn: Turn, what: i.CallbackCancelWanted) -> None:
    """Whoever is being rung for it is let go."""
    callback = turn.state.callbacks.get(what.callback)
    if callback is not None and callback.state in UNSAID:
        take_back(turn, callback, CallbackOutcome.CANCELLED, what.by)


def take_back(turn: Turn, callback: Callback, outcome: CallbackOutcome, by: str) -> None:
    """One of whom the customer knows nothing yet: they leave the line."""
    _leave_line(turn, callback)
    _end(turn, callback, outcome, by=by)


# ------------------------------------------------------------------------------------------------------- the line


def callback_due(turn: Turn, callback: Callback) -> None:
    """What time alone does."""
    match callback.state:
        case CallbackState.ASKED:
            _refuse(turn, callback, AWAY)
        case CallbackState.PENDING:
            _pending_due(turn, callback)
        case CallbackState.WAITING:
            _leave_line(turn, callback)
            _put_off(turn, callback, HOURS, _next_call(turn, callback, turn.now))
        case CallbackState.CLAIMING:
            _leave_line(turn, callback)
            _put_off(turn, callback, AWAY, turn.now + AGAIN_MS)
        case CallbackState.DIALLING:
            _not_reached(turn, callback, NO_ANSWER)
        case _:
            pass


def _pending_due(turn: Turn, callback: Callback) -> None:
    if callback.expires_at <= turn.now:
        return _end(turn, callback, CallbackOutcome.EXPIRED)
    rule = why_not(turn.state.rules.callbacks, turn.state.rules.dialling, callback.number)
    if rule is not None:
        return _end(turn, callback, CallbackOutcome.BARRED, rule)
    at = _next_call(turn, callback, turn.now)
    if at > turn.now:
        return _put_off(turn, callback, HOURS, at)
    queue = turn.state.rules.queue_for(callback.queue)
    node = any_node(turn.state)
    if queue is None or node is None or turn.state.draining:
        return _put_off(turn, callback, NO_NODE if queue else "no-such-queue", turn.now + AGAIN_MS)
    channel = called_back_channel(callback.id, callback.turn + 1)
    contact = contact_id(node, channel)
    ends = may_call_until(hours_of(turn, callback.queue), turn.now)
    until = callback.expires_at if ends is None else min(ends, callback.expires_at)
    turn.happened(
        f.CallbackQueued(at=turn.now, callback=callback.id, contact=contact, turn=callback.turn + 1, until=until)
    )
    turn.happened(
        c.ContactArrived(
            at=turn.now,
            contact=contact,
            node=node,
            channel=channel,
            number_dialled=callback.number_dialled,
            caller=callback.number,
            caller_name=callback.caller_name or SHOWN,
            language=callback.language,
            attribution="",
            switch_at=turn.now,
            site=turn.state.site,
            direction=Direction.OUTBOUND,
            callback=callback.id,
            customer_first=turn.state.rules.callbacks.customer_first,
        )
    )
    turn.do(OpenRoom(contact))
    turn.happened(c.StepStarted(at=turn.now, contact=contact, step=1, attempt=1, verb=EnterQueue(queue), deadline=None))
    return turn.happened(
        c.ContactQueued(
            at=turn.now, contact=contact, queue=queue, segment=1, since=callback.since, callback=callback.id
        )
    )


def follow(turn: Turn) -> None:
    """What befell the contacts that stand in the line for customers, in this turn; and who could not be called for want
    of a node is looked at again as soon as there is one."""
    if any(isinstance(fact, SwitchFound) for fact in turn.facts):
        for each in list(turn.state.callbacks.values()):
            if each.state is CallbackState.PENDING and each.last_why == NO_NODE:
                turn.attempt(each.id, _pending_due, turn, each)
    for fact in list(turn.facts):
        if not isinstance(fact, FOLLOWED):
            continue
        callback = _of(turn, fact)
        if callback is not None:
            turn.attempt(callback.id, _follow, turn, callback, fact)


def _of(turn: Turn, fact: c.ContactFact) -> Callback | None:
    if "-k-cb-" not in fact.contact:
        return None
    its = CallbackId("cb-" + fact.contact.partition("-k-cb-")[2].rpartition("-")[0])
    callback = turn.state.callbacks.get(its)
    return callback if callback is not None and callback.contact == fact.contact else None


def _follow(turn: Turn, callback: Callback, fact: AnyFact) -> None:
    match fact:
        case c.OfferAnswered() if callback.state is CallbackState.WAITING:
            _claim(turn, callback, fact)
        case c.ConnectFailed() if callback.state in (CallbackState.CLAIMING, CallbackState.DIALLING):
            _not_reached(turn, callback, f"agent-{fact.cause.value.removeprefix('agent-')}")
        case c.CallerEnteredRoom() if callback.state is CallbackState.REACHED:
            _greet(turn, turn.state.contacts.get(fact.contact))
        case c.TalkStarted() if callback.state is CallbackState.REACHED:
            _end(turn, callback, CallbackOutcome.DONE, agent=fact.agent)
        case c.ContactEnded() if callback.state is CallbackState.REACHED:
            _end(turn, callback, CallbackOutcome.LEFT)
        case c.ContactEnded():
            tried = callback.state is CallbackState.DIALLING
            _put_off(turn, callback, fact.by.value, turn.now + AGAIN_MS, tried=tried)
        case _:
            pass


# ------------------------------------------------------------------------------------------------------- the call


def _claim(turn: Turn, callback: Callback, fact: c.OfferAnswered) -> None:
    turn.happened(
        f.CallbackClaiming(
            at=turn.now,
            callback=callback.id,
            contact=fact.contact,
            agent=fact.agent,
            turn=callback.turn,
            deadline=turn.now + CLAIM_MS,
        )
    )


def claimed(turn: Turn, what: i.CallbackClaimed) -> None:
    """Dial, if the claim is committed, and the agent is still there; one that was spent before is not dialled again."""
    callback = turn.state.callbacks.get(what.callback)
    if callback is None or callback.state is not CallbackState.CLAIMING or callback.turn != what.turn:
        return None
    assert callback.contact is not None
    assert callback.agent is not None
    contact, rules = turn.state.contacts[callback.contact], turn.state.rules
    if what.why == SPENT:
        return _unknown(turn, callback)
    if what.why:
        _leave_line(turn, callback)
        if what.why in BARRING:
            return _end(turn, callback, _outcome(what.why), what.why)
        return _put_off(turn, callback, what.why, turn.now + AGAIN_MS)
    if (at := _next_call(turn, callback, turn.now)) > turn.now:
        return _spent(turn, callback, HOURS, at)
    if not turn.state.nodes.get(contact.node, False):
        return _unknown(turn, callback)  # what we say now would not be heard, or later
    deadline = turn.now + rules.callbacks.ring_ms
    turn.happened(
        f.CallbackDialled(
            at=turn.now,
            callback=callback.id,
            contact=contact.id,
            agent=callback.agent,
            tries=what.tries,
            deadline=deadline,
        )
    )
    turn.do(
        CallCustomer(
            contact.id,
            contact.channel,
            f"PJSIP/{callback.number}@{rules.dialling.trunk}",
            callback.number,
            rules.dialling.caller_id,
            rules.callbacks.ring_ms + SWITCH_LATER_MS,
        )
    )
    return _ring_back_tone(turn, contact)


def _outcome(why: str) -> CallbackOutcome:
    if why == "tries-used":
        return CallbackOutcome.TRIES_USED
    return CallbackOutcome.EXPIRED if why == "expired" else CallbackOutcome.BARRED


def _ring_back_tone(turn: Turn, contact: Contact) -> None:
    """The agent hears that it rings."""
    if contact.offer:
        turn.do(LetRing(contact.id, contact.offer.leg))


def reached(turn: Turn, contact: Contact) -> None:
    """The customer is up and in our application: into the room with them. From here on they are a caller as any."""
    callback = turn.state.callbacks.get(contact.callback) if contact.callback else None
    if contact.answered:
        return None
    if callback is None or callback.contact != contact.id or callback.state is not CallbackState.DIALLING:
        return turn.do(HangUpCaller(contact.id, contact.channel, NORMAL))
    turn.happened(c.CallerAnswered(at=turn.now, contact=contact.id))
    waited = max(0, turn.now - callback.since)
    turn.happened(f.CallbackReached(at=turn.now, callback=callback.id, contact=contact.id, waited_ms=waited))
    if contact.offer:
        turn.do(StopRinging(contact.id, contact.offer.leg))
    if contact.waiting:
        turn.do(TellQueue(contact.id, contact.channel, contact.waiting.queue, contact.waiting.held_place // 1000))
    turn.do(AddCaller(contact.id, contact.channel))
    if contact.offer is None:  # nobody is there for them yet, or any more
        queue = turn.state.rules.queues.get(contact.waiting.queue) if contact.waiting else None
        turn.do(StartMusic(contact.id, contact.channel, queue.music if queue else "default"))
    return None


def _greet(turn: Turn, contact: Contact | None) -> None:
    """Nobody is there for them yet, but somebody will be in a moment: they hear who calls, then music again. Only once
    they are in the room, in which it is said: what is said before that is lost."""
    if contact is None or not contact.customer_first or contact.phase is not Phase.WAITING:
        return
    if sound := turn.state.rules.callbacks.greeting.get(contact.language):
        turn.do(SayToWaiting(contact.id, (sound,), contact.language))


def gone(turn: Turn, contact: Contact, cause: int) -> None:
    """The customer's phone was busy, or nobody took the call, or there is no such number."""
    callback = turn.state.callbacks.get(contact.callback) if contact.callback else None
    if callback is not None and callback.state is CallbackState.DIALLING:
        _not_reached(turn, callback, miss_cause(0, cause).value if cause else MissCause.UNREACHABLE.value)


def _not_reached(turn: Turn, callback: Callback, why: str) -> None:
    """The agent is let go at once, and the customer is tried again later, if they may be."""
    rules = turn.state.rules.callbacks
    dialled = callback.state is CallbackState.DIALLING
    _leave_line(turn, callback)
    if dialled and callback.tries >= rules.tries:
        return _end(turn, callback, CallbackOutcome.TRIES_USED, why, tried=True)
    later = rules.retry_ms if dialled else 0
    return _put_off(turn, callback, why, _next_call(turn, callback, turn.now + later), tried=dialled)


def _unknown(turn: Turn, callback: Callback) -> None:
    """Nobody knows whether the customer was called: it counts as a try, and is not done over."""
    later = turn.now + turn.state.rules.callbacks.retry_ms
    _spent(turn, callback, UNKNOWN, _next_call(turn, callback, later))


def _spent(turn: Turn, callback: Callback, why: str, next_at: int) -> None:
    """The claim of this turn is a try, in Postgres too, and is not dialled any more."""
    _leave_line(turn, callback)
    if callback.tries + 1 >= turn.state.rules.callbacks.tries:
        return _end(turn, callback, CallbackOutcome.TRIES_USED, why, tried=True)
    return _put_off(turn, callback, why, next_at, tried=True)


def _leave_line(turn: Turn, callback: Callback) -> None:
    """Whoever stands there for the customer is not needed any more, and the agent is free."""
    contact = turn.state.contacts.get(callback.contact) if callback.contact else None
    if contact is None:
        return
    if callback.state is CallbackState.DIALLING:
        turn.do(HangUpCaller(contact.id, contact.channel, NORMAL))
    if contact.phase is Phase.CONNECTING:
        fail_connect(turn, contact, ConnectFailure.CALLER_GONE)
    elif contact.offers:
        withdraw(turn, contact, Withdrawal.CALLER_GONE)
    leave_queue(turn, contact.id, QueueOutcome.CALLBACK)
    turn.happened(c.ContactEnded(at=turn.now, contact=contact.id, by=EndedBy.PROGRAM, cause=0))
    turn.do(CloseRoom(contact.id))


def _put_off(turn: Turn, callback: Callback, why: str, next_at: int, tried: bool = False) -> None:
    tries = _tries(callback, tried)
    turn.happened(
        f.CallbackPutOff(at=turn.now, callback=callback.id, why=why, next_at=next_at, tried=tried, tries=tries)
    )
    if min(next_at, callback.expires_at) <= turn.now:
        _pending_due(turn, turn.state.callbacks[callback.id])


def _end(
    turn: Turn,
    callback: Callback,
    outcome: CallbackOutcome,
    why: str = "",
    by: str = "",
    tried: bool = False,
    agent: AgentId | None = None,
) -> None:
    tries = _tries(callback, tried)
    turn.happened(
        f.CallbackEnded(
            at=turn.now,
            callback=callback.id,
            outcome=outcome,
            why=why,
            by=by,
            tried=tried,
            tries=tries,
            agent=agent,
        )
    )


def _tries(callback: Callback, tried: bool) -> int:
    """In all; one that was dialled is counted already."""
    return callback.tries + int(tried and callback.state is not CallbackState.DIALLING)


def hours_of(turn: Turn, name: QueueName) -> tuple[Hours | None, Hours | None]:
    """Customers may be called, and the queue is open."""
    rules = turn.state.rules
    queue = rules.queues.get(rules.queue_for(name) or name)
    return rules.callbacks.hours, rules.hours.get(queue.hours) if queue and queue.hours else None


def _next_call(turn: Turn, callback: Callback, at: int) -> int:
    """When it may be called from `at` on; where it never may, the promise runs out."""
    found = may_call_from(hours_of(turn, callback.queue), max(at, callback.not_before or 0))
    return callback.expires_at if found is None else found


# -------------------------------------------------------------------------------------------------- after a crash


def compare(turn: Turn, survey: i.SwitchSurveyed, contact: Contact) -> None:
    """One that stands in the line for a customer, as a survey found its room, the agent and the customer."""
    callback = turn.state.callbacks.get(contact.callback) if contact.callback else None
    if callback is None or callback.contact != contact.id:
        return _forgotten(turn, contact)
    seen = survey.channels.get(contact.channel)
    if seen is not None and callback.state is CallbackState.CLAIMING and callback.agent:
        turn.repaired("customer called, and not known", contact.id, "the fact was lost; nothing is dialled anew")
        deadline = turn.now + turn.state.rules.callbacks.ring_ms
        turn.happened(
            f.CallbackDialled(
                at=turn.now,
                callback=callback.id,
                contact=contact.id,
                agent=callback.agent,
                tries=callback.tries + 1,
                deadline=deadline,
                found=True,
            )
        )
    elif seen is not None and callback.state is not CallbackState.DIALLING:
        turn.do(HangUpCaller(contact.id, contact.channel, NORMAL))
    elif seen is None and survey.after_gap and callback.state is CallbackState.DIALLING:
        return _not_reached(turn, callback, UNKNOWN)
    elif seen is None and survey.after_gap and callback.state is CallbackState.CLAIMING:
        return _unknown(turn, callback)
    if survey.after_gap:
        gap, join_by = survey.gap_ms, turn.now + joined_within(turn.state)
        turn.happened(c.ContactRelinked(at=turn.now, contact=contact.id, gap_ms=gap, join_by=join_by))
    if contact.id not in survey.rooms and survey.after_gap:
        turn.do(OpenRoom(contact.id))
    settle_offers(turn, survey, contact.id)
    if seen is not None and seen.up and seen.arrival is not None:
        reached(turn, turn.state.contacts[contact.id])
    return None


def _forgotten(turn: Turn, contact: Contact) -> None:
    """Nothing waits for it any more."""
    leave_queue(turn, contact.id, QueueOutcome.CALLBACK)
    turn.happened(c.ContactEnded(at=turn.now, contact=contact.id, by=EndedBy.PROGRAM, cause=0))
    turn.do(CloseRoom(contact.id))


CALLBACK_RULES: Final[dict[type[i.Input], Callable[[Turn, Any], None]]] = {
    i.CallbackWanted: wanted,
    i.CallbackKept: kept,
    i.CallbackClaimed: claimed,
    i.PromiseFound: found,
    i.LedgerSeen: ledger_seen,
    i.CallbackCancelWanted: cancel,
}
