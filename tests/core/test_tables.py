"""State machines are tables: a legal fact leads where the table says, any other raises and changes nothing (law 3)."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import walk_packages
from typing import get_args

import pytest
from msgspec.structs import replace

import ccplane
from ccplane.agents import agent as agents
from ccplane.agents import facts as a
from ccplane.agents.agent import LINE, MOVES_WORK, WORK, Agent, LineState, Work
from ccplane.agents.facts import Profile
from ccplane.contacts import evolve as contacts
from ccplane.contacts import facts as f
from ccplane.contacts.contact import MOVES_CONTACT, PHASE, Phase
from ccplane.contacts.offer import OFFER, OfferState
from ccplane.contacts.own_call import CALL, CallState
from ccplane.contacts.talk import TALK, TalkState
from ccplane.contacts.verbs import Answer, Done
from ccplane.core.evolve import evolve
from ccplane.core.state import State
from ccplane.errors import IllegalMove
from ccplane.facts import AnyFact, PlaneStarted, decode, encode
from ccplane.ids import AgentId, OfferId
from ccplane.laws import move
from tests.core import diagrams
from tests.core.floor import a_floor, c, ready

X = c("x")
OFFER_ID = OfferId(f"o-{X}-1-1")
LEG = f"l-{X}-1-1-1"
ANA = AgentId("ana")
ABOUT_OFFER = {"at": 9, "contact": X, "offer": OFFER_ID, "agent": ANA}
ABOUT_CALL = {"at": 9, "contact": X, "call": OFFER_ID}
ABOUT_CONFERENCE = {"at": 9, "contact": X, "conference": "m-c-1-1"}
TRACE = f.Trace(strategy="longest-idle", winner_score_s=0)
FACTS = (
    f.ContactQueued(at=9, contact=X, queue="support", segment=1),
    f.ContactUnqueued(at=9, contact=X, queue="support", segment=1, outcome="no-agents", waited_ms=0),
    f.ContactEnded(at=9, contact=X, by="caller", cause=16),
    f.OfferMade(**ABOUT_OFFER, queue="support", segment=1, attempt=1, leg=LEG, deadline=20, trace=TRACE),
    f.OfferRinging(**ABOUT_OFFER),
    f.OfferAnswered(**ABOUT_OFFER, deadline=11, ring_ms=1),
    f.OfferMissed(**ABOUT_OFFER, cause="busy", sip=486, ring_ms=1, rang=False, rest_until=14),
    f.OfferWithdrawn(**ABOUT_OFFER, reason="caller-gone", ring_ms=1, rang=False),
    f.ConnectFailed(**ABOUT_OFFER, cause="agent-gone", rest_until=14),
    f.WhisperEnded(**ABOUT_OFFER, deadline=12),
    f.AgentEnteredRoom(**ABOUT_OFFER),
    f.TalkStarted(**ABOUT_OFFER, segment=2, queue="support", queue_segment=1, waited_ms=1),
    f.TalkEnded(**ABOUT_OFFER, segment=2, by="agent", talk_ms=1, wrap_up_until=9),
    a.WrapUpExtended(at=9, agent=ANA, until=20, by="ana"),
    a.WrapUpDone(at=9, agent=ANA),
    a.LegDropped(at=9, agent=ANA, leg=LEG, deadline=12),
    a.LegCleared(at=9, agent=ANA, leg=LEG, told=True),
    a.LegsSought(at=9, agent=ANA),
    f.PhoneLost(**ABOUT_OFFER, until=19, leg_gone=False),
    f.RejoinRung(**ABOUT_OFFER, leg=f"{LEG}r1"),
    f.RejoinMissed(**ABOUT_OFFER, leg=f"{LEG}r1", sip=480),
    f.PhoneRejoined(**ABOUT_OFFER, leg=f"{LEG}r1", away_ms=1),
    a.SeatTaken(at=9, agent=ANA, seat="ana", device="ana-web"),
    a.SeatLeft(at=9, agent=ANA, seat="ana"),
    f.PartyCalled(**ABOUT_CALL, leg=LEG, number="5551", agent=None, deadline=20),
    f.PartyRinging(**ABOUT_CALL),
    f.PartyAnswered(**ABOUT_CALL, deadline=11, ring_ms=1),
    f.PartyEnteredRoom(**ABOUT_CALL),
    f.CallConnected(**ABOUT_CALL, segment=1, agent=ANA),
    f.CallMissed(**ABOUT_CALL, cause="busy", sip=486, ring_ms=1),
    f.CallEnded(**ABOUT_CALL, segment=1, agent=ANA, by="party", talk_ms=1),
    f.ConferenceAsked(**ABOUT_CONFERENCE, name="board", deadline=14),
    f.ConferenceEntered(**ABOUT_CONFERENCE, segment=1, members=1, ends_at=90),
    f.ConferenceLeft(**ABOUT_CONFERENCE, segment=1, by="key", ms=1),
    a.DiallingRefused(at=9, agent=ANA, number="0900", rule="denied-prefix"),
    a.PinSet(at=9, agent=ANA, by="api"),
    a.PinAccepted(at=9, agent=ANA, way="phone", whence="2001"),
    a.PinRefused(at=9, agent=ANA, way="api", whence="192.0.2.1", in_a_row=1),
    a.PinLocked(at=9, agent=ANA, way="api", whence="192.0.2.1", until=20),
    a.PinUnlocked(at=9, agent=ANA, by="api"),
    a.OwnCallStarted(at=9, agent=ANA),
    a.OwnCallEnded(at=9, agent=ANA),
    a.StandingRung(at=9, agent=ANA, line="s-ana-1-1", device="ana", deadline=39),
    a.StandingUp(at=9, agent=ANA, line="s-ana-1-1", device="ana"),
    a.StandingEnded(at=9, agent=ANA, line="s-ana-1-1", why=a.LineEnd.LOST, again=True),
)
MACHINES = [(PHASE, Phase), (OFFER, OfferState), (TALK, TalkState), (CALL, CallState), (WORK, Work), (LINE, LineState)]
OF_CONTACTS = [fact for fact in FACTS if isinstance(fact, f.ContactFact)]


@cache
def reached(machine):
    """A state for every phase and offer state, or every kind of work, found by trying every fact in every state."""
    floor = a_floor(agents=[ready("ana")])
    floor.arrives("x")
    seen, found = {}, [floor.state]
    while found:
        state = found.pop()
        contact, agent = state.contacts.get(X), state.agents[ANA]
        at = machine(contact, agent)
        if at in seen:
            continue
        seen[at] = state
        for fact in FACTS:
            try:
                found.append(evolve(state, fact))
            except IllegalMove:
                continue
    return seen


def everything(contact, agent):
    return (
        contact and contact.phase,
        contact and contact.offer and contact.offer.state,
        contact and contact.talk and contact.talk.state,
        contact and contact.call and contact.call.state,
        contact and contact.conference and contact.conference.inside,
        agent.work,
    )


def places():
    """Everywhere a contact and an agent who deal with each other can be."""
    return sorted(reached(everything).items(), key=repr)


def test_given_every_fact_in_every_place_then_every_phase_every_open_offer_and_every_work_is_reached():
    phases, offers, talks, calls, inside, works = (
        set(each) for each in zip(*(place for place, _ in places()), strict=True)
    )
    assert phases - {None} == set(Phase) - {Phase.ENDED}
    assert offers - {None} == {OfferState.MADE, OfferState.RINGING, OfferState.ANSWERED}
    assert talks - {None} == set(TalkState) - {TalkState.ENDED}
    assert calls - {None} == {CallState.CALLED, CallState.RINGING, CallState.ANSWERED, CallState.CONNECTED}
    assert inside == {None, False, True}
    assert works == set(Work)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: type(fact).__name__)
def test_given_any_place_when_this_fact_comes_then_the_tables_say_what_happens(fact):
    for _, state in places():
        contact, agent = state.contacts.get(X), state.agents[ANA]
        before = {name: getattr(state, name) for name in State.__struct_fields__}
        legal = allowed(contact, agent, fact)
        try:
            after = evolve(state, fact)
        except IllegalMove:
            assert not legal
        else:
            assert legal
            as_told(fact, contact, agent, after)
        assert all(getattr(state, name) is value for name, value in before.items()), "nothing was changed"


def allowed(contact, agent, fact):
    """By the three tables alone."""
    kind = type(fact)
    if isinstance(fact, f.ContactFact):
        if contact is None or (kind in MOVES_CONTACT and kind not in PHASE[contact.phase]):
            return False
        if kind is f.OfferMade:
            if contact.phase is not Phase.WAITING or contact.offer:
                return False
        elif kind in (f.ConferenceAsked, f.ConferenceEntered):
            if contact.conference is not None and contact.conference.inside:
                return False
        elif kind is f.ContactUnqueued:
            if contact.offer:
                return False
        elif isinstance(fact, f.AnyTalkFact):
            if contact.talk is None or kind not in TALK[contact.talk.state]:
                return False
        elif isinstance(fact, f.CallFact):
            if kind is not f.PartyCalled and (contact.call is None or kind not in CALL[contact.call.state]):
                return False
        elif isinstance(fact, f.OfferFact) and not moves_offer(contact, kind):
            return False
    if isinstance(fact, a.StandingRung | a.StandingUp | a.StandingEnded):
        return kind in LINE[agent.line.state]
    takes_part = isinstance(fact, f.OfferFact | a.AgentFact) and kind in MOVES_WORK
    return not takes_part or kind in WORK[agent.work]


def moves_offer(contact, kind):
    return contact.offer is not None and kind in OFFER[contact.offer.state]


def as_told(fact, contact, agent, after):
    kind = type(fact)
    if kind in MOVES_CONTACT:
        there = after.contacts.get(X)
        assert (there.phase if there else Phase.ENDED) is PHASE[contact.phase][kind]
    if kind in MOVES_WORK and isinstance(fact, f.OfferFact | a.AgentFact):
        assert after.agents[ANA].work is WORK[agent.work][kind]
    if contact and contact.offer and isinstance(fact, f.OfferFact):
        left = after.contacts[X].offer
        to = OFFER[contact.offer.state][kind]
        assert (left.state if left else None) is (to if to in (OfferState.RINGING, OfferState.ANSWERED) else None)


@pytest.mark.parametrize(("table", "states"), MACHINES)
def test_given_a_table_then_it_has_a_row_for_every_state_and_every_state_can_be_reached(table, states):
    assert set(table) == set(states)
    assert {after for row in table.values() for after in row.values()} | {next(iter(states))} == set(states)


@pytest.mark.parametrize(("table", "states"), MACHINES)
def test_given_a_table_then_every_pair_leads_where_it_says_or_is_illegal(table, states):
    for state in states:
        for fact in FACTS:
            if type(fact) in table[state]:
                assert move("machine", table, state, fact) is table[state][type(fact)]
            else:
                with pytest.raises(IllegalMove, match=f"no transition from {state}"):
                    move("machine", table, state, fact)


def test_given_a_fact_about_another_offer_or_agent_then_it_is_illegal():
    floor = a_floor(agents=[ready("ana"), ready("ben")])
    floor.waits("x")
    for wrong in ({"offer": OfferId("o-other-1-1")}, {"agent": AgentId("ben")}):
        with pytest.raises(IllegalMove):
            evolve(floor.state, f.OfferRinging(**(ABOUT_OFFER | {"offer": floor.offer("x").id} | wrong)))


def test_given_a_talk_when_another_offers_talk_is_said_to_end_then_it_is_illegal():
    floor = a_floor(agents=[ready("ana")])
    floor.talks("x")
    with pytest.raises(IllegalMove):
        evolve(
            floor.state,
            f.TalkEnded(**ABOUT_OFFER | {"offer": "o-other-1-1"}, segment=2, by="agent", talk_ms=1, wrap_up_until=9),
        )


def test_given_a_fact_about_nobody_then_it_is_illegal():
    for fact in OF_CONTACTS:
        with pytest.raises(IllegalMove, match="unknown"):
            evolve(State(), fact)
    with pytest.raises(IllegalMove, match="unknown"):
        evolve(State(), a.AgentRested(at=1, agent=AgentId("nobody")))


def test_given_a_live_contact_when_it_arrives_again_then_that_is_illegal():
    floor = a_floor()
    arrived = next(each for each in floor.arrives("x").facts if isinstance(each, f.ContactArrived))
    with pytest.raises(IllegalMove):
        evolve(floor.state, arrived)


def test_given_a_contact_alone_then_its_journal_follows_its_program():
    floor = a_floor()
    floor.arrives("x")
    contact = floor.contact("x")
    begun = contacts.evolve(contact, f.StepStarted(at=1, contact=X, step=1, attempt=1, verb=Answer(), deadline=9))
    assert (begun.step, begun.verb, begun.step_deadline) == (1, Answer(), 9)
    ended = contacts.evolve(begun, f.StepEnded(at=2, contact=X, step=1, result=Done()))
    assert (ended.verb, ended.step_deadline, ended.results) == (None, None, (Done(),))
    again = contacts.evolve(ended, f.ProgramStarted(at=3, contact=X, program="sorry"))
    assert (again.first_step, again.results) == (2, ())
    assert replace(again, program="straight", first_step=1, results=(Done(),)) == ended


def test_given_an_agent_alone_then_their_clocks_follow_what_is_shown():
    agent = Agent(profile=Profile(id=ANA, name="Ana", skills={}, endpoint="PJSIP/ana"))
    there = agents.evolve(agent, a.PhoneChanged(at=5, agent=ANA, phone=a.Phone.REACHABLE))
    assert there.since == 0, "still offline"
    free = agents.evolve(there, a.IntentChanged(at=7, agent=ANA, intent=a.Intent.READY, reason="", by="ana"))
    assert (free.since, free.idle_since) == (7, 7)


def test_given_every_fact_then_its_json_says_its_name_and_gives_it_back():
    floor = a_floor(agents=[ready("ana")])
    floor.talks("x")
    floor.agent_hangs_up("x")
    for fact in (*floor.facts, *FACTS):
        assert f'"type":"{type(fact).__name__}"'.encode() in encode(fact)
        assert type(decode(encode(fact))) is type(fact)


def test_given_the_union_of_facts_then_it_is_closed_over_every_machine():
    known = set(get_args(AnyFact))
    moving = {fact for table in (PHASE, OFFER, TALK, CALL, WORK) for row in table.values() for fact in row}
    assert moving <= known
    assert PlaneStarted in known
    assert {type(fact) for fact in FACTS} <= known


def tables():
    """Every state table there is, by the name that its module gives it."""
    modules = [import_module(each.name) for each in walk_packages(ccplane.__path__, "ccplane.") if leads(each.name)]
    return {
        name: getattr(module, name)
        for module in modules
        for name, kind in getattr(module, "__annotations__", {}).items()
        if "Transitions[" in str(kind)
    }


def leads(module):
    """Whether state lives there."""
    return module.startswith(("ccplane.contacts.", "ccplane.agents.", "ccplane.core."))


def test_given_every_state_table_then_it_is_drawn():
    found = tables()
    assert {"PHASE", "WORK", "MESSAGE", "RECORDING"} <= set(found)
    drawn = [id(table) for table, _, _ in diagrams.MACHINES.values()]
    assert {name for name, table in found.items() if id(table) not in drawn} == set()


def test_given_the_tables_then_the_page_in_docs_shows_them():
    assert diagrams.DOC.read_text(encoding="utf-8") == diagrams.document(), "run: python -m tests.core.diagrams"
