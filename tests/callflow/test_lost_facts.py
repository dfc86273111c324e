"""The last facts before a crash are not on disk, and the switch has done all that was asked.

Whatever the suffix that is lost: whoever talks talks on, whoever waits keeps place and clock, programs go on where they
were, and no agent is stuck.
"""

from __future__ import annotations

import dataclasses
from functools import reduce

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ccplane.agents.agent import Work
from ccplane.callflow import Runner
from ccplane.contacts.contact import Phase
from ccplane.contacts.look_ups import Found, LookUp, NotFound
from ccplane.contacts.verbs import Answer, Gather
from ccplane.core import inputs as i
from ccplane.core.evolve import evolve
from ccplane.core.state import State
from ccplane.ids import AgentId, ChannelId, offer_of_leg
from ccplane.site import parse
from tests.callflow.line import FILES, Line
from tests.core.floor import NODE, SALES, SUPPORT, an_arrival, c
from tests.core.invariants import Watch
from tests.core.world import World, people

DAY = """
await call.answer()
if call.language == "en":
    await call.set_language("zh-CN")
choice = await call.menu("main")
await call.set_data("chose", choice.queue)
result = await call.queue(choice.queue)
await call.play("welcome" if isinstance(result, Served) else "apology")
"""
STRAIGHT = 'await call.queue("support")\nawait call.play("welcome")'
SECRET = """
await call.answer()
card = await call.gather("what", secret=True)
result = await call.queue("support")
if isinstance(result, Served):
    await call.play("welcome")
"""
"""What was keyed does not lie at the switch: whoever had come further only waits or talks, and hears no question."""


LOOKS = """
await call.answer()
match await call.look_up("orders", order="1"):
    case Found():
        result = await call.queue("support")
    case NotFound() | LookUpFailed():
        result = await call.queue("sales")
await call.play("welcome" if isinstance(result, Served) else "apology")
"""
"""Nor what was found."""
ASKS = """
result = await call.queue("support")
if isinstance(result, Served):
    await call.survey("after-call")
"""
SURVEYS = {
    "ivr/surveys.toml": "[after-call]\n"
    + "".join(f'[[after-call.questions]]\nname = "{name}"\nkind = "yes-no"\nprompt = "what"\n' for name in "ab")
}
CONFIDENTIAL = (SECRET, LOOKS)
LOOK_UPS = {"ivr/lookups.toml": '[orders]\nurl = "https://shop.example/{order}"\nmusic = "default"\nafter = "1s"\n'}


class Centre(World):
    """Callers, two agents, programs that run; and a plane that may be killed at any moment. `at_once`: how many agents
    are rung for each caller; `overflows`: who waits in one queue for two seconds is taken over by the other."""

    def __init__(self, body=DAY, at_once=1, overflows=False):
        super().__init__()
        self.line = Line(body, agents=[])
        rules = self.line.site.rules
        queues = {name: replace(queue, ring_at_once=at_once) for name, queue in rules.queues.items()}
        if overflows:
            queues[SUPPORT] = replace(queues[SUPPORT], longest_wait_ms=2_000, overflow=SALES, most_waiting=3)
        asks, surveys = parse(FILES | LOOK_UPS).look_ups, parse(FILES | SURVEYS).surveys
        self.site = dataclasses.replace(
            self.line.site, rules=replace(rules, queues=queues), look_ups=asks, surveys=surveys
        )
        self.sites = {self.site.hash: self.site}
        self.runner = Runner(lambda site: self.sites[site])
        self.decided = []
        """How many facts there were after each decision: those of one are committed together, or lost together."""

    def begin(self):
        self.take(i.PlaneBegan(1, "test", 0))
        self.take(i.SiteRead(self.site.hash, self.site.rules, dict(FILES)))
        self.take(i.PeopleRead(people(0)[:2]))
        self.look()
        self.everyone_works(0, 0)
        return self

    def take(self, what):
        decision = super().take(what)
        if decision.facts:
            self.decided.append(len(self.floor.watch.facts))
        for asked in self.runner.follow(decision.state, decision.facts):
            self.take(asked)
        return decision

    def rings(self, agent):
        """Nobody is called who is in a call of ours."""
        for leg in self.in_a_call(agent):
            assert self.floor.now - self.asked.get(leg, self.floor.now) >= 3_000, f"{agent} is on {leg}"

    # -------------------------------------------------------------------------------------------------------- moves

    def a_call(self, a, b):
        self.names += 1
        self.channels[ChannelId(f"{self.names}")] = False
        self.send(an_arrival(f"{self.names}"))

    def all_come(self, a, b):
        while self.events:
            event = self.events.pop(0)
            if isinstance(event, i.SoundsFinished):
                event = i.SoundsFinished(event.contact, event.step, event.attempt)
            self.send(event)

    def one_comes(self, a, b):
        if self.events:
            self.send(self.events.pop(0))

    def menu_chosen(self, a, b):
        for contact in list(self.floor.state.contacts.values()):
            if isinstance(contact.verb, Gather):
                self.send(i.KeyPressed(contact.id, "1"))
                return
            if isinstance(contact.verb, LookUp):
                result = Found({"state": "sent"}) if a % 2 == 0 else NotFound()
                self.send(i.LookUpAnswered(contact.id, contact.step, contact.attempt, result))
                return

    def someone_answers(self, a, b):
        self.phone_answers(a, b)

    def someone_hangs_up(self, a, b):
        leg = self.some_channel(a, legs=True)
        if leg and self.channels[leg]:
            self.end(leg, 16)

    def someone_rejects(self, a, b):
        leg = self.some_channel(a, legs=True)
        if leg and not self.channels[leg]:
            self.end(leg, 21, 603)

    def time_comes(self, a, b):
        super().time_comes(a, b)

    # ------------------------------------------------------------------------------------------------------ the crash

    def look(self, gap=0):
        """A survey as the switch really is."""
        channels = {
            each: i.ChannelSeen(
                each,
                up,
                None if offer_of_leg(each) else an_arrival(each, "4002", up),
                agent=self.agents.get(each) if up else None,
                device=self.agents.get(each),
            )
            for each, up in self.channels.items()
        }
        gap_before, self.connected = not self.connected, True
        return self.take(
            i.SwitchSurveyed(
                node=NODE,
                version="22",
                began_at=self.floor.now,
                gap_ms=gap,
                after_gap=gap_before,
                channels=channels,
                rooms={contact: tuple(members) for contact, members in self.rooms.items()},
                phones={},
                journals={contact: text for contact, text in self.journals.items() if contact in self.rooms},
            )
        )

    def killed(self, lost, away_ms=1_000):
        """With the facts of its last `lost` decisions; events that come in the gap go to nobody."""
        del self.decided[len(self.decided) - lost :]
        kept = self.floor.watch.facts[: self.decided[-1]]
        self.events.clear()
        self.connected = False
        self.runner.close()
        watch = Watch()
        watch.legs = {leg: self.agents[leg] for leg in self.channels if leg in self.agents}
        watch.asked = {leg: at for leg, at in self.asked.items() if leg in watch.legs}
        for fact in kept:
            watch.note(fact)
            watch.facts.append(fact)
        watch.last_at = kept[-1].at if kept else 0
        self.floor.watch = watch
        self.floor.state = reduce(evolve, kept, State())
        watch.told = {each.id: each.waiting.queue for each in self.floor.state.contacts.values() if each.waiting}
        watch.music = dict.fromkeys(self.floor.state.contacts, True)  # until the survey nothing is known of it
        self.floor.now += away_ms
        self.runner = Runner(lambda site: self.sites[site])
        self.take(i.PlaneBegan(7, "test", away_ms))
        self.take(i.SiteRead(self.site.hash, self.site.rules, dict(FILES)))
        self.take(i.PeopleRead(people(0)[:2]))
        if self.floor.state.wake_at is not None and self.floor.state.wake_at <= self.floor.now:
            self.take(i.Tick())  # as in life: before the switch is found
        self.floor.watch.music, self.floor.watch.told = {}, {}
        self.look(away_ms)


BEGUN = len(Centre().begin().decided)
"""What is acknowledged before the first call comes."""


def truth(world):
    """Who talks with whom, and who waits, since when; as the plane and the switch agreed before it was killed."""
    talks, waits, keyed = {}, {}, {}
    for contact in world.floor.state.contacts.values():
        if contact.channel not in world.channels:
            continue
        members = world.rooms.get(contact.id, ())
        if contact.talk and contact.talk.leg in members and contact.channel in members:
            talks[contact.id] = (contact.talk.agent, contact.talk.leg)
        elif contact.waiting:
            waits[contact.id] = (contact.waiting.queue, contact.waiting.queued_at)
        elif contact.phase is Phase.IN_PROGRAM and contact.verb:
            keyed[contact.id] = (contact.step, type(contact.verb), contact.language, contact.data, contact.path)
    return talks, waits, keyed


MOVES = (
    *[Centre.a_call, Centre.all_come, Centre.menu_chosen, Centre.someone_answers] * 3,
    *[Centre.one_comes, Centre.leg_goes, Centre.all_come] * 2,
    Centre.someone_hangs_up,
    Centre.someone_rejects,
    World.caller_leaves,
    Centre.time_comes,
)
numbers = st.integers(0, 9)
moves = st.lists(st.tuples(st.integers(0, len(MOVES) - 1), numbers, numbers, st.integers(0, 2)), max_size=50)
thoroughly = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck), print_blob=False)


def day(moves, body, at_once=1, overflows=False):
    world = Centre(body, at_once, overflows).begin()
    for kind, a, b, wait in moves:
        world.floor.now += wait * 500
        MOVES[kind](world, a, b)
    return world


def test_a_phone_that_was_picked_up_too_late_takes_nobody_from_the_agent_who_is_with_them_by_now():
    """ana's phone was given up and picked up just then, ben's is joined; all that since ana was rung is lost."""
    come = (Centre.a_call, Centre.time_comes, Centre.a_call, Centre.a_call)
    answered = ((Centre.someone_answers, 0), (Centre.all_come, 0), (Centre.someone_answers, 1), (Centre.one_comes, 0))
    world = day([(MOVES.index(move), a, 0, 0) for move, a in (*((each, 0) for each in come), *answered)], STRAIGHT)
    before = world.floor.state.contacts[c("1")]
    assert before.offer.agent == "ben"
    world.killed(len(world.decided) - BEGUN - 2)
    after = world.floor.state.contacts[before.id]
    assert (after.phase, after.talk.agent) == (Phase.TALKING, "ben")
    assert world.floor.state.agents[AgentId("ana")].contact != before.id


@pytest.mark.parametrize("lost", range(1, 9))
@pytest.mark.parametrize("talks", [False, True])
@pytest.mark.parametrize("body", CONFIDENTIAL)
def test_whatever_was_lost_behind_a_secret_they_wait_or_talk_on(body, lost, talks):
    come = (Centre.a_call, Centre.all_come, Centre.menu_chosen, Centre.all_come)
    answered = (Centre.someone_answers, Centre.all_come)
    world = day([(MOVES.index(each), 0, 0, 1) for each in (*come, *(answered if talks else ()))], body)
    (before,) = world.floor.state.contacts.values()
    assert before.phase is (Phase.TALKING if talks else Phase.WAITING)
    world.killed(lost)
    after = world.floor.state.contacts[before.id]
    assert after.phase is before.phase
    if talks:
        assert after.talk.leg == before.talk.leg
    else:
        assert after.waiting.queued_at == before.waiting.queued_at


@pytest.mark.parametrize("lost", range(1, 12))
def test_whatever_was_lost_of_a_survey_its_answer_is_known_and_the_open_question_is_put(lost):
    come = (Centre.a_call, Centre.all_come, Centre.someone_answers, Centre.all_come)
    asked = (Centre.someone_hangs_up, Centre.all_come, Centre.menu_chosen, Centre.all_come)
    world = day([(MOVES.index(each), 0, 0, 1) for each in (*come, *asked)], ASKS)
    (before,) = world.floor.state.contacts.values()
    assert before.surveyed.answered == ("a",)
    assert isinstance(before.verb, Gather)
    world.killed(lost)
    after = world.floor.state.contacts[before.id]
    assert (after.step, after.verb, after.surveyed.answered) == (before.step, before.verb, ("a",))


@pytest.mark.slow
@thoroughly
@given(
    moves,
    st.sampled_from([DAY, STRAIGHT, SECRET, LOOKS, ASKS]),
    st.integers(0, 40),
    st.sampled_from([1, None]),
    st.booleans(),
)
def test_whatever_facts_were_lost_the_plane_comes_back_to_what_the_switch_shows(moves, body, lost, at_once, overflows):
    comes_back(moves, body, lost, at_once, overflows)


@pytest.mark.slow
@thoroughly
@given(moves, st.integers(0, 40))
def test_whatever_facts_were_lost_behind_a_look_up_the_plane_comes_back_to_what_the_switch_shows(moves, lost):
    comes_back(moves, LOOKS, lost)


def comes_back(moves, body, lost, at_once=1, overflows=False):
    world = day(moves, body, at_once, overflows)
    lost = min(lost, len(world.decided) - BEGUN)
    talks, waits, keyed = truth(world)
    world.killed(lost)
    state = world.floor.state
    for contact, (agent, leg) in talks.items():
        talk = state.contacts[contact].talk
        assert talk, f"{contact} talks on"
        assert (talk.agent, talk.leg) == (agent, leg)
        assert state.agents[AgentId(agent)].work is Work.TALKING
    for contact, (queue, since) in waits.items():
        waiting, talk = state.contacts[contact].waiting, state.contacts[contact].talk
        if talk and talk.leg in world.rooms[contact]:
            continue  # they had come together, and nobody had said so yet
        assert waiting, f"{contact} waits on"
        assert waiting.queued_at == since, "place and clock are kept"
        assert waiting.queue == queue or overflows, "and the queue, unless its time is over, or not known to be"
    for contact, (step, verb, language, data, path) in keyed.items():
        if body in CONFIDENTIAL:
            continue  # their program may ask again, or be over
        known = state.contacts[contact]
        if verb is Answer and known.step > step:
            continue  # taken in the gap
        assert (known.step, type(known.verb)) == (step, verb), "the program is where it was"
        assert (known.language, known.data, known.path) == (language, data, path)
    world.all_come(0, 0)
    legs = {
        each.leg
        for contact in world.floor.state.contacts.values()
        for each in (*contact.offers, contact.talk)
        if each is not None
    }
    for leg in world.channels:
        if offer_of_leg(leg):
            assert leg in legs or leg in world.asked, "no leg is left over"
