"""Histories as the core itself decides them: a small centre where everything that can happen does, by a seed.

So the facts are legal, in order, and of every kind; what Postgres makes of them is held against `evolve`.
"""

from __future__ import annotations

import random

from ccplane.agents.facts import Intent, Phone, Profile
from ccplane.contacts.contact import Phase
from ccplane.contacts.verbs import EnterQueue
from ccplane.core import inputs as i
from ccplane.core.decide import decide
from ccplane.core.state import State
from ccplane.ids import AgentId, ChannelId, NodeName, ProgramName, QueueName, offer_of_leg
from ccplane.routing.recording import RecordingPolicy, RecordingRule
from ccplane.routing.rules import Number, Queue, Rules, Step

NODE = NodeName("ast1")
START = 1_800_000_000_000
QUEUES = ("support", "sales")


class Centre:
    """A state, a clock, and chance."""

    def __init__(self, seed=0, agents=6, wrap_up_ms=0, start=START, ring_ms=15_000):
        self.random = random.Random(seed)
        self.state, self.now, self.facts = State(), start, []
        self.names = [AgentId(str(1001 + n)) for n in range(agents)]
        self.calls = 0
        queues = {
            QueueName(name): Queue(
                name=QueueName(name),
                steps=(Step({"any": 5}, 5_000), Step({"any": 1})),
                ring_ms=ring_ms,
                wrap_up_ms=wrap_up_ms,
                max_wait_ms=120_000,
            )
            for name in QUEUES
        }
        numbers = {"4002": Number(number="4002", program=ProgramName("straight"), attribution="radio")}
        policy = RecordingPolicy(default=RecordingRule(record=True))
        rules = Rules(queues=queues, numbers=numbers, default_program=ProgramName("straight"), recording=policy)
        self.take(i.PlaneBegan(1, "test", 0))
        self.take(i.SiteRead("site-1", rules, {"acd/queues.toml": "[support]"}))
        self.people(self.names)
        self.survey(Phone.REACHABLE)

    def take(self, what, after=0):
        self.now += after
        decision = decide(self.state, what, self.now)
        self.state = decision.state
        self.facts.extend(decision.facts)

    def people(self, names):
        profiles = tuple(
            Profile(id=each, name=f"Agent {each}", skills={"any": 5}, endpoint=f"PJSIP/{each}") for each in names
        )
        self.take(i.PeopleRead(profiles))

    def survey(self, phone):
        self.take(
            i.SwitchSurveyed(
                node=NODE, version="22", began_at=self.now, gap_ms=0, after_gap=True,
                channels={}, rooms={}, phones=dict.fromkeys(self.state.agents, phone),
            )
        )  # fmt: skip

    def intent(self, agent, intent, reason=""):
        self.take(i.IntentAsked(agent=agent, intent=intent, reason=reason, by="test"))

    def arrive(self):
        self.calls += 1
        channel = ChannelId(f"{self.now // 1000}.{self.calls}")
        self.take(
            i.CallerArrived(
                node=NODE, channel=channel, number_dialled="4002", caller=f"138{self.calls:08}",
                caller_name="O'Hara; --", switch_at=self.now,
            )
        )  # fmt: skip
        contact = next(each for each in self.state.contacts.values() if each.channel == channel)
        self.take(i.VerbAsked(contact.id, 1, EnterQueue(QueueName(self.random.choice(QUEUES)))))
        if contact.id in self.state.contacts:
            self.take(i.CallerUp(contact.id))
        if self.random.random() < 0.9 and contact.id in self.state.contacts:
            self.take(i.EnteredRoom(contact.id, channel), after=2)
        return contact.id

    def step(self):
        """Something happens, of whatever can."""
        chance = self.random
        self.now += chance.choice((0, 0, 3, 40, 700, 4_000))
        if self.state.wake_at is not None and self.state.wake_at <= self.now:
            self.take(i.Tick())
        for leg in self.state.clearing:
            self.take(i.LegEnded(offer_of_leg(leg), leg, 16))
        if chance.random() < 0.1:
            self._store_says()
        what = chance.random()
        if what < 0.18:
            self.arrive()
        elif what < 0.30:
            self.intent(chance.choice(self.names), chance.choice(list(Intent)), chance.choice(("", "lunch", "meeting")))
        elif what < 0.36:
            self.take(i.PhoneSeen(chance.choice(self.names), chance.choice(list(Phone))))
        elif what < 0.38:
            self.people(chance.sample(self.names, len(self.names) - 1) if chance.random() < 0.5 else self.names)
        elif what < 0.40:
            self.take(i.WrapUpEnded(chance.choice(self.names)))
        elif self.state.contacts:
            self._contact_moves(chance.choice(sorted(self.state.contacts)))

    def _contact_moves(self, contact_id):
        chance, contact = self.random, self.state.contacts[contact_id]
        what = chance.random()
        if what < 0.12:
            return self.take(i.CallerGone(contact_id, 16))
        if contact.phase is Phase.IN_PROGRAM:
            if contact.verb is None:
                return self.take(i.ProgramReturned(contact_id))
            return self.take(i.CallerGone(contact_id, 16))
        if contact.tape and what < 0.7:
            return self._recorder_says(contact)
        if contact.talk:
            return self.take(i.LegEnded(contact.talk.offer, contact.talk.leg, 16))
        if contact.offer is None:
            return self.take(i.EnteredRoom(contact_id, contact.channel))
        offer = contact.offer
        if what < 0.3:
            return self.take(i.LegEnded(offer.id, offer.leg, *chance.choice(((19, 480), (21, 603), (17, 486), (0, 0)))))
        self.take(i.LegRinging(offer.id))
        if what < 0.9:
            self.take(i.LegUp(offer.id, offer.leg), after=chance.choice((0, 1, 900)))
            self.take(i.EnteredRoom(contact_id, offer.leg), after=1)
            if chance.random() < 0.8:
                self.take(i.EnteredRoom(contact_id, contact.channel))
        return None

    def _recorder_says(self, contact):
        """What records, and what people want of it."""
        of = (contact.id, contact.tape.id)
        self.take(
            self.random.choice(
                (
                    i.TalkRecordingBegan(*of, "0x1"),
                    i.TalkRecordingBegan(*of, "0x1"),
                    i.TalkRecordingRefused(*of, "no AMI"),
                    i.RecordingPauseWanted(contact=contact.id, paused=True, by="test"),
                    i.TalkRecordingMuted(*of, self.random.random() < 0.5),
                )
            )
        )

    def _store_says(self):
        """What the converter put away, and who listens to it."""
        for each in sorted(self.state.unstored.values(), key=lambda each: each.id)[:1]:
            ms = self.random.choice((each.ms, each.ms // 2, 0))
            opus = f"{each.id}.opus" if ms else ""
            self.take(i.RecordingConverted(contact=each.contact, recording=each.id, ms=ms, bytes=ms * 5, opus=opus))
            self.take(i.RecordingHeard(contact=each.contact, recording=each.id, by="test"))


def a_history(seed, steps=120, **options):
    """Facts of a random run, and the centre as it is then."""
    centre = Centre(seed, **options)
    for name in centre.names[:-1]:
        centre.intent(name, Intent.READY)
    for _ in range(steps):
        centre.step()
    return centre
