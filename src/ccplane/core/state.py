"""The whole state of a site, and `evolve`: how one fact changes it.

The state is a persistent value: `evolve` gives a new one and leaves the old as it was. So an illegal fact changes
nothing, a published snapshot is simply a reference, and a what-if can go on from any moment. Beside contacts and
agents it keeps what follows from them and would be dear to search: lines, free agents, counts, deadlines.
"""

from __future__ import annotations

from bisect import bisect_left
from operator import attrgetter
from typing import Final, assert_never

import msgspec
from immutables import Map
from msgspec.structs import replace

from ccplane.agents import agent as agents
from ccplane.agents.agent import Agent, Shown
from ccplane.agents.facts import (
    AgentFact,
    DeviceChanged,
    Intent,
    PeopleLoaded,
    Phone,
    PhoneChanged,
    PhoneQuickened,
    PhoneSlowed,
    Seat,
)
from ccplane.contacts import contact as contacts
from ccplane.contacts import message as messages
from ccplane.contacts.contact import Contact, Phase
from ccplane.contacts.facts import (
    ContactArrived,
    ContactEnded,
    ContactFact,
    MessageDropped,
    MessageFact,
    MessageLeft,
    MessageMarked,
    MessageStored,
    OfferFact,
)
from ccplane.contacts.message import Message
from ccplane.contacts.recordings import (
    AnyRecordingFact,
    Expected,
    KeptFact,
    RecordingAnnounced,
    RecordingEnded,
    RecordingFact,
    RecordingPlayed,
)
from ccplane.errors import IllegalMove
from ccplane.facts import AnyFact, DeadlineDropped, PlaneStarted, RepairMade, SwitchFound, SwitchLost
from ccplane.ids import (
    AgentId,
    ChannelId,
    ContactId,
    DeviceName,
    MessageId,
    NodeName,
    ProgramName,
    QueueName,
    RecordingId,
    SeatId,
    device_of,
    is_web,
    seat_of,
)
from ccplane.laws import Fact
from ccplane.routing.pick import Candidate
from ccplane.routing.rules import Rules, RulesLoaded

Deadline = tuple[int, str, str]
"""When, "contact" or "agent", and whose."""

_place: Final = attrgetter("place")
REMEMBERED: Final = 1_000
UNSTORED: Final = 10_000
"""With so many waiting for the store the length of further ones is not held against what was asked for."""
NO_RULES: Final = Rules(queues={}, numbers={}, default_program=ProgramName(""))


class State(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the core knows. Begin with `State()`; go on with `evolve`."""

    epoch: int = 0
    site: str = ""
    rules: Rules = NO_RULES
    sites: Map[str, dict[str, str]] = Map()
    """The files of every site that a live contact keeps to, by hash; and of the present one."""
    agents: Map[AgentId, Agent] = Map()
    contacts: Map[ContactId, Contact] = Map()
    messages: Map[MessageId, Message] = Map()
    """Those that were left and are not stored yet, in safety from a crash of ours only by this."""
    nodes: Map[NodeName, bool] = Map()
    """Each node we ever heard of, and whether it is connected. Without it nothing is offered and no ring runs out."""
    seats: Map[SeatId, Seat] = Map()
    """Those that are shared, or not as seats are by default."""
    devices: Map[DeviceName, Phone] = Map()
    """What each phone can do now, as far as the switch has told."""
    slow: Map[DeviceName, int] = Map()
    """Phones that take long to answer, and how long it was, in ms."""
    sitting: Map[DeviceName, AgentId] = Map()
    """Whose phone it is now, by where agents sit."""
    homes: Map[SeatId, AgentId] = Map()
    """Whose own seat it is."""
    lines: Map[QueueName, tuple[Candidate, ...]] = Map()
    """Per queue, those who wait and have no open offer, in the order they came."""
    free: tuple[AgentId, ...] = ()
    """Agents who may be offered a contact now, the longest idle first."""
    shown: Map[Shown, int] = Map()
    clearing: Map[ChannelId, AgentId] = Map()
    """Whose leg it is that is being hung up; by the agents' own `clearing`."""
    deadlines: tuple[Deadline, ...] = ()
    """In order of time."""
    due: Map[tuple[str, str], int] = Map()
    """The deadline that stands in `deadlines`, by whose it is."""

    ended: tuple[ContactId, ...] = ()
    """The last contacts that ended: a late event or survey must not bring one back."""

    unstored: Map[RecordingId, Expected] = Map()
    """Recordings whose talk is over and whose file is not in the store yet: at most UNSTORED of them."""

    @property
    def wake_at(self) -> int | None:
        """The earliest deadline, in ms."""
        return self.deadlines[0][0] if self.deadlines else None


def evolve(state: State, fact: AnyFact) -> State:
    """The state after `fact`; IllegalMove if it cannot happen now, and then nothing was changed."""
    match fact:
        case PlaneStarted():
            return _with_plane(state, fact.epoch)
        case SwitchFound() | SwitchLost():
            return _with_node(state, fact.node, isinstance(fact, SwitchFound))
        case RulesLoaded():
            return _with_rules(state, fact)
        case PeopleLoaded():
            return _with_people(state, fact)
        case DeviceChanged():
            return replace(state, devices=state.devices.set(fact.device, fact.phone))
        case PhoneSlowed():
            return replace(state, slow=state.slow.set(fact.device, fact.latency_ms))
        case PhoneQuickened():
            return replace(state, slow=state.slow.delete(fact.device)) if fact.device in state.slow else state
        case OfferFact():
            contact, agent = _contact(state, fact), _agent(state, fact.agent, fact)
            after, done = contacts.evolve(contact, fact), agents.evolve(agent, fact)
            return _put_agent(_put_contact(state, contact, after), agent, done)
        case ContactArrived():
            if fact.contact in state.contacts:
                raise IllegalMove("contact", "live", fact)
            return _put_contact(state, None, contacts.opened(fact))
        case ContactEnded():
            contact = _contact(state, fact)
            contacts.evolve(contact, fact)
            state = replace(state, ended=(*state.ended[1 - REMEMBERED :], contact.id))
            return _put_contact(state, contact, None)
        case RecordingAnnounced() | RecordingFact():
            return _with_recording(state, _contact(state, fact), fact)
        case KeptFact():
            kept = isinstance(fact, RecordingPlayed) or fact.recording not in state.unstored
            return state if kept else replace(state, unstored=state.unstored.delete(fact.recording))
        case MessageLeft():
            return _with_message(state, fact)
        case MessageStored() | MessageDropped():
            messages.settled(_message(state, fact), fact)
            return replace(state, messages=state.messages.delete(fact.message))
        case MessageMarked():
            return state
        case ContactFact():
            contact = _contact(state, fact)
            return _put_contact(state, contact, contacts.evolve(contact, fact))
        case AgentFact():
            agent = _agent(state, fact.agent, fact)
            if isinstance(fact, PhoneChanged):
                state = replace(state, devices=state.devices.set(fact.device or agent.device, fact.phone))
            return _put_agent(state, agent, agents.evolve(agent, fact))
        case DeadlineDropped():
            return _rescheduled(state, fact.kind, fact.whose, None)
        case RepairMade():
            return state
        case _:
            assert_never(fact)


def restored(
    *,
    epoch: int,
    site: str,
    rules: Rules,
    sites: dict[str, dict[str, str]],
    agents: tuple[Agent, ...],
    contacts: tuple[Contact, ...],
    ended: tuple[ContactId, ...] = (),
    seats: tuple[Seat, ...] = (),
    devices: dict[DeviceName, Phone] | None = None,
    unstored: tuple[Expected, ...] = (),
    messages: tuple[Message, ...] = (),
    slow: dict[DeviceName, int] | None = None,
) -> State:
    """The state again from what a checkpoint keeps; all that follows from it is derived anew."""
    state = State(
        epoch=epoch,
        site=site,
        rules=rules,
        sites=Map(sites),
        ended=ended,
        seats=_by_id(seats),
        devices=Map(devices or {}),
        unstored=Map({each.id: each for each in unstored}),
        messages=Map({message.id: message for message in messages}),
        slow=Map(slow or {}),
    )
    for agent in sorted(agents, key=lambda each: (each.idle_since, each.id)):
        state = _put_agent(state, None, agent)
    for contact in contacts:
        state = _put_contact(state, None, contact)
    return state


def _contact(state: State, fact: ContactFact) -> Contact:
    contact = state.contacts.get(fact.contact)
    if contact is None:
        raise IllegalMove("contact", "unknown", fact)
    return contact


def _agent(state: State, agent_id: AgentId, fact: Fact) -> Agent:
    agent = state.agents.get(agent_id)
    if agent is None:
        raise IllegalMove("agent", "unknown", fact)
    return agent


def _with_recording(state: State, contact: Contact, fact: AnyRecordingFact) -> State:
    after = contacts.recorded(contact, fact)
    was = contact.tape
    if isinstance(fact, RecordingEnded) and was and was.started_at is not None and len(state.unstored) < UNSTORED:
        expected = Expected(fact.recording, contact.id, fact.ms, fact.at, fact.at - was.asked_at)
        state = replace(state, unstored=state.unstored.set(fact.recording, expected))
    return _put_contact(state, contact, after)


def _message(state: State, fact: MessageFact) -> Message:
    message = state.messages.get(fact.message)
    if message is None:
        raise IllegalMove("message", "unknown", fact)
    return message


def _with_message(state: State, fact: MessageLeft) -> State:
    """A message may be found long after its contact ended."""
    if fact.message in state.messages:
        raise IllegalMove("message", "left", fact)
    state = replace(state, messages=state.messages.set(fact.message, messages.opened(fact)))
    contact = state.contacts.get(fact.contact)
    return state if contact is None else _put_contact(state, contact, contacts.evolve(contact, fact))


def _with_rules(state: State, fact: RulesLoaded) -> State:
    pinned = {contact.site for contact in state.contacts.values()}
    sites = Map({site: files for site, files in state.sites.items() if site in pinned}).set(fact.site, fact.files)
    state = replace(state, site=fact.site, rules=fact.rules, sites=sites)
    for contact in state.contacts.values():
        state = _reindex(state, contact, contact)
    return state


def _with_plane(state: State, epoch: int) -> State:
    """Whatever the plane before was connected to, this one is not yet."""
    state = replace(state, epoch=epoch)
    for node in state.nodes:
        state = _with_node(state, node, connected=False)
    return state


def _with_node(state: State, node: NodeName, connected: bool) -> State:
    state = replace(state, nodes=state.nodes.set(node, connected))
    for contact in state.contacts.values():
        if contact.node == node:
            state = _reindex(state, contact, contact)
    return state


def _with_people(state: State, fact: PeopleLoaded) -> State:
    wanted = {profile.id: profile for profile in fact.agents}
    state = replace(state, seats=_by_id(fact.seats))
    for agent_id, agent in state.agents.items():
        if agent_id not in wanted:
            leaving = replace(agent, intent=Intent.OFFLINE) if agent.contact else None
            state = _put_agent(state, agent, leaving)
    for profile in fact.agents:
        before = state.agents.get(profile.id)
        after = replace(before, profile=profile) if before else Agent(profile=profile, since=fact.at)
        state = _put_agent(state, before, after)
    return state


def _by_id(seats: tuple[Seat, ...]) -> Map[SeatId, Seat]:
    return Map({seat.id: seat for seat in seats})


# ---------------------------------------------------------------------------------------- what follows from the rest


def candidate(contact: Contact | None) -> Candidate | None:
    """The contact as routing sees it: waiting, and offered to nobody; else None."""
    if contact is None or contact.phase is not Phase.WAITING or contact.offer or not contact.waiting:
        return None
    waiting = contact.waiting
    return Candidate(contact.id, waiting.queue, waiting.held_place, waiting.step)


def contact_deadline(rules: Rules, contact: Contact) -> int | None:
    """The earliest moment at which time alone changes something about this contact."""
    own = (contact.step_deadline, contact.pick_up_by, contact.call.deadline if contact.call else None)
    times = [at for at in own if at is not None]
    if contact.offer:
        times.append(contact.offer.deadline)
    elif contact.waiting and (queue := rules.queues.get(contact.waiting.queue)):
        waits = (queue.max_wait_ms, queue.step_ends_at(contact.waiting.step))
        times.extend(contact.waiting.queued_at + wait for wait in waits if wait is not None)
    recordings = (contact.tape, *contact.unstopped) if contact.tape else contact.unstopped
    times.extend(each.deadline for each in recordings if each.deadline is not None)
    return min(times, default=None)


def agent_deadline(agent: Agent) -> int | None:
    """The earliest moment at which time alone changes something about this agent."""
    times = (agent.wrap_up_until, agent.rest_until, agent.clear_by, agent.rejoin_until, agent.line.deadline)
    return min((at for at in times if at is not None), default=None)


def _put_contact(state: State, before: Contact | None, after: Contact | None) -> State:
    if after is None:
        assert before is not None
        state = replace(state, contacts=state.contacts.delete(before.id))
    else:
        state = replace(state, contacts=state.contacts.set(after.id, after))
    return _reindex(state, before, after)


def _reindex(state: State, before: Contact | None, after: Contact | None) -> State:
    """Lines and deadlines once a contact came (`before` None), changed, or went (`after` None)."""
    was, now = candidate(before), candidate(after)
    lines = state.lines
    if was != now:
        if was is not None:
            lines = lines.set(was.queue, _without(lines[was.queue], was))
        if now is not None:
            lines = lines.set(now.queue, _in_order(lines.get(now.queue, ()), now))
    whose = after or before
    assert whose is not None
    watched = after is not None and state.nodes.get(after.node, False)
    deadline = contact_deadline(state.rules, after) if after and watched else None
    return _rescheduled(state if lines is state.lines else replace(state, lines=lines), "contact", whose.id, deadline)


def _put_agent(state: State, before: Agent | None, after: Agent | None) -> State:
    whose = after or before
    assert whose is not None
    if after is not None:
        after = _at_their_seat(state, after)
    free, shown = state.free, state.shown
    if before and before.free and not (after and after.free and after.idle_since == before.idle_since):
        at = free.index(before.id)
        free = free[:at] + free[at + 1 :]
    if after and after.free and after.id not in free:
        key = (after.idle_since, after.id)
        at = bisect_left(free, key, key=lambda each: (state.agents[each].idle_since, each))
        free = (*free[:at], after.id, *free[at:])
    if before and not (after and after.shown is before.shown):
        shown = shown.set(before.shown, shown[before.shown] - 1)
    if after and not (before and after.shown is before.shown):
        shown = shown.set(after.shown, shown.get(after.shown, 0) + 1)
    agents = state.agents.set(whose.id, after) if after else state.agents.delete(whose.id)
    state = replace(_reseated(state, before, after), agents=agents, free=free, shown=shown)
    state = replace(state, clearing=_clearing(state.clearing, before, after))
    return _rescheduled(state, "agent", whose.id, agent_deadline(after) if after else None)


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


def _rescheduled(state: State, kind: str, whose: str, deadline: int | None) -> State:
    old = state.due.get((kind, whose))
    if old == deadline:
        return state
    deadlines, due = state.deadlines, state.due
    if old is not None:
        at = bisect_left(deadlines, (old, kind, whose))
        deadlines, due = deadlines[:at] + deadlines[at + 1 :], due.delete((kind, whose))
    if deadline is not None:
        entry = (deadline, kind, whose)
        at = bisect_left(deadlines, entry)
        deadlines, due = (*deadlines[:at], entry, *deadlines[at:]), due.set((kind, whose), deadline)
    return replace(state, deadlines=deadlines, due=due)


def _without(line: tuple[Candidate, ...], gone: Candidate) -> tuple[Candidate, ...]:
    at = bisect_left(line, gone.place, key=_place)
    return line[:at] + line[at + 1 :]


def _in_order(line: tuple[Candidate, ...], new: Candidate) -> tuple[Candidate, ...]:
    """The line with `new` at the place its clock gives it: back from an offer, it stands where it stood."""
    at = bisect_left(line, new.place, key=_place)
    return (*line[:at], new, *line[at:])
