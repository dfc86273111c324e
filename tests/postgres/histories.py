"""Histories as the core itself decides them: a small centre where everything that can happen does, by a seed.

So the facts are legal, in order, and of every kind; what Postgres makes of them is held against `evolve`.
"""

from __future__ import annotations

import random

from msgspec.structs import replace

from ccplane.agents.agent import Work
from ccplane.agents.facts import Intent, Phone, Profile, Seat
from ccplane.contacts.conference import Confer
from ccplane.contacts.contact import Phase
from ccplane.contacts.verbs import Connect, EnterQueue, SetLanguage
from ccplane.core import inputs as i
from ccplane.core.decide import decide
from ccplane.core.state import State
from ccplane.ids import (
    AgentId,
    ChannelId,
    NodeName,
    ProgramName,
    QueueName,
    SeatId,
    device_at,
    offer_of_leg,
)
from ccplane.routing.dialling import Dialling, Role
from ccplane.routing.recording import RecordingPolicy, RecordingRule
from ccplane.routing.rules import Number, Queue, Rules, Step

NODE = NodeName("ast1")
OTHER = NodeName("ast2")
START = 1_800_000_000_000
QUEUES = ("support", "sales")
SHARED = SeatId("2001")
OUTSIDE = ("5551", "5552")
COMES_LATE = (i.CallerArrived, i.CallerGone, i.EnteredRoom, i.LegRinging, i.LegUp, i.LegEnded)
"""What may have happened while the plane stood still."""
DIALLING = Dialling(trunk="out", roles={"agent": Role(allow=("5",))}, ring_ms=9_000)


class Centre:
    """A state, a clock, and chance."""

    def __init__(self, seed=0, agents=6, wrap_up_ms=0, start=START, ring_ms=15_000):
        self.random, self.pauses = random.Random(seed), random.Random(seed)
        self.meetings = random.Random(seed)  # a chance of their own: all else happens as it does without them
        self.state, self.now, self.facts = State(), start, []
        self.names = [AgentId(str(1001 + n)) for n in range(agents)]
        self.calls = self.dialled = 0
        self.teams = {}
        queues = {
            QueueName(name): Queue(
                name=QueueName(name),
                steps=(Step({"any": 5}, 5_000), Step({"any": 1})),
                ring_ms=ring_ms,
                wrap_up_ms=wrap_up_ms,
                wrap_up_extend_ms=wrap_up_ms,
                whisper={"en": "sound:sales"} if name == "sales" else {},
                whisper_all=True,
                max_wait_ms=120_000,
                longest_wait_ms=20_000 if name == "support" else None,
                overflow=QueueName("sales") if name == "support" else None,
            )
            for name in QUEUES
        }
        numbers = {"4002": Number(number="4002", program=ProgramName("straight"), attribution="radio")}
        policy = RecordingPolicy(default=RecordingRule(record=True))
        rules = Rules(
            queues=queues, numbers=numbers, default_program=ProgramName("straight"), recording=policy, dialling=DIALLING
        )
        self.take(i.PlaneBegan(1, "test", 0))
        self.take(i.SiteRead("site-1", rules, {"acd/queues.toml": "[support]"}))
        self.people(self.names)
        self.survey(Phone.REACHABLE)

    def take(self, what, after=0):
        self.now += after
        if isinstance(what, COMES_LATE) and self.pauses.random() < 0.1:
            what = i.Late(what, self.now - 1_500)
        decision = decide(self.state, what, self.now)
        self.state = decision.state
        self.facts.extend(decision.facts)

    def people(self, names):
        profiles = tuple(
            Profile(
                id=each,
                name=f"Agent {each}",
                skills={"any": 5},
                endpoint=f"PJSIP/{each}",
                team=self.teams.get(each, ""),
            )
            for each in names
        )
        self.take(i.PeopleRead(profiles, (Seat(id=SHARED, shared=True),)))

    def team(self, agent, name):
        """They are in that team from here on."""
        self.teams[agent] = name
        self.take(i.AgentEditAsked(profile=replace(self.state.agents[agent].profile, team=name), by="lead"))

    def survey(self, phone):
        self.take(
            i.SwitchSurveyed(
                node=NODE, version="22", began_at=self.now, gap_ms=0, after_gap=True,
                channels={}, rooms={}, phones=dict.fromkeys(self.state.agents, phone),
            )
        )  # fmt: skip

    def intent(self, agent, intent, reason="", **where):
        self.take(i.IntentAsked(agent=agent, intent=intent, reason=reason, by="test", **where))

    def sits(self, agent):
        """At a desk phone or a browser, their own seat or the shared one, or a colleague's, where they may not."""
        chance = self.random
        seat = SeatId(chance.choice((agent, agent, agent, SHARED, chance.choice(self.names))))
        web = chance.random() < 0.6
        self.take(i.PhoneSeen(device_at(seat, web=web), Phone.REACHABLE))
        self.intent(agent, Intent.READY, seat=seat, web=web)

    def arrives_unqueued(self):
        """A caller whose program has not said yet what becomes of them."""
        self.calls += 1
        channel = ChannelId(f"{self.now // 1000}.{self.calls}")
        self.take(
            i.CallerArrived(
                node=NODE, channel=channel, number_dialled="4002", caller=f"138{self.calls:08}",
                caller_name="O'Hara; --", switch_at=self.now,
            )
        )  # fmt: skip
        return next(each.id for each in self.state.contacts.values() if each.channel == channel)

    def arrive(self):
        arrived = self.arrives_unqueued()
        contact = self.state.contacts[arrived]
        if self.random.random() < 0.3:
            self.speaks(contact.id)
        queue = QueueName(self.random.choice(QUEUES))
        self.asks(contact.id, Confer("board", ends_with="#") if self.meetings.random() < 0.08 else EnterQueue(queue))
        if contact.id in self.state.contacts:
            self.take(i.CallerUp(contact.id))
        if self.random.random() < 0.8 and contact.id in self.state.contacts:
            self.take(i.EnteredRoom(contact.id, contact.channel), after=2)
        return contact.id

    def speaks(self, contact):
        """The program sets the caller's language, where it is not waiting for something."""
        if self.state.contacts[contact].verb is None:
            self.asks(contact, SetLanguage(self.random.choice(("en", "zh-CN"))))

    def asks(self, contact, verb):
        self.take(i.VerbAsked(contact, self.state.contacts[contact].step + 1, verb))

    def dials(self, agent):
        """An agent dials a colleague, a number outside, or one that they may not; or has us dial it."""
        self.dialled += 1
        chance, whose = self.random, self.state.agents.get(agent)
        number = chance.choice((*self.names, *OUTSIDE, "0900"))
        if whose is None:
            return
        if chance.random() < 0.3:
            before = set(self.state.contacts)
            self.take(i.CallAsked(agent=agent, number=number, claim=f"claim-{self.dialled}"))
            made = set(self.state.contacts) - before
            if made and chance.random() < 0.7:
                self.take(i.CallerUp(*made), after=900)
        else:
            made = {self.picks_up_and_dials(whose, number)}
        for contact in made & set(self.state.contacts):
            self.asks(contact, Connect(number))

    def picks_up_and_dials(self, whose, number):
        channel = ChannelId(f"{self.now // 1000}.own.{self.dialled}")
        self.take(
            i.CallerArrived(
                node=NODE, channel=channel, number_dialled=number, caller=whose.id, caller_name="", switch_at=self.now,
                device=whose.device,
            )
        )  # fmt: skip
        return next(each.id for each in self.state.contacts.values() if each.channel == channel)

    def dials_outside(self, agent):
        """A call of an agent's own, which they may make; its contact."""
        self.dialled += 1
        contact = self.picks_up_and_dials(self.state.agents[agent], OUTSIDE[0])
        self.asks(contact, Connect(OUTSIDE[0]))
        return contact

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
        for node in (NODE, OTHER):
            self._switch_moves(node)
        what = chance.random()
        if what < 0.16:
            self.arrive()
        elif what < 0.22:
            self.dials(chance.choice(self.names))
        elif what < 0.25:
            self.sits(chance.choice(self.names))
        elif what < 0.30:
            self.intent(chance.choice(self.names), chance.choice(list(Intent)), chance.choice(("", "lunch", "meeting")))
        elif what < 0.36:
            self.take(i.PhoneSeen(self.device(chance.choice(self.names)), chance.choice(list(Phone))))
        elif what < 0.38:
            self.people(chance.sample(self.names, len(self.names) - 1) if chance.random() < 0.5 else self.names)
        elif what < 0.40:
            self.wrapping_up()
        elif self.state.contacts:
            among = self.unsettled() if chance.random() < 0.5 else sorted(self.state.contacts)
            self._contact_moves(chance.choice(among))

    def _switch_moves(self, node):
        """It is lost, is away after a while or is back before, and does not stay away for long."""
        chance = self.random.random()
        if self.state.nodes.get(node):
            if chance < 0.02:
                self.take(i.SwitchDropped(node, "closed"))
        elif node in self.state.away:
            if chance < 0.2:
                self.back(node)
        elif chance < 0.15:
            self.back(node)
        elif chance < 0.4:
            self.away(node)

    def away(self, node=NODE):
        """A node is not reached for so long that all are told."""
        self.take(i.SwitchNotReached(node))

    def back(self, node=NODE):
        """With every call as it was."""
        self.take(i.SwitchTaken(node, "22"))

    def unsettled(self):
        """Contacts in what mostly lasts but a moment; all of them where there is none such."""
        found = [
            each.id
            for each in self.state.contacts.values()
            if each.phase in (Phase.CALLING, Phase.CONNECTING) or (each.talk and each.talk.lost_at is not None)
        ]
        return sorted(found or self.state.contacts)

    def device(self, agent):
        """The phone where they sit."""
        known = self.state.agents.get(agent)
        return known.device if known else agent

    def wrapping_up(self):
        """Somebody is done, or makes a call first, or needs longer."""
        done = [each.id for each in self.state.agents.values() if each.work is Work.WRAP_UP]
        whose = self.random.choice(sorted(done) or self.names)
        if done and self.random.random() < 0.5:
            self.dials(whose)
        elif self.random.random() < 0.3:
            self.take(i.WrapUpExtendAsked(whose, whose))
        else:
            self.take(i.WrapUpEnded(whose))

    def _contact_moves(self, contact_id):
        chance, contact = self.random, self.state.contacts[contact_id]
        what = chance.random()
        if what < 0.12:
            return self.take(i.CallerGone(contact_id, 16))
        if contact.phase is Phase.IN_PROGRAM:
            if contact.verb is None:
                if what < 0.4:
                    self.speaks(contact_id)
                return self.take(i.ProgramReturned(contact_id))
            return self.take(i.CallerGone(contact_id, 16))
        if contact.tape and what < 0.7:
            return self._recorder_says(contact)
        if contact.conference is not None:
            self.take(i.EnteredConference(contact_id, contact.conference.id, contact.channel))
            return self.take(i.KeyPressed(contact_id, "#"), after=900) if what > 0.7 else None
        if contact.call:
            return self._party_moves(contact, contact.call)
        if contact.talk:
            return self._talk_moves(contact, contact.talk)
        if contact.offer is None:
            return self.take(i.EnteredRoom(contact_id, contact.channel))
        offer = contact.offer
        if what < 0.3 or (contact.phase is Phase.CONNECTING and what < 0.5):
            return self.take(i.LegEnded(offer.id, offer.leg, *chance.choice(((19, 480), (21, 603), (17, 486), (0, 0)))))
        self.take(i.LegRinging(offer.id))
        if what < 0.9:
            self.take(i.LegUp(offer.id, offer.leg), after=chance.choice((0, 1, 900)))
            self.take(i.WhisperSaid(offer.id))
            if chance.random() < 0.9:
                self.take(i.EnteredRoom(contact_id, offer.leg), after=1)
            if chance.random() < 0.8:
                self.take(i.EnteredRoom(contact_id, contact.channel))
        return None

    def _party_moves(self, contact, call):
        """The other one in an own call: rings, takes it, comes into the room, or hangs up."""
        chance = self.random
        what = chance.random()
        if what < 0.25:
            return self.take(i.LegEnded(call.id, call.leg, *chance.choice(((16, 0), (17, 486), (19, 480)))))
        self.take(i.LegRinging(call.id))
        if what < 0.8:
            self.take(i.LegUp(call.id, call.leg, call.agent), after=chance.choice((0, 1, 900)))
            self.take(i.EnteredRoom(contact.id, call.leg), after=1)
            self.take(i.EnteredRoom(contact.id, contact.channel))
        return None

    def _talk_moves(self, contact, talk):
        """It ends; or the agent's phone vanishes, and comes back or does not."""
        chance, agent = self.random, self.state.agents[talk.agent]
        what = chance.random()
        if talk.back_leg and what < 0.5:
            self.take(i.LegUp(talk.offer, talk.back_leg, talk.agent))
            return self.take(i.EnteredRoom(contact.id, talk.back_leg), after=1)
        if talk.back_leg and what < 0.7:
            return self.take(i.LegEnded(talk.offer, talk.back_leg, *chance.choice(((17, 486), (19, 480), (0, 0)))))
        if agent.work is Work.REJOINING:
            self.take(i.PhoneSeen(agent.device, chance.choice((Phone.REACHABLE, Phone.GONE))))
            return self.take(i.Tick(), after=chance.choice((0, 900, 11_000)))
        if what < 0.4:
            self.take(i.PhoneSeen(agent.device, Phone.GONE))
            return self.take(i.LegEnded(talk.offer, talk.leg, 16, gone=False)) if what < 0.2 else None
        if what < 0.6:
            return self.take(i.RejoinAsked(talk.agent))
        return self.take(i.LegEnded(talk.offer, talk.leg, 16))

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


def a_history(seed, steps=200, **options):
    """Facts of a random run, and the centre as it is then."""
    centre = Centre(seed, **options)
    for name in centre.names[:-1]:
        centre.intent(name, Intent.READY)
    for _ in range(steps):
        centre.step()
    return centre
