"""What follows from contacts and agents: lines, free agents, counts and deadlines, in step with every change of one.

Nobody else puts a contact or an agent into the state; who changes the rules or what a node can do has its contacts
reindexed.
"""

from __future__ import annotations

from typing import Final

from immutables import Map
from msgspec.structs import replace

from ccplane.agents.agent import Agent
from ccplane.contacts.callback import Callback, CallbackState
from ccplane.contacts.contact import Contact, Phase
from ccplane.contacts.emergency import Emergency, of_waiting
from ccplane.contacts.waiting import Waiting
from ccplane.core.announced import say_at
from ccplane.core.state import State
from ccplane.ids import AgentId, ChannelId, ContactId, QueueName, device_of, is_web, seat_of
from ccplane.routing import engine as routing
from ccplane.routing.asking import CALL_FIRST, VOICE, Candidate
from ccplane.routing.dialling import plain
from ccplane.routing.ordered import Ordered
from ccplane.routing.rules import Queue, Rules

WAITERS: Final = ""
"""The deadline by which those who wait are told of emergencies; the others have names."""
NOBODY: Final[Ordered[tuple[int, str]]] = Ordered()


def candidate(contact: Contact | None) -> Candidate | None:
    """The contact as routing sees it: waiting, offered to nobody, and not being called; else None."""
    if contact is None or contact.phase is not Phase.WAITING or contact.offers or not contact.waiting:
        return None
    if contact.being_called is not None:
        return None
    return as_candidate(contact)


def offerable(state: State, contact: Contact | None) -> Candidate | None:
    """As `candidate`; None too of who is not to be called back now, since nobody can be asked whether they may be."""
    held = state.ledger_away and contact is not None and contact.absent
    return None if held else candidate(contact)


def as_candidate(contact: Contact) -> Candidate:
    """A contact that waits, as routing sees it."""
    waiting = contact.waiting
    assert waiting is not None
    served_at = waiting.last_served_at
    return Candidate(
        contact.id,
        waiting.queue,
        waiting.held_place,
        waiting.step,
        waiting.credit_s,
        contact.language,
        waiting.last_agent,
        0 if served_at is None else max(0, waiting.queued_at - served_at),
        contact.node,
        CALL_FIRST if contact.calls_first else VOICE,
        waiting.direct.agent if waiting.direct else None,
    )


def wants_more(rules: Rules, contact: Contact | None) -> bool:
    """Whether phones ring for this contact, and its queue lets further ones ring."""
    if contact is None or not contact.offers or contact.phase is not Phase.WAITING or not contact.waiting:
        return False
    if contact.waiting.direct is not None:
        return False
    queue = rules.queues.get(contact.waiting.queue)
    return queue is not None and len(contact.offers) < queue.at_once


def contact_deadline(rules: Rules, contact: Contact) -> int | None:
    """The earliest moment at which time alone changes something about this contact."""
    own = (contact.step_deadline, contact.pick_up_by, contact.call.deadline if contact.call else None)
    times = [at for at in own if at is not None]
    if contact.offers:
        times.extend(each.deadline for each in contact.offers)
    if (announced := say_at(rules, contact)) is not None:
        times.append(announced)
    if (not contact.offers or wants_more(rules, contact)) and contact.waiting:
        queue = rules.queues.get(contact.waiting.queue)
        endless = bool(contact.offers or contact.callback)
        times.extend(_waits_end(rules, queue, contact.waiting, endless) if queue else ())
    recordings = (contact.tape, *contact.unstopped) if contact.tape else contact.unstopped
    times.extend(each.deadline for each in recordings if each.deadline is not None)
    return min(times, default=None)


def _waits_end(rules: Rules, queue: Queue, waiting: Waiting, endless: bool) -> list[int]:
    """When time ends or eases this wait. `endless`: nothing ends it, for who is rung for them may still answer; or they
    are called back."""
    if waiting.direct_until is not None:
        return [waiting.direct_until]
    step_ends = queue.step_ends_at(waiting.step)
    step_ends = None if step_ends is None else step_ends - waiting.saved_ms
    waits = (step_ends,) if endless else (queue.max_wait_ms, queue.longest_wait_ms, step_ends)
    times = [waiting.here_since + wait for wait in waits if wait is not None]
    closes = None if endless else rules.closes_on(queue, waiting.here_since)
    return times if closes is None else [*times, closes]


def agent_deadline(agent: Agent, watched: bool) -> int | None:
    """The earliest moment at which time alone changes something about this agent. `watched`: the switch is connected;
    else nobody knows whether a phone has come back, or a line was picked up."""
    seen = (agent.rejoin_until, agent.line.deadline) if watched else ()
    times = (agent.wrap_up_until, agent.rest_until, agent.clear_by, *seen)
    return min((at for at in times if at is not None), default=None)


def watches(state: State) -> bool:
    """Whether any node is connected."""
    return any(state.nodes.values())


def put_contact(state: State, before: Contact | None, after: Contact | None) -> State:
    """The state once a contact came (`before` None), changed, or went (`after` None)."""
    state = _in_queues(state, before, after)
    if after is None:
        assert before is not None
        state = replace(state, contacts=state.contacts.delete(before.id))
    else:
        state = replace(state, contacts=state.contacts.set(after.id, after))
    return reindexed(state, before, after)


def reindexed(state: State, before: Contact | None, after: Contact | None) -> State:
    """Lines and deadlines once a contact came (`before` None), changed, or went (`after` None)."""
    engine = routing.put_waiting(state.engine, state.rules.queues, offerable(state, before), offerable(state, after))
    whose = after or before
    assert whose is not None
    state = _called_for(state, _calling_for(before), _calling_for(after), whose.id)
    state = _wanting(state, whose.id, wants_more(state.rules, after))
    if state.emergencies or state.unheard:
        state = _unheard(state, whose.id, after)
    watched = after is not None and state.nodes.get(after.node, False)
    deadline = contact_deadline(state.rules, after) if after and watched else None
    state = state if engine is state.engine else replace(state, engine=engine)
    return rescheduled(state, "contact", whose.id, deadline)


def to_hear(state: State, contact: Contact) -> Emergency | None:
    """What this contact is to hear while it waits, and has not yet. Who is called back is told nothing."""
    emergencies = state.emergencies
    if not emergencies or contact.waiting is None or contact.callback is not None or contact.device is not None:
        return None
    caller = plain(state.rules.dialling, contact.caller)
    return of_waiting(emergencies.values(), contact.number_dialled, caller, contact.waiting.queue, contact.heard)


def can_hear(state: State, contact: Contact) -> bool:
    """Whether it is to hear of an emergency, and can: nothing is said while a phone rings for them, nor outside of the
    room in which it is said."""
    here = contact.phase is Phase.WAITING and contact.in_room and not contact.offers
    return here and state.nodes.get(contact.node, False) and to_hear(state, contact) is not None


def _unheard(state: State, contact: ContactId, after: Contact | None) -> State:
    wants = after is not None and can_hear(state, after)
    if wants is (contact in state.unheard):
        return state
    return with_unheard(state, state.unheard.set(contact, None) if wants else state.unheard.delete(contact))


def with_unheard(state: State, unheard: Map[ContactId, None]) -> State:
    """The state with those who have yet to hear of an emergency, and when the next of them do."""
    return rescheduled(replace(state, unheard=unheard), "emergency", WAITERS, state.tell_at if unheard else None)


def _calling_for(contact: Contact | None) -> AgentId | None:
    return contact.being_called if contact else None


def _called_for(state: State, before: AgentId | None, after: AgentId | None, whose: ContactId) -> State:
    if before == after:
        return state
    called = state.called_for
    if before is not None and called.get(before) == whose:
        called = called.delete(before)
    return replace(state, called_for=called if after is None else called.set(after, whose))


def _wanting(state: State, whose: ContactId, wants: bool) -> State:
    if wants is (whose in state.wanting):
        return state
    return replace(state, wanting=state.wanting.set(whose, None) if wants else state.wanting.delete(whose))


def _in_queues(state: State, before: Contact | None, after: Contact | None) -> State:
    """Who waits in each queue, and since when."""
    was, now = _stay(before), _stay(after)
    if was == now:
        return state
    stays = state.stays
    if was is not None:
        rest = stays[was[0]].remove(was[1])
        stays = stays.set(was[0], rest) if rest else stays.delete(was[0])
    if now is not None:
        stays = stays.set(now[0], stays.get(now[0], NOBODY).add(now[1]))
    return replace(state, stays=stays)


def _stay(contact: Contact | None) -> tuple[QueueName, tuple[int, str]] | None:
    if contact is None or contact.waiting is None or contact.callback is not None:
        return None  # nobody holds the line for as long as a callback's clock says
    return contact.waiting.queue, (contact.waiting.here_since, contact.id)


def put_agent(state: State, before: Agent | None, after: Agent | None) -> State:
    """The state once an agent came (`before` None), changed, or went (`after` None)."""
    whose = after or before
    assert whose is not None
    if after is not None:
        after = _at_their_seat(state, after)
    shown = state.shown
    if before and not (after and after.shown is before.shown):
        shown = shown.set(before.shown, shown[before.shown] - 1)
    if after and not (before and after.shown is before.shown):
        shown = shown.set(after.shown, shown.get(after.shown, 0) + 1)
    agents = state.agents.set(whose.id, after) if after else state.agents.delete(whose.id)
    engine = routing.put_agent(state.engine, before, after)
    clearing = _clearing(state.clearing, before, after)
    working = _working(state, engine, before, after)
    state = replace(_reseated(state, before, after), agents=agents, engine=engine, shown=shown, clearing=clearing)
    state = state if working == state.working else replace(state, working=working)
    return rescheduled(state, "agent", whose.id, agent_deadline(after, watches(state)) if after else None)


def _working(state: State, engine: routing.Engine, before: Agent | None, after: Agent | None) -> int:
    """Who works, once an agent came, changed, or went."""
    working = state.working
    if before:
        working &= ~(1 << state.engine.roster.slots[before.id])
    return working | 1 << engine.roster.slots[after.id] if after and after.works else working


def _at_their_seat(state: State, agent: Agent) -> Agent:
    """Whether a line is kept open to the phone at which they sit: a seat's desk phone, where the seat is always-on."""
    seat = state.seats.get(agent.seat)
    always_on = seat is not None and seat.always_on and not is_web(agent.device)
    return agent if agent.always_on is always_on else replace(agent, always_on=always_on)


def _reseated(state: State, before: Agent | None, after: Agent | None) -> State:
    """Who sits where, once an agent came, moved or went."""
    was, now = before and before.device, after and after.device
    own, new = before and before.profile.endpoint, after and after.profile.endpoint
    sitting, homes = state.sitting, state.homes
    if was == now and own == new:
        return state
    if before and was and sitting.get(was) == before.id:
        sitting = sitting.delete(was)
    if before and own and homes.get(seat_of(device_of(own))) == before.id:
        homes = homes.delete(seat_of(device_of(own)))
    if after and now and new:
        sitting, homes = sitting.set(now, after.id), homes.set(seat_of(device_of(new)), after.id)
    return replace(state, sitting=sitting, homes=homes)


def _clearing(clearing: Map[ChannelId, AgentId], before: Agent | None, after: Agent | None) -> Map[ChannelId, AgentId]:
    if before and not (after and after.clearing == before.clearing):
        for leg in before.clearing:
            clearing = clearing.delete(leg)
    if after and not (before and after.clearing == before.clearing):
        for leg in after.clearing:
            clearing = clearing.set(leg, after.id)
    return clearing


def rescheduled(state: State, kind: str, whose: str, deadline: int | None) -> State:
    """The state with this as the one deadline of a contact or an agent (`kind`); None: without."""
    old = state.due.get((kind, whose))
    if old == deadline:
        return state
    deadlines, due = state.deadlines, state.due
    if old is not None:
        deadlines, due = deadlines.remove((old, kind, whose)), due.delete((kind, whose))
    if deadline is not None:
        deadlines, due = deadlines.add((deadline, kind, whose)), due.set((kind, whose), deadline)
    return replace(state, deadlines=deadlines, due=due)


def callback_rescheduled(state: State, callback: Callback) -> State:
    """What became of an agent or a customer nobody sees while no node is connected."""
    seen = callback.state not in (CallbackState.CLAIMING, CallbackState.DIALLING) or watches(state)
    return rescheduled(state, "callback", callback.id, callback.deadline if seen else None)


def with_ledger(state: State, away: bool) -> State:
    """The state once Postgres is away for claims, or is there again."""
    after = replace(state, ledger_away=away)
    engine = state.engine
    for contact in state.contacts.values():
        if contact.absent:
            was, now_is = offerable(state, contact), offerable(after, contact)
            engine = routing.put_waiting(engine, state.rules.queues, was, now_is)
    return replace(after, engine=engine)
