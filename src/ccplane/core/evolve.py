"""`evolve`: how one fact changes the state. A fact that cannot happen now raises, and has changed nothing."""

from __future__ import annotations

from typing import Final, TypeVar, assert_never

from immutables import Map
from msgspec.structs import replace

from ccplane.agents import agent as agents
from ccplane.agents.agent import Agent
from ccplane.agents.facts import (
    AgentFact,
    DeviceChanged,
    Intent,
    PeopleLoaded,
    PhoneChanged,
    PhoneQuickened,
    PhoneSlowed,
    WrapUpDone,
)
from ccplane.contacts import callback as callbacks
from ccplane.contacts import evolve as contacts
from ccplane.contacts import faxing as faxes
from ccplane.contacts import message as messages
from ccplane.contacts.callback import CallbackState
from ccplane.contacts.contact import Contact
from ccplane.contacts.facts import (
    ContactArrived,
    ContactEnded,
    ContactFact,
    ContactUnqueued,
    Direction,
    EndedBy,
    FallbackServed,
    FaxDeleted,
    FaxDelivered,
    FaxFact,
    FaxFailed,
    FaxOver,
    FaxRead,
    FaxStored,
    MessageAnswered,
    MessageDropped,
    MessageFact,
    MessageFound,
    MessageGivenBack,
    MessageLeft,
    MessageMark,
    MessageMarked,
    MessageOverdue,
    MessagePlayed,
    MessageStored,
    MessageTakenOn,
    OfferFact,
    SurveyAsked,
    TalkEnded,
    TalkStarted,
)
from ccplane.contacts.facts.callbacks import AnyCallbackFact, CallbackAsked, CallbackFact
from ccplane.contacts.facts.customers import CallMarked, CustomerChanged, CustomersImported
from ccplane.contacts.facts.emergencies import EmergencyBegan, EmergencyEnded, EmergencyPaced
from ccplane.contacts.facts.surges import SurgeBegan, SurgeEnded
from ccplane.contacts.faxing import Fax
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
from ccplane.core import groups, paces
from ccplane.core.follows import callback_rescheduled, put_agent, put_contact, reindexed, rescheduled, with_ledger
from ccplane.core.inbox import REMEMBERED, owed_changed, put_owed
from ccplane.core.state import State
from ccplane.core.unheard import switched
from ccplane.days import day_of
from ccplane.errors import IllegalMove
from ccplane.facts import (
    AnyFact,
    DeadlineDropped,
    DrainBegan,
    DrainCancelled,
    FallbackWaitsChanged,
    LedgerFound,
    LedgerLost,
    PlaneStarted,
    RepairMade,
    SwitchAnswers,
    SwitchAway,
    SwitchFound,
    SwitchLost,
    SwitchReadUp,
    SwitchUnwatched,
    SwitchWedged,
)
from ccplane.ids import AgentId, NodeName
from ccplane.laws import Fact
from ccplane.routing.engine import ready_for
from ccplane.routing.groups import GroupClosed, GroupOpened
from ccplane.routing.rules import QueuesUnserved, RulesLoaded, SiteEdited

T = TypeVar("T")

UNSTORED: Final = 10_000
"""With so many waiting for the store the length of further ones is not held against what was asked for."""


def evolve(state: State, fact: AnyFact) -> State:
    """The state after `fact`; IllegalMove if it cannot happen now, and then nothing was changed."""
    after = _evolve(state, fact)
    return groups.looked_at(state, after, fact) if after.groups else after


def _evolve(state: State, fact: AnyFact) -> State:
    match fact:
        case PlaneStarted():
            return _with_plane(state, fact)
        case DrainBegan():
            return replace(state, draining=fact)
        case DrainCancelled():
            return replace(state, draining=None)
        case SwitchFound():
            return _found(state, fact)
        case SwitchLost():
            return _with_node(state, fact.node, connected=False)
        case SwitchAway():
            return _cut_off(replace(state, away=state.away.set(fact.node, True)), fact.at)
        case SwitchWedged():
            return replace(state, wedged=state.wedged.set(fact.node, fact.what))
        case SwitchAnswers():
            return replace(state, wedged=_less(state.wedged, fact.node))
        case FallbackWaitsChanged():
            waits = _less(state.fallback_waits, fact.node)
            return replace(state, fallback_waits=waits.set(fact.node, fact.queues) if fact.queues else waits)
        case LedgerLost() | LedgerFound():
            return with_ledger(state, isinstance(fact, LedgerLost))
        case RulesLoaded():
            return _with_rules(state, fact)
        case QueuesUnserved():
            return replace(state, unserved=fact.queues)
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
            if isinstance(fact, TalkStarted | TalkEnded):
                state, done = _counted(state, contact, agent, done, fact)
                state = paces.talked(state, contact, fact)
            return put_agent(put_contact(state, contact, after), agent, done)
        case ContactArrived():
            if fact.contact in state.contacts:
                raise IllegalMove("contact", "live", fact)
            return put_contact(state, None, contacts.opened(fact))
        case ContactEnded():
            contact = _contact(state, fact)
            contacts.evolve(contact, fact)
            state = replace(state, ended=(*state.ended[1 - REMEMBERED :], contact.id))
            if fact.by is EndedBy.FALLBACK:
                state = _with_fallback(state, fact, counted=False)
            return put_contact(state, contact, None)
        case RecordingAnnounced() | RecordingFact():
            return _with_recording(state, _contact(state, fact), fact)
        case FallbackServed():
            before = state.fallback.get(fact.contact)
            if before is not None and before.counted:
                raise IllegalMove("fallback", "counted", fact)
            return _with_fallback(state, fact, counted=True)
        case KeptFact():
            kept = isinstance(fact, RecordingPlayed) or fact.recording not in state.unstored
            return state if kept else replace(state, unstored=state.unstored.delete(fact.recording))
        case MessageLeft():
            return _with_message(state, fact)
        case MessageStored() | MessageDropped():
            messages.settled(_message(state, fact), fact)
            state = replace(state, messages=state.messages.delete(fact.message))
            return put_owed(state, fact) if isinstance(fact, MessageStored) and fact.owed else state
        case MessageFound():
            return put_owed(state, fact)
        case MessageTakenOn() | MessageGivenBack() | MessageAnswered() | MessageOverdue():
            return owed_changed(state, fact)
        case MessageMarked():
            deleted = fact.state is MessageMark.DELETED and fact.message in state.owed
            return owed_changed(state, fact) if deleted else state
        case FaxOver():
            return _with_fax(state, fact)
        case FaxStored() | FaxDelivered() | FaxFailed():
            faxes.settled(_fax(state, fact), fact)
            return replace(state, faxes=state.faxes.delete(fact.fax))
        case FaxRead() | FaxDeleted():
            return state
        case MessagePlayed() | SiteEdited() | CustomerChanged() | CustomersImported() | CallMarked():
            return state
        case ContactFact():
            contact = _contact(state, fact)
            if isinstance(fact, ContactUnqueued):
                state = paces.left(state, contact, fact)
            if isinstance(fact, SurveyAsked):
                asked = state.surveyed.told(contact.caller, fact.talked_with or AgentId(""), fact.at)
                state = replace(state, surveyed=asked)
            return put_contact(state, contact, contacts.evolve(contact, fact))
        case AgentFact():
            agent = _agent(state, fact.agent, fact)
            if isinstance(fact, PhoneChanged):
                state = replace(state, devices=state.devices.set(fact.device or agent.device, fact.phone))
            done = agents.evolve(agent, fact)
            if isinstance(fact, WrapUpDone):
                state = _with_day(state, fact.at)
                tally = agent.tally.on(state.today[0]).worked(paces.wrap_up_ms(agent, fact))
                state, done = paces.wrapped_up(state, agent, fact), replace(done, tally=tally, wrapping_up=None)
            return paces.restaffed(state, put_agent(state, agent, done), agent.id, fact.at)
        case CallbackFact():
            return _with_callback(state, fact)
        case DeadlineDropped():
            return rescheduled(state, fact.kind, fact.whose, None)
        case SwitchUnwatched():
            return replace(state, behind=True)
        case SwitchReadUp():
            return replace(state, behind=False)
        case GroupOpened() | GroupClosed():
            return groups.moved(state, fact)
        case RepairMade():
            return state
        case SurgeBegan():
            return replace(state, surges=state.surges.set(fact.number, fact))
        case SurgeEnded():
            if fact.number not in state.surges:
                raise IllegalMove("surge", "over", fact)
            return replace(state, surges=state.surges.delete(fact.number))
        case EmergencyBegan() | EmergencyEnded() | EmergencyPaced():
            return switched(state, fact)
        case _:
            assert_never(fact)


def _counted(
    state: State, contact: Contact, before: Agent, agent: Agent, fact: TalkStarted | TalkEnded
) -> tuple[State, Agent]:
    """What a talk adds to the agent's day; and once it is over, who served this customer last."""
    state = _with_day(state, fact.at)
    tally = before.tally.on(state.today[0])
    if isinstance(fact, TalkStarted):
        return state, replace(agent, tally=tally.began())
    if contact.direction is Direction.INBOUND:
        ended_at = fact.at if fact.ended_at is None else fact.ended_at
        state = replace(state, served=state.served.told(contact.caller, agent.id, ended_at))
    of = contact.talk.queue if contact.talk else None
    return state, replace(agent, tally=tally.worked(fact.talk_ms), wrapping_up=of)


def _with_day(state: State, at: int) -> State:
    begins, ends = state.today
    return state if begins <= at < ends else replace(state, today=day_of(at, state.rules.timezone))


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
        most_ms = (fact.at if fact.ended_at is None else fact.ended_at) - was.asked_at
        expected = Expected(fact.recording, contact.id, fact.ms, fact.at, most_ms, fact.unseen)
        state = replace(state, unstored=state.unstored.set(fact.recording, expected))
    return put_contact(state, contact, after)


def _with_fallback(state: State, fact: ContactEnded | FallbackServed, *, counted: bool) -> State:
    return replace(state, fallback=state.fallback.told(fact.contact, fact.at, counted=counted))


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
    return state if contact is None else put_contact(state, contact, contacts.evolve(contact, fact))


def _fax(state: State, fact: FaxFact) -> Fax:
    fax = state.faxes.get(fact.fax)
    if fax is None:
        raise IllegalMove("fax", "unknown", fact)
    return fax


def _with_fax(state: State, fact: FaxOver) -> State:
    if fact.fax in state.faxes:
        raise IllegalMove("fax", "over", fact)
    contact = _contact(state, fact)
    state = replace(state, faxes=state.faxes.set(fact.fax, faxes.over(fact)))
    return put_contact(state, contact, contacts.evolve(contact, fact))


def _with_callback(state: State, fact: AnyCallbackFact) -> State:
    before = state.callbacks.get(fact.callback)
    if isinstance(fact, CallbackAsked):
        if before is not None or fact.callback in state.callbacks_ended:
            raise IllegalMove("callback", before.state if before else CallbackState.ENDED, fact)
        after = callbacks.asked(fact)
    elif before is None:
        raise IllegalMove("callback", "unknown", fact)
    else:
        after = callbacks.evolve(before, fact)
    if after.state is CallbackState.ENDED:
        ended = (*state.callbacks_ended[1 - REMEMBERED :], after.id)
        state = replace(state, callbacks=state.callbacks.delete(after.id), callbacks_ended=ended)
        return rescheduled(state, "callback", after.id, None)
    state = replace(state, callbacks=state.callbacks.set(after.id, after))
    return callback_rescheduled(state, after)


def _with_rules(state: State, fact: RulesLoaded) -> State:
    pinned = {contact.site for contact in state.contacts.values()}
    sites = Map({site: files for site, files in state.sites.items() if site in pinned}).set(fact.site, fact.files)
    for key in state.groups:
        state = rescheduled(state, "group", groups.name_of(key), None)
    there = groups.kept(state.groups, fact.rules, fact.at)
    rules = groups.with_groups(fact.rules, there) if there else fact.rules
    as_before = rules.queues == state.rules.queues
    engine = state.engine if as_before else ready_for(state.engine, rules.queues, state.agents)
    state = replace(state, site=fact.site, rules=rules, sites=sites, engine=engine, today=(0, 0), groups=there)
    for contact in state.contacts.values():
        state = reindexed(state, contact if as_before else None, contact)
    return state


def _with_plane(state: State, fact: PlaneStarted) -> State:
    """Whatever the plane before was connected to, this one is not yet; nor is it away: the node may have another
    name now, and one that is away is told so anew. One that is no more is known while contacts are at it; who is left
    in its app_queue nobody tells."""
    waits, nodes = state.fallback_waits, state.nodes
    for node in set(waits) - set(fact.nodes or waits):
        waits = waits.delete(node)
    for node in set(nodes) - set(fact.nodes or nodes) - {contact.node for contact in state.contacts.values()}:
        nodes = nodes.delete(node)
    state = replace(state, epoch=fact.epoch, draining=None, away=Map(), fallback_waits=waits, nodes=nodes, behind=False)
    for node in nodes:
        state = _with_node(state, node, connected=False)
    return _cut_off(state, fact.at)


def _with_node(state: State, node: NodeName, connected: bool) -> State:
    state = replace(state, nodes=state.nodes.set(node, connected))
    for contact in state.contacts.values():
        if contact.node == node:
            state = reindexed(state, contact, contact)
    for callback in state.callbacks.values():
        state = callback_rescheduled(state, callback)
    for agent in state.agents.values():
        if agent.rejoin_until is not None or agent.line.deadline is not None:
            state = put_agent(state, agent, agent)
    return state


def _found(state: State, fact: SwitchFound) -> State:
    state = _with_node(state, fact.node, connected=True)
    started = state.started.set(fact.node, fact.started_at) if fact.started_at else state.started
    away = state.away
    state = replace(state, started=started, away=_less(away, fact.node))
    return _cut_off(state, fact.at) if away else state


def _cut_off(state: State, at: int) -> State:
    """While any node is away nobody knows at which one an agent's phone is."""
    for agent in list(state.agents.values()):
        if agent.cut_off is not bool(state.away):
            state = put_agent(state, agent, agents.cut(agent, bool(state.away), at))
    return state


def _less(of_nodes: Map[NodeName, T], node: NodeName) -> Map[NodeName, T]:
    return of_nodes.delete(node) if node in of_nodes else of_nodes


def _with_people(state: State, fact: PeopleLoaded) -> State:
    wanted = {profile.id: profile for profile in fact.agents}
    state = replace(state, seats=Map({seat.id: seat for seat in fact.seats}))
    for agent_id, agent in state.agents.items():
        if agent_id not in wanted:
            busy = agent.contact or agent.own_calls
            leaving = replace(agent, intent=Intent.OFFLINE, removed=True) if busy else None
            state = put_agent(state, agent, leaving)
    for profile in fact.agents:
        before = state.agents.get(profile.id)
        new = Agent(profile=profile, since=fact.at, cut_off=bool(state.away))
        after = replace(before, profile=profile, removed=False) if before else new
        state = put_agent(state, before, after)
    return state
