"""A switch, its phones, callers and programs that do anything. Moves are plain numbers, so that they shrink.

It answers commands with plausible events, late, twice or never, and hands in what no switch would say as well.
"""

from __future__ import annotations

from msgspec.structs import replace

from ccplane.agents.agent import Work
from ccplane.agents.facts import Intent, Membership, Phone, Profile, Seat
from ccplane.contacts.announce import Announce, Way
from ccplane.contacts.callback import CallbackState
from ccplane.contacts.conference import Confer
from ccplane.contacts.direct import Direct
from ccplane.contacts.emergency import Emergency
from ccplane.contacts.facts import MessageMark, PhoneRejoined, TalkStarted, Unusable
from ccplane.contacts.fax import ReceiveFax, SendFax
from ccplane.contacts.surveys import AskSurvey, Kind, NoteAnswer
from ccplane.contacts.verbs import (
    KEYS,
    Answer,
    AskCallback,
    AskPin,
    Choose,
    Connect,
    EnterQueue,
    Gather,
    HangUp,
    Hold,
    LookAtBox,
    LookHere,
    LookHours,
    MarkServed,
    Play,
    Ring,
    SetData,
    SetIntent,
    SetLanguage,
    Spoken,
    TakeMessage,
)
from ccplane.core import checkpoint
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.core.members import EVERYBODY
from ccplane.core.state import State
from ccplane.core.talks import LATE_MS
from ccplane.ids import (
    AgentId,
    CallbackId,
    ChannelId,
    ContactId,
    DeviceName,
    NodeName,
    OfferId,
    QueueName,
    SeatId,
    contact_of_offer,
    fax_id,
    half_of,
    is_called_back,
    is_line,
    leg_of_half,
    message_id,
    offer_of_leg,
)
from ccplane.routing.announce import MINUTES, Saying
from ccplane.routing.boxes import Box
from ccplane.routing.callbacks import Callbacks
from ccplane.routing.dialling import Dialling, Role
from ccplane.routing.hours import Hours, Span
from ccplane.routing.recording import IfItFails, RecordingPolicy, RecordingRule
from ccplane.routing.rules import Group, Measure, Step
from tests.core.floor import NODE, SALES, SUPPORT, Floor, a_queue, an_arrival, c, the_rules
from tests.core.invariants import Watch
from tests.core.ledger import Ledger

SKILLS = ({SUPPORT: 5}, {SUPPORT: 8, SALES: 3}, {SALES: 5}, {SUPPORT: 2, SALES: 9})
LANGUAGES = ((), ("en",), ("en", "zh-CN"))
QUEUES = ({}, {SUPPORT: Membership(7)}, {SALES: Membership(9, 2), SUPPORT: Membership(2)}, {SALES: Membership()})
AGENTS = ("ana", "ben", "cem", "dia")
SEATS = (Seat(id=SeatId("shared"), shared=True, auto_answer=True), Seat(id=SeatId("cem"), always_on=True))
DIALLING = Dialling(trunk="out", roles={"agent": Role(("5",), ("0900",))}, ring_ms=9_000, transfers=Role(("5",)))
CALLED_BACK = Callbacks(role=Role(("5",), ("59",)), ring_ms=8_000, tries=2, retry_ms=15_000, expiry_ms=300_000)
NUMBERS = ("5551", "5552", "5553")
BY_TURNS = Hours("by turns", tuple(Span(minute, minute + 1) for minute in range(4_310, 4_350, 2)))
"""Around the moment at which all days begin."""
RECORDED = RecordingPolicy(default=RecordingRule(record=True))
OR_NOT_AT_ALL = RecordingPolicy(default=RecordingRule(record=True, if_it_fails=IfItFails.END_CALL))
BY_WAIT = Group(
    name="by wait",
    step=Step(),
    opens={Measure.LONGEST_WAIT: 6_000},
    closes={Measure.LONGEST_WAIT: 2_000},
    after_ms=5_000,
)
BY_ESTIMATE = Group(
    name="by estimate",
    step=Step({SUPPORT: 1}),
    opens={Measure.ESTIMATED_WAIT: 9_000},
    closes={Measure.ESTIMATED_WAIT: 3_000},
    after_ms=4_000,
)
BY_LEVEL = Group(
    name="by level", step=Step(agents=(AgentId("ana"), AgentId("ben"))), opens={Measure.SERVICE_LEVEL: 0.5},
    closes={Measure.SERVICE_LEVEL: 0.8}, after_ms=9_000, window_ms=120_000,
)  # fmt: skip
SPOKEN = Announce(
    first_ms=4_000,
    every_ms=10_000,
    position=True,
    estimate=True,
    messages=({"en": "sound:news"},),
    keys={"1": Way(name="voicemail"), "5": Way(queue=SALES), "#": Way(callback=True)},
)
SAYINGS = {
    "zh-CN": Saying(
        positions=("sound:first", "sound:second"),
        minutes=tuple(f"sound:{minutes}" for minutes in MINUTES),
        more="sound:more",
        longer="sound:longer",
    )
}
RULES = (
    the_rules(
        a_queue(SUPPORT, announce=SPOKEN),
        a_queue(SALES, wrap_up=10, extend=10, most=25, at_once=2),
        misses_until_pause=2,
        dialling=DIALLING,
        callbacks=CALLED_BACK,
        recording=RECORDED,
        hold={"en": "sound:hold", "zh-CN": "sound:hold-zh"},
        sayings=SAYINGS,
        boxes={"general": Box(queue=SUPPORT, most=2, answer_within_ms=20_000), "sales": Box(most=1)},
        agents_box=Box(answer_within_ms=5_000),
    ),
    the_rules(
        a_queue(SUPPORT, max_wait=30, ring=7, steps=((5, 7), (10, 4), (None, 1)), at_once=3, no_agents=SALES),
        a_queue(SALES, weight=60, most_waiting=2, longest_wait=25, overflow=SUPPORT),
        recording=OR_NOT_AT_ALL,
        dialling=DIALLING,
        callbacks=replace(CALLED_BACK, hours=BY_TURNS, tries=3, retry_ms=1_000, customer_first=True),
    ),
    the_rules(
        a_queue(
            SUPPORT,
            wrap_up=3,
            steps=((12, 6), (None, 2)),
            whisper={"en": "sound:support"},
            whisper_all=True,
            at_once=None,
        ),
        default="straight",
    ),
    the_rules(
        a_queue(SUPPORT, longest_wait=9, overflow=SALES, waiting_per_agent=1.5, groups=(BY_WAIT,)),
        a_queue(SALES, hours="by turns", at_closing="program", groups=(BY_LEVEL, BY_ESTIMATE)),
        hours={"by turns": Hours("by turns", tuple(Span(minute, minute + 1) for minute in range(0, 10_080, 2)))},
        dialling=DIALLING,
        callbacks=CALLED_BACK,
    ),
    the_rules(
        a_queue(
            SUPPORT,
            steps=(
                Step(for_ms=4_000, last_agent_ms=60_000),
                Step(for_ms=6_000, agents=(AgentId("ana"), AgentId("gone"))),
                Step({SUPPORT: 5}, for_ms=9_000, language=True),
                Step(any_of=({SUPPORT: 1}, {SALES: 3})),
            ),
            strategy="least-skilled",
            weight=20,
        ),
        a_queue(SALES, steps=(Step(for_ms=8_000, level=6), Step()), strategy="fewest-contacts", strict=1),
    ),
)
SAID = Spoken("sound:said", "en", "A text.")
VERBS = (
    EnterQueue(SUPPORT),
    EnterQueue(SALES),
    EnterQueue(QueueName("nowhere")),
    Answer(),
    Play(("sound:a",)),
    Play(()),
    Gather(("sound:a",), 5_000),
    HangUp(),
    Connect("ben"),
    Connect("5551", outside=True, ring_ms=9_000),
    Connect("5551", outside=True, music="jazz"),
    Confer("board", most=2, ms=30_000, ends_with="#"),
    Confer("board", leads=True),
    Confer("board"),
    Connect("0900", outside=True),
    EnterQueue(SUPPORT, direct=Direct(AgentId("ana"))),
    EnterQueue(SUPPORT, direct=Direct(AgentId("ben"), ring_ms=6_000, wait_ms=20_000)),
    EnterQueue(SALES, direct=Direct(AgentId("ana"), wait_ms=90_000)),
    EnterQueue(SALES, direct=Direct(AgentId("nobody"), wait_ms=9_000)),
    LookHere(),
    LookHours("by turns"),
    LookHours("nowhere"),
    AskPin(AgentId("ana"), ("sound:a",), 9_000),
    SetIntent(AgentId("ana"), "ready", sit=True),
    SetIntent(AgentId("ben"), "paused", "lunch", sit=True),
    SetIntent(AgentId("ana"), "offline"),
    SetIntent(AgentId("nobody"), "ready"),
    TakeMessage("general", longest_ms=20_000, silence_ms=5_000),
    Gather(("sound:a",), 5_000, longest=3, ends_with="#", barge_in=False),
    Gather(("sound:a",), 5_000, longest=12, ends_with="*#", between_ms=1_000, fresh=True),
    SetLanguage("zh-CN"),
    Choose("main", "1", "sales"),
    SetData("order", "12"),
    Gather(("sound:a",), 5_000, longest=2, secret=True),
    Gather(("sound:a",), 5_000, otherwise=("sound:b",)),
    Play(("sound:a", SAID.uri), otherwise=("sound:b",), texts=(SAID,)),
    Play((SAID.uri,), texts=(SAID,)),
    Ring(2_000),
    Hold(3_000, "jazz", "12#"),
    MarkServed(),
    AskSurvey("after-call", 2, share=0.7, quiet_ms=60_000),
    NoteAnswer("satisfied", Kind.SATISFACTION, 5),
    TakeMessage("sales", 4_000, 0, "any"),
    TakeMessage("ana", 9_000, 0),
    ReceiveFax("orders", 90_000),
    ReceiveFax("orders", 2_000),
    SendFax("prices", "fax-1-0", 60_000),
    SendFax("prices", "fax-1-0", 2_000),
    LookAtBox("general"),
    EnterQueue(SUPPORT, credit_s=45),
    AskCallback(SUPPORT, "5551"),
    AskCallback(SALES, "5552"),
    EnterQueue(SUPPORT, callback_key="2", callback_number="5553"),
    EnterQueue(SALES, announce=replace(SPOKEN, position=False, messages=())),
)


def people(a):
    return tuple(
        Profile(
            id=AgentId(name),
            name=name,
            skills=SKILLS[(place + a) % 4],
            endpoint=f"PJSIP/{name}",
            languages=LANGUAGES[(place + a // 2) % 3],
            queues=QUEUES[(place + a // 3) % 4] if a > 4 else {},
        )
        for place, name in enumerate(AGENTS)
        if a % 5 != place + 1
    )


class World:
    """Plays `moves` on a floor. Each is (kind, a, b, seconds that pass before)."""

    def __init__(self):
        self.floor = Floor()
        self.names = 0
        self.channels, self.rooms, self.agents, self.journals = {}, {}, {}, {}
        self.slow, self.late, self.connections = False, [], 0
        """Whether calls and hang-ups take long to get there; those that do: since when, and on which connection."""
        self.known, self.told_off = set(), set()
        """Legs of which the plane knows that they were made; those that the switch was told to hang up."""
        self.asked, self.hung_up = {}, set()
        """Legs on their way out: since when we want them gone, and those whose phones hung up themselves."""
        self.silent = set()
        """Legs from which nothing comes any more."""
        self.parted, self.dropped = set(), set()
        """Those that the switch was told to hang up, or that a survey left out, and that have not been in a talk since;
        and those of them of which that was so before the present input."""
        self.at_door, self.came = set(), {}
        """Legs that were picked up while nobody of us was there; and when callers came."""
        self.listing, self.lost_at = None, None
        """What a survey has read that is not decided yet; and since when nobody watches."""
        self.tapes, self.files = {}, set()
        """Which channel each recording is of that goes on; and those that are over."""
        self.faxes, self.words = set(), set()
        """Our fax machines; and those that are gone, and have left word of it."""
        self.events = []
        """Under way to the plane."""
        self.halves, self.line_rooms, self.conferences = {}, {}, {}
        """The far halves of legs, and in which line's room they are; and who is in the room of each line."""
        self.ledger, self.answers = Ledger(), []
        """Postgres; and what it said, and is told later."""
        self.unsought = False
        """Whether promises are yet to be looked for that another plane made."""
        self.carried = []
        """Callers whom the guard took to the fallback."""
        self.connected, self.started_at = False, 1

    opening = RULES[0]
    """What holds when the day begins."""

    def play(self, moves, among=None):
        self.take(i.PlaneBegan(1, "test", 0))
        self.take(i.SiteRead("site-0", self.opening, {}))
        self.take(i.PeopleRead(people(0), SEATS))
        for kind, a, b, wait in moves:
            self.floor.now += wait * 500
            (among or MOVES)[kind](self, a, b)
        return self.floor

    def take(self, what):
        self.dropped = set(self.parted)
        decision = self.floor.take(what)
        self.ledger.follow(decision.facts)
        for command in decision.commands:
            if isinstance(command, do.CallCustomer):
                self.ledger.dial(command.channel)
        if not self.unsought:
            self.ledger.holds(self.floor.state)
        for fact in decision.facts:
            if isinstance(fact, TalkStarted | PhoneRejoined):
                live = self.floor.state.contacts.get(fact.contact)
                self.parted -= {live.talk.leg} if live and live.talk else set()
        if self.connected:
            self.parted |= {command.leg for command in decision.commands if isinstance(command, do.HangUpLeg)}
        for command in decision.commands:
            if isinstance(command, do.HangUpLeg):
                self.asked.setdefault(command.leg, self.floor.now)
            if isinstance(command, do.HangUpLine):
                self.asked.setdefault(command.line, self.floor.now)
            self.carry_out(command)
        return decision

    # ------------------------------------------------------------------------------------------- what the switch does

    def carry_out(self, command):
        if not self.connected:
            return
        if self.slow and isinstance(command, do.RingAgent | do.CallParty | do.HangUpLeg):
            self.late.append((self.floor.now, self.connections, command))
            return
        self.known |= {command.leg} if isinstance(command, do.RingAgent | do.RingBack | do.CallParty) else set()
        self.does(command)

    def does(self, command):
        match command:
            case do.RingAgent(leg=leg, offer=offer, agent=agent, endpoint=endpoint):
                self.rings(agent)
                self.channels[leg], self.agents[leg] = False, agent
                self.goes_through_a_line(endpoint, leg, agent)
                self.events.append(i.LegRinging(offer, leg, DeviceName(agent)))
            case do.CallParty(leg=leg, agent=agent, endpoint=endpoint):
                if agent:
                    self.rings(agent)
                self.channels[leg], self.agents[leg] = False, agent
                self.goes_through_a_line(endpoint, leg, agent)
                self.events.append(i.LegRinging(offer_of_leg(leg), leg, DeviceName(agent) if agent else None))
            case do.CallCustomer(channel=channel):
                assert channel not in self.channels, "a customer is called once"
                self.channels[channel] = False
            case do.CallOwner(channel=channel, endpoint=endpoint):
                self.channels[channel] = False
                self.goes_through_a_line(endpoint, channel, None)
            case do.RingLine(line=line, agent=agent):
                self.rings(agent)
                self.channels[line], self.agents[line] = False, agent
            case do.OpenLine(line=line) if line in self.channels:
                self.line_rooms.setdefault(line, [line])
            case do.JoinLine(line=line, half=half) if line in self.channels and leg_of_half(half) in self.channels:
                self.line_rooms.setdefault(line, [line]).append(half)
                self.events.append(i.HalfJoined(half))
            case do.JoinLine():
                self.events.append(i.CommandFailed(command, gone=True, message="Channel not found"))
            case do.AnswerHalf(half=half) if leg_of_half(half) in self.channels:
                leg = leg_of_half(half)
                self.channels[leg] = True
                up = i.LegUp(offer_of_leg(leg), leg, self.agents.get(leg)) if offer_of_leg(leg) else i.CallerUp(c(leg))
                self.events.append(up)
            case do.HangUpLine(line=line):
                self.told_off.add(line)
                self.line_rooms.pop(line, None)
                self.events.append(i.LineEnded(line, gone=line not in self.channels))
            case do.RingBack(leg=leg, agent=agent):
                self.channels[leg], self.agents[leg] = False, agent
            case do.JoinAgent(leg=leg, contact=contact) if leg in self.channels:
                self.enter(contact, leg)
            case do.AddCaller(channel=channel, contact=contact) if channel in self.channels:
                self.enter(contact, channel)
            case do.JoinAgent() | do.AddCaller():
                self.events.append(i.CommandFailed(command, gone=True, message="Channel not found"))
            case do.JoinConference(conference=conference, channel=channel, contact=contact):
                if channel in self.channels:
                    self.moves_out(channel)
                    self.conferences.setdefault(conference, []).append(channel)
                    self.events.append(i.EnteredConference(contact, conference, channel))
            case do.LeaveConference(conference=conference, channel=channel):
                if channel in self.conferences.get(conference, ()):
                    self.conferences[conference].remove(channel)
            case do.CloseConference(conference=conference):
                self.conferences.pop(conference, None)
            case do.OpenRoom(contact=contact):
                self.rooms.setdefault(contact, [])
            case do.WriteJournal(contact=contact, text=text):
                self.journals[contact] = text
            case do.CloseRoom(contact=contact):
                self.rooms.pop(contact, None)
            case do.AnswerCaller(channel=channel, contact=contact) if channel in self.channels:
                self.channels[channel] = True
                self.events.append(i.CallerUp(contact))
            case do.HangUpCaller(channel=channel):
                self.end(channel, 16)
            case do.GiveBack(channel=channel):
                self.channels.pop(channel, None)
            case do.HangUpLeg(leg=leg):
                self.told_off.add(leg)
                there = i.LegEnded(offer_of_leg(leg), leg, gone=False)
                not_there = i.LegNotFound(offer_of_leg(leg), leg, answered=leg in self.known)
                self.events.append(there if leg in self.channels else not_there)
            case do.SayToWaiting(contact=contact):
                self.events.append(i.HoldSaid(contact))
            case do.ListenTo(contact=contact, offer=offer, leg=leg) if leg in self.channels:
                self.events.append(i.LegListened(contact, offer, heard=leg not in self.silent))
            case do.TalkRecordingCommand():
                self.record_talk(command)
            case do.RemoveCaller(contact=contact, channel=channel):
                if channel in self.rooms.get(contact, ()):
                    self.rooms[contact].remove(channel)
                self.events.append(i.LeftRoom(contact, channel))
            case do.RecordMessage(channel=channel, message=message):
                self.record(channel, message)
            case do.StopRecording(message=message):
                self.tape_ends(message)
            case do.BeginFax(fax=fax):
                self.faxes.add(fax)
                self.events.append(i.FaxUp(fax))
            case do.JoinFax(contact=contact, fax=fax):
                if fax in self.faxes and contact in self.rooms and fax not in self.rooms[contact]:
                    self.rooms[contact].append(fax)
                    self.events.append(i.FaxJoined(fax))
            case do.EndFax(fax=fax):
                self.fax_ends(fax)
            case do.LookAtFax(fax=fax) if len(self.events) % 2:
                self.events.append(i.FaxSilent(fax))
            case do.LookForFax(fax=fax):
                there = fax in self.words or fax in self.faxes
                self.events.append(i.FaxEnded(fax) if there else i.FaxMissing(fax))
            case do.LookForRecording(message=message) if message not in self.tapes:
                there = message in self.files
                self.events.append(i.RecordingEnded(message) if there else i.RecordingMissing(message))
            case do.MakeSounds(contact=contact, step=step, attempt=attempt):
                missing = tuple(each.uri for each in command.texts if len(self.events) % 2)
                self.events.append(i.SoundsMade(contact, step, attempt, missing))
            case do.PlaySounds(contact=contact, playback=playback):
                step, attempt = (int(part) for part in playback.rsplit("-", 2)[1:])
                self.events.append(i.SoundsFinished(contact, step, attempt, ok=step % 3 > 0))

    def record_talk(self, command):
        """What records answers, mostly; now and then it refuses, or says nothing."""
        contact, recording = command.contact, command.recording
        what = (len(self.events) + self.floor.now // 500) % 7
        match command:
            case do.StartTalkRecording() if what == 1:
                self.events.append(i.TalkRecordingRefused(contact, recording, "no"))
            case do.StartTalkRecording() if what > 1:
                self.events.append(i.TalkRecordingBegan(contact, recording, f"0x{what}"))
            case do.MuteTalkRecording(paused=paused) if what:
                self.events.append(i.TalkRecordingMuted(contact, recording, paused, "no" if what == 1 else ""))
            case do.StopTalkRecording() if what:
                self.events.append(i.TalkRecordingOver(contact, recording))

    def pause_wanted(self, a, b):
        recorded = sorted(each.id for each in self.floor.state.contacts.values() if each.tape)
        contact = self.floor.state.contacts[recorded[a % len(recorded)]] if recorded else self.some_contact(a)
        if contact:
            self.take(i.RecordingPauseWanted(contact=contact.id, paused=b % 2 == 0, by="test"))

    def recorder_back(self, a, b):
        self.take(i.RecorderBack(NODE))

    def recording_stored(self, a, b):
        unstored = sorted(self.floor.state.unstored)
        if unstored:
            recording = unstored[a % len(unstored)]
            contact = self.floor.state.unstored[recording].contact
            opus = "o" if b % 3 else ""
            self.take(i.RecordingConverted(contact=contact, recording=recording, ms=b * 500, opus=opus))

    def record(self, channel, message):
        """In a room, or with the caller gone, it fails."""
        in_a_room = any(channel in members for members in (*self.rooms.values(), *self.conferences.values()))
        if channel not in self.channels or in_a_room:
            self.events.append(i.RecordingRefused(message, "no") if in_a_room else i.RecordingEnded(message))
        else:
            self.tapes[message] = channel
            self.events.append(i.RecordingBegan(message))

    def tape_ends(self, message):
        if self.tapes.pop(message, None) is not None:
            self.files.add(message)
            self.events.append(i.RecordingEnded(message, 3_000))

    def fax_ends(self, fax):
        if fax in self.faxes:
            self.faxes.discard(fax)
            self.moves_out(fax)
            self.words.add(fax)
            self.events.append(i.FaxEnded(fax))

    def rings(self, agent):
        """For worlds that look at whom we ring."""

    def in_a_call(self, agent):
        """The legs on this agent's phone."""
        return [leg for leg in self.channels if self.agents.get(leg) == agent and leg not in self.hung_up]

    def enter(self, contact, channel):
        if contact in self.rooms and channel not in self.rooms[contact]:
            self.moves_out(channel)
            self.rooms[contact].append(channel)
            self.events.append(i.EnteredRoom(contact, channel))

    def moves_out(self, channel):
        """Of whatever room it is in."""
        for members in (*self.rooms.values(), *self.conferences.values()):
            if channel in members:
                members.remove(channel)

    def end(self, channel, cause, sip=0):
        if self.channels.pop(channel, None) is None:
            return
        self.moves_out(channel)
        for message in [each for each, whose in self.tapes.items() if whose == channel]:
            self.tape_ends(message)
        for members in self.line_rooms.values():
            if half_of(channel) in members:
                members.remove(half_of(channel))
        offer = offer_of_leg(channel)
        if is_line(channel):
            self.parted |= set(map(leg_of_half, self.line_rooms.pop(channel, ())))  # they end with it
            self.events.append(i.LineEnded(channel, by_phone=cause == 16 and channel not in self.asked))
        elif offer:
            self.events.append(i.LegEnded(offer, channel, cause, sip))
        else:
            self.events.append(i.CallerGone(c(channel), cause))

    def goes_through_a_line(self, endpoint, leg, agent):
        if endpoint.startswith("Local/"):
            self.events.append(i.HalfUp(half_of(leg), AgentId(endpoint[6:].partition("@")[0])))

    def some_channel(self, a, legs):
        of_kind = [each for each in self.channels if (offer_of_leg(each) is not None) == legs and not is_line(each)]
        return of_kind[a % len(of_kind)] if of_kind else None

    def some_contact(self, a):
        contacts = sorted(self.floor.state.contacts.values(), key=lambda each: each.id)
        return contacts[a % len(contacts)] if contacts else None

    # --------------------------------------------------------------------------------------------------------- moves

    def agent_calls(self, a, b):
        """From their phone, or by a click: a colleague, outside, or what they may not."""
        number = (*AGENTS, "5551", "0900", "shared", "4002")[b % 8]
        if a % 2:
            self.names += 1
            self.take(i.CallAsked(agent=AgentId(AGENTS[a % 4]), number=number, claim=f"{self.names}"))
            return
        self.names += 1
        name = f"{self.names}"
        self.channels[ChannelId(name)], self.came[ChannelId(name)] = False, self.floor.now
        self.send(replace(an_arrival(name, number), device=DeviceName(AGENTS[a // 2 % 4])))
        contact = self.floor.contact(name)
        if contact and contact.verb is None:
            self.take(i.VerbAsked(contact.id, contact.step + 1, Connect(number)))

    def owner_picks_up(self, a, b):
        """One who asked for a call; their program then calls the other."""
        for contact in list(self.floor.state.contacts.values()):
            if contact.pick_up_by is not None and contact.channel in self.channels and self.connected:
                self.channels[contact.channel] = True
                self.send(i.CallerUp(contact.id))
                self.take(i.VerbAsked(contact.id, contact.step + 1, Connect(contact.number_dialled)))
                return

    def call_comes(self, a, b):
        self.names += 1
        name = f"{self.names}"
        self.channels[ChannelId(name)], self.came[ChannelId(name)] = a % 2 == 0, self.floor.now
        device = (None, None, None, "ana", "ben-web", "shared")[b % 6]
        self.send(replace(an_arrival(name, "4002" if b % 2 else "999", a % 2 == 0), device=device))
        contact = self.floor.contact(name)
        if contact:
            self.take(i.VerbAsked(contact.id, 1, VERBS[b % 3]))

    def send(self, what):
        """An event that comes at once if we are connected, and never if not."""
        if self.connected:
            self.take(what)

    @property
    def waits_for_the_survey(self):
        """What comes while the first one of a connection is made."""
        return self.listing is not None and not self.connected

    def event_comes(self, a, b):
        """The first under way, mostly; now and then another, or it comes twice, or never."""
        if not self.events or self.waits_for_the_survey:
            return
        event = self.events.pop(a % len(self.events) if b % 4 == 0 else 0)
        if b % 7 == 0:
            return
        if b % 11 == 5 and self.connected:
            self.take(i.StoodStill(NODE, 1_500))
            event = i.Late(event, self.floor.now - a * 100)
        self.send(event)
        if b % 3 == 0:
            self.send(event)

    def leg_goes(self, a, b):
        """The switch lets go of a leg that we or its phone hung up."""
        going = [leg for leg in self.channels if leg in self.hung_up or leg in self.told_off]
        if going:
            self.end(going[a % len(going)], 16)

    def switch_slows(self, a, b):
        """Calls and hang-ups take long to get there; or no longer."""
        self.slow = b % 2 == 0

    def late_comes(self, a, b):
        """What was on its way for long is done, be it on a connection that is no more: then nobody is answered, and
        mostly nobody hears. What was on its way for too long never comes: a socket that owes an answer is made anew."""
        late, self.late = self.late, []
        for since, connection, command in late:
            same, events = connection == self.connections and self.connected, len(self.events)
            if self.floor.now - since >= LATE_MS:
                continue
            if same:
                self.known |= {command.leg} if isinstance(command, do.RingAgent | do.CallParty) else set()
            self.does(command)
            if not same and (isinstance(command, do.HangUpLeg) or b % 3):
                del self.events[events:]

    def call_is_asked_about(self, a, b):
        """Of one of which nothing was said for 2 s."""
        for since, connection, command in list(self.late):
            calls = isinstance(command, do.RingAgent | do.CallParty)
            if calls and connection == self.connections and self.connected and self.floor.now - since >= 2_000:
                self.send(i.LegNotFound(offer_of_leg(command.leg), command.leg, answered=False))

    def all_events_come(self, a, b):
        if self.waits_for_the_survey:
            return
        if b % 3:
            self.leg_goes(a, b)
        for _ in range(200):  # a phone that vanished is listened to again and again, which takes its time
            if not self.events or len(self.events) >= 50:
                break
            self.event_comes(0, 1)
        self.events.clear()

    def phone_answers(self, a, b):
        """At once; or at our door, if we are not there, and then it comes in later."""
        leg = self.some_channel(a, legs=True)
        if leg and not self.channels[leg]:
            if not self.connected:
                return self.at_door.add(leg)
            self.at_door.discard(leg)
            self.channels[leg] = True
            self.events.append(i.LegUp(offer_of_leg(leg), leg))
        return None

    def line_changes(self, a, b):
        """It is picked up, mostly; hung up by its phone or lost now and then."""
        lines = [each for each in self.channels if is_line(each)]
        if not lines:
            return
        line = lines[a % len(lines)]
        if not self.channels[line]:
            if b % 4:
                self.channels[line] = True
                self.events.append(i.LineUp(line))
            else:
                self.end(line, 17)
        elif b % 4 == 0:
            self.end(line, 16)
        elif b % 4 == 1:
            self.end(line, 44)

    def cem_works(self, a, b):
        """Whose seat is always-on: there, signed in, and the line open."""
        self.take(i.PhoneSeen(DeviceName("cem"), Phone.REACHABLE))
        self.take(i.IntentAsked(agent=AgentId("cem"), intent=Intent.READY, by="test", seat=SeatId("cem")))
        self.line_changes(0, 1)
        self.all_events_come(a, b)

    def phone_refuses(self, a, b):
        leg = self.some_channel(a, legs=True)
        if leg and self.channels[leg] and b % 2:
            self.hung_up.add(leg)
            self.events.append(i.LegEnded(offer_of_leg(leg), leg, 16, gone=False))
        elif leg:
            self.end(leg, *((17, 486), (21, 603), (1, 404), (19, 480), (16, 0), (0, 0))[b % 6])

    def caller_leaves(self, a, b):
        channel = self.some_channel(a, legs=False)
        if channel:
            self.end(channel, 16)

    def guard_carries(self, a, b):
        """We were silent for too long: a caller who is alone is taken to the fallback."""
        channel = self.some_channel(a, legs=False)
        if channel is None or any(channel in members and len(members) > 1 for members in self.rooms.values()):
            return
        self.end(channel, 16)
        self.events[-1] = i.CallerCarried(c(channel))
        self.carried.append(channel)

    def program_asks(self, a, b):
        contact = self.some_contact(a)
        if contact:
            step = contact.step + (1 if contact.verb is None or b % 5 else 0)
            self.take(i.VerbAsked(contact.id, step, VERBS[b % len(VERBS)]))

    def program_ends(self, a, b):
        contact = self.some_contact(a)
        if contact and b % 2:
            self.take(i.ProgramReturned(contact.id))
        elif contact:
            self.take(i.ProgramRaised(contact.id, "ValueError: no", "ari_apps/x.py:1"))

    def message_ends(self, a, b):
        """By silence or a key."""
        if self.tapes:
            self.tape_ends(sorted(self.tapes)[a % len(self.tapes)])

    def fax_is_done(self, a, b):
        """Their machine has sent all, or gives up; or what came of one is safe, told twice."""
        over = sorted(self.floor.state.faxes)
        if self.faxes and b % 2:
            self.fax_ends(sorted(self.faxes)[a % len(self.faxes)])
        elif over and over[a % len(over)] not in self.faxes:
            fax, pages = over[a % len(over)], b % 3
            whole = pages > 0 and a % 2 == 0
            told = i.FaxKept(fax, pages, whole, "" if whole else "interrupted", "", pages, "f" if pages else "")
            self.take(told)
            self.words.discard(fax)
            assert not self.take(told).facts

    def keeper_works(self, a, b):
        """On what was left: it is kept where there is a file, else it is none. Now and then told twice."""
        left = sorted(self.floor.state.messages)
        if not left:
            return
        message = left[a % len(left)]
        if message in self.tapes:
            return
        there = message in self.files
        told = i.MessageKept(message, "f", 3_000, 48_044) if there else i.MessageUnusable(message, Unusable.TOO_SHORT)
        self.take(told)
        self.files.discard(message)
        if b % 3 == 0:
            assert not self.take(told).facts

    def spool_is_searched(self, a, b):
        """What nobody told of is found; and calls that the fallback had, now and then once more."""
        for message in sorted(self.files - set(self.floor.state.messages)):
            self.take(i.RecordingFound(NODE, message, self.floor.now))
        if b % 2:
            self.names += 1
            name = ChannelId(f"{self.names}")
        else:
            name = (
                next(iter(self.floor.state.contacts.values())).channel if self.floor.state.contacts else ChannelId("0")
            )
        self.take(
            i.FallbackCallFound(
                node=NODE,
                channel=name,
                number_dialled="4002",
                caller="1",
                arrived_at=self.floor.now + 500 * (a % 3 - 1),
                ended_at=self.floor.now,
                recording="fallback/1" if a % 2 else None,
            )
        )
        self.guard_tells(a, b)

    def guard_tells(self, a, b):
        """What the queue_log knows: of calls that the files told of, of others, of our own; of each more than once."""
        live = [each.channel for each in self.floor.state.contacts.values()]
        over = [ChannelId(each.removeprefix(f"c-{NODE}-")) for each in self.floor.state.ended]
        names = (*live, *over, ChannelId(f"{self.names}"), ChannelId(f"{self.names + 7}"))
        told = i.FallbackCallImported(
            node=NODE,
            channel=names[a % len(names)],
            number_dialled="4002",
            caller="1",
            arrived_at=self.floor.now - 9_000,
            ended_at=self.floor.now - 1_000 * (a % 3),
            stay=STAYS[b % len(STAYS)],
        )
        self.take(told)
        assert not self.take(told).facts, "each is counted once"

    def message_is_marked(self, a, b):
        contact = self.some_contact(a)
        if contact:
            self.take(
                i.MessageMarkAsked(
                    message=message_id(contact.id), contact=contact.id, state=list(MessageMark)[b % 3], by="test"
                )
            )
            self.take(i.MessageHeard(message=message_id(contact.id), contact=contact.id, by="test"))

    def message_is_answered(self, a, b):
        """Taken, by somebody who may know an older owner; given back; answered; deleted; told of by Postgres."""
        owed = sorted(self.floor.state.owed)
        agents = sorted(self.floor.state.agents)
        if not owed or not agents:
            return
        message = self.floor.state.owed[owed[a % len(owed)]]
        agent, known = agents[a % len(agents)], message.owner if b % 4 else agents[b % len(agents)]
        whose = {"message": message.id, "by": "test"}
        self.take(
            (
                i.MessageTakeAsked(agent=agent, held_by=known, **whose),
                i.MessageTakeAsked(agent=AgentId("gone"), held_by=known, **whose),
                i.MessageReturnAsked(held_by=known, **whose),
                i.MessageAnswerSaid(**whose),
                i.MessageMarkAsked(contact=message.contact, state=list(MessageMark)[a % 3], **whose),
                i.OwedFound(message=message),
            )[b % 6]
        )
        if b % 6 == 3:
            assert not self.take(i.OwedFound(message=message)).facts, "what was answered is not owed again"

    def emergency_begins(self, a, b):
        of = ({}, {"queue": SUPPORT}, {"queue": SALES}, {"number": "4002"}, {"area": "555"})[a % 5]
        until = self.floor.now + 30_000 if b % 2 else None
        says = {"en": Spoken("sound:wrong", "en", "Something is wrong.")}
        self.take(i.EmergencyWanted(Emergency(name=f"e{b % 3}", since=0, says=says, until=until, **of)))

    def emergency_ends(self, a, b):
        self.take(i.EmergencyLifted(f"e{b % 3}", "test"))

    def key_comes(self, a, b):
        contact = self.some_contact(a)
        if contact:
            for _ in range(1 + a % 5 * 6):
                self.send(i.KeyPressed(contact.id, KEYS[b % len(KEYS)]))

    def agent_wants(self, a, b):
        intent = (Intent.READY, Intent.READY, Intent.PAUSED, Intent.OFFLINE)[b % 4]
        self.take(i.IntentAsked(agent=AgentId(AGENTS[a % 4]), intent=intent, reason="r" * (b % 2), by="test"))

    def phone_changes(self, a, b):
        phone = (Phone.REACHABLE, Phone.REACHABLE, Phone.IN_USE, Phone.GONE)[b % 4]
        self.take(i.PhoneSeen(AgentId(AGENTS[a % 4]), phone))

    def sits_down(self, a, b):
        """At one's own seat, mostly; at a shared one, another's, or none that there is."""
        name = AGENTS[a % 4]
        seat = (name, name, "shared", "shared", AGENTS[b % 4], "nowhere")[b % 6]
        intent = (Intent.READY, Intent.READY, Intent.PAUSED)[a % 3]
        self.take(i.IntentAsked(agent=AgentId(name), intent=intent, by="test", seat=SeatId(seat), web=b % 4 != 3))

    def device_changes(self, a, b):
        """The phone that somebody sits at, or another one at that seat."""
        agent = self.floor.state.agents.get(AgentId(AGENTS[a % 4]))
        device = agent.device if agent and b % 3 else DeviceName(f"{AGENTS[b % 4]}-web")
        phone = (Phone.REACHABLE, Phone.GONE, Phone.GONE, Phone.IN_USE)[b % 4]
        self.send(i.PhoneSeen(device, phone, 20))

    def browsers_come(self, a, b):
        """Everyone at their own browser, and free."""
        for name in AGENTS:
            self.take(i.PhoneSeen(DeviceName(f"{name}-web"), Phone.REACHABLE))
            self.take(i.IntentAsked(agent=AgentId(name), intent=Intent.READY, by="test", seat=SeatId(name), web=True))

    def browser_vanishes(self, a, b):
        """Of one who talks, if anybody does; it comes back, or its page says that it is new, or it does not."""
        talking = [each for each in self.floor.state.agents.values() if each.work in (Work.TALKING, Work.REJOINING)]
        if talking:
            agent = talking[a % len(talking)]
            self.send(i.PhoneSeen(agent.device, Phone.GONE))
            if b % 3 == 0:
                self.send(i.PhoneSeen(agent.device, Phone.REACHABLE))
            elif b % 3 == 1:
                self.take(i.RejoinAsked(agent.id))

    def browser_comes_back(self, a, b):
        for agent in list(self.floor.state.agents.values()):
            if agent.work is Work.REJOINING:
                self.send(i.PhoneSeen(agent.device, Phone.REACHABLE))
                leg = self.floor.state.contacts[agent.contact].talk.back_leg
                if leg in self.channels and b % 2:
                    self.channels[leg] = True
                    self.events.append(i.LegUp(agent.offer, leg, agent.id))
                elif leg in self.channels:
                    self.end(leg, *((17, 486), (19, 480))[a % 2])

    def phone_dies(self, a, b):
        """Of one who talks: no sound comes any more; perhaps it answers no qualify, perhaps the switch ends the leg."""
        talking = [each for each in self.floor.state.contacts.values() if each.talk]
        if not talking:
            return
        contact = talking[a % len(talking)]
        self.silent.add(contact.talk.leg)
        if b % 3:
            self.send(i.PhoneSeen(self.floor.state.agents[contact.talk.agent].device, Phone.GONE))
        if b % 2:
            leg = contact.talk.leg
            if contact.id in self.floor.state.contacts and leg in self.channels:
                self.send(i.LegEnded(offer_of_leg(leg), leg, 44, gone=False, no_media=True))
                self.end(leg, 44)

    def caller_dies(self, a, b):
        channel = self.some_channel(a, legs=False)
        if channel and self.channels[channel]:
            self.send(i.CallerGone(c(channel), 44, no_media=True))
            self.end(channel, 44)

    def everyone_works(self, a, b):
        for place in range(4):
            self.phone_changes(place, 0)
            self.agent_wants(place, 0)

    def callback_is_wanted(self, a, b):
        """By the API, mostly; by a program, or by a key of one who waits for it."""
        contact = self.some_contact(a)
        if contact and contact.verb is None and b % 4 == 0:
            verb = AskCallback((SUPPORT, SALES)[b % 2], NUMBERS[a % 3])
            self.take(i.VerbAsked(contact.id, contact.step + 1, verb))
        elif contact and isinstance(contact.verb, EnterQueue) and contact.verb.callback_key:
            self.send(i.KeyPressed(contact.id, contact.verb.callback_key))
        else:
            self.names += 1
            queue = (SUPPORT, SALES, SUPPORT, QueueName("nowhere"))[b % 4]
            wanted = CallbackId(f"cb-{self.names}")
            self.take(i.CallbackWanted(callback=wanted, number=NUMBERS[a % 3], queue=queue, by="test"))

    def callback_comes_far(self, a, b):
        """One is asked for, promised and offered, and more often than not claimed and dialled."""
        self.everyone_works(0, 0)
        self.all_events_come(0, 1)
        self.names += 1
        wanted = CallbackId(f"cb-{self.names}")
        self.take(i.CallbackWanted(callback=wanted, number=NUMBERS[a % 3], queue=SUPPORT, by="test"))
        self.postgres_answers(0, 0)
        for _ in range(1 + b % 3):
            self.phone_answers(b, 0)
            self.all_events_come(0, 1)
        if b % 4:
            self.postgres_answers(0, a)

    def postgres_answers(self, a, b):
        """What the plane wants of it is committed, mostly, and told at once; or later, or never, or not done at all."""
        asking = (CallbackState.ASKED, CallbackState.CLAIMING)
        for callback in [each for each in self.floor.state.callbacks.values() if each.state in asking]:
            self.answers.append(self.asked_of_postgres(callback, away=b % 9 == 1))
            if b % 9 == 2:
                self.answers.pop()
        if b % 9 != 3:
            self.late_answers_come(a, b)

    def asked_of_postgres(self, callback, away):
        claiming = callback.state is CallbackState.CLAIMING
        if away:
            tried = i.CallbackClaimed(callback=callback.id, turn=callback.turn, why="database-away")
            return tried if claiming else i.CallbackKept(callback.id, "database-away")
        if not claiming:
            return i.CallbackKept(callback.id, self.ledger.keep(callback))
        tries, why = self.ledger.claim(callback, self.floor.now, self.floor.state.rules.callbacks.tries)
        return i.CallbackClaimed(callback=callback.id, turn=callback.turn, tries=tries, why=why)

    def postgres_is_looked_at(self, a, b):
        """It is away, or there again; told twice now and then."""
        for _ in range(1 + b % 2):
            self.take(i.LedgerSeen(a % 3 == 0))

    def late_answers_come(self, a, b):
        answers, self.answers = self.answers, []
        for each in answers:
            self.take(each)
            if b % 5 == 0:
                self.take(each)

    def facts_are_shipped(self, a, b):
        self.ledger.ship()
        number = NUMBERS[a % 3]
        (self.ledger.barred.add if b % 5 == 0 else self.ledger.barred.discard)(number)

    def promises_are_found(self, a, b):
        """At the beginning of a plane; each is told once more without harm."""
        for each in self.ledger.found():
            self.take(each)
        self.unsought = False
        self.ledger.holds(self.floor.state)

    def customer_answers(self, a, b):
        """Who is called back: they take it, mostly; are busy, do not answer, or have vanished."""
        called = [each for each in self.channels if is_called_back(each) and not self.channels[each]]
        if not called:
            return
        channel = called[a % len(called)]
        if b % 5 < 3:
            self.channels[channel] = True
            self.send(an_arrival(channel, "", True))
        else:
            self.end(channel, (17, 19, 0, 1)[b % 4])

    def callback_is_cancelled(self, a, b):
        known = sorted(self.floor.state.callbacks)
        if known:
            self.take(i.CallbackCancelWanted(callback=known[a % len(known)], by="test"))

    def screen_asks(self, a, b):
        """An agent rejects or hangs up by their screen: what it shows, or what it showed before."""
        contact = self.some_contact(a)
        whose = contact.id if contact else ContactId("c-ast1-nobody")
        for agent in AGENTS if b % 3 else AGENTS[b % 4 :]:
            shown = contact and (contact.offer_to(AgentId(agent)) or contact.offer)
            offer = shown.id if shown else OfferId("o-c-ast1-nobody-1-1")
            self.take(i.RejectAsked(AgentId(agent), offer) if b % 2 else i.HangUpAsked(AgentId(agent), whose))
            self.take(i.AnswerAsked(AgentId(agent), offer))

    def wrap_up_ends(self, a, b):
        self.take((i.WrapUpEnded, i.WrapUpExtendAsked)[b % 2](AgentId(AGENTS[a % 4]), "api"))

    def time_comes(self, a, b):
        """After a pause that is when all was read, whatever deadline there is."""
        wake_at = self.floor.state.wake_at
        if wake_at is not None and not self.floor.state.behind:
            self.floor.now = max(self.floor.now, wake_at)
        self.take(i.Tick())

    def connection_ends(self, a, b):
        if self.connected:
            self.connected, self.slow = False, False
            self.connections += 1
            self.lost_at = self.floor.now
            self.listing = None
            self.events.clear()
            self.take(i.SwitchDropped(NODE, "closed"))

    def survey_begins(self, a, b):
        """What is at the switch is read: it is decided some moves later, or never."""
        if not self.connected:
            self.events.clear()
        self.listing = (self.floor.now, *self.listed())

    def listed(self):
        channels = {
            each: i.ChannelSeen(
                each,
                up,
                None if offer_of_leg(each) or is_line(each) else an_arrival(each, "4002", up),
                agent=self.agents.get(each),
                created_at=self.came.get(each),
                at_door=each in self.at_door,
            )
            for each, up in self.channels.items()
        }
        rooms = {contact: tuple(members) for contact, members in self.rooms.items()}
        lines = {line: tuple(members) for line, members in self.line_rooms.items()}
        conferences = {conference: tuple(members) for conference, members in self.conferences.items()}
        return channels, rooms, lines, conferences, tuple(sorted(self.faxes))

    def survey_comes(self, a, b):
        """That which has begun, or one of this moment; now and then something is missing or nobody's."""
        if self.listing is None:
            self.listing = (self.floor.now - (a % 3) * 1_000, *self.listed())
        (began_at, channels, rooms, lines, conferences, faxes), self.listing = self.listing, None
        if b % 6 == 0 and channels:
            missing = channels.pop(sorted(channels)[a % len(channels)]).id
            self.parted |= {missing, *map(leg_of_half, lines.get(missing, ()))}
        if b % 6 == 1:
            orphan = ChannelId(f"l-c-{NODE}-77-2-1-0")
            channels[orphan] = i.ChannelSeen(orphan, up=True)
        if b % 5 == 0:
            rooms[ContactId(f"c-{NODE}-gone")] = ()
        gap, self.connected = not self.connected, True
        decision = self.take(
            i.SwitchSurveyed(
                node=NODE,
                version="22",
                started_at=self.started_at,
                began_at=began_at,
                gap_ms=max(0, began_at - self.lost_at) if gap and self.lost_at is not None else 0,
                after_gap=gap or b % 4 == 0,
                channels=channels,
                rooms=rooms,
                phones={AgentId(name): Phone.REACHABLE for name in AGENTS[a % 4 :]},
                journals={contact: text for contact, text in self.journals.items() if contact in rooms},
                lines=lines,
                conferences=conferences,
                faxes=faxes,
                carried=tuple(self.carried),
            )
        )
        if b % 6 > 1:
            self.nobody_is_free_beside_a_caller()
        for each in decision.commands:
            if isinstance(each, do.HangUpLeg):
                assert not self.talks(each.leg, channels, rooms), "no survey ends a talk"
            if isinstance(each, do.HangUpLine) and channels.get(each.line):
                halves = [leg_of_half(half) for half in self.line_rooms.get(each.line, ()) if leg_of_half(half)]
                assert not any(self.talks(leg, channels, rooms) for leg in halves if offer_of_leg(leg))

    def nobody_is_free_beside_a_caller(self):
        """Whom the plane would offer another contact has no leg with a caller at the switch, of whom it knows."""
        for leg, whose in self.agents.items():
            agent = self.floor.state.agents.get(AgentId(whose)) if whose else None
            contact = contact_of_offer(offer_of_leg(leg)) if offer_of_leg(leg) else None
            if agent and agent.free and contact in self.floor.state.contacts and leg not in self.hung_up:
                assert not self.beside_a_caller(leg, self.rooms.get(contact, ()), self.channels), f"{whose} is free"

    def talks(self, leg, channels, rooms):
        """A leg that is up, in its room with its caller, who is there."""
        contact = contact_of_offer(offer_of_leg(leg))
        if leg in self.dropped or leg in self.hung_up:
            return False  # we, or whoever has the phone, have decided that before
        seen = self.beside_a_caller(leg, rooms.get(contact, ()), {each: seen.up for each, seen in channels.items()})
        return seen and self.beside_a_caller(leg, self.rooms.get(contact, ()), self.channels)

    def beside_a_caller(self, leg, members, up):
        """Whether this leg is up, in a room with a caller who is there."""
        return leg in members and up.get(leg) and [each for each in members if not offer_of_leg(each) and each in up]

    def switch_restarts(self, a, b):
        self.connection_ends(a, b)
        if b % 2:
            self.take(i.SwitchNotReached(NODE))
        self.started_at += 1
        self.late.clear()
        self.channels.clear()
        self.rooms.clear()
        self.faxes.clear()
        self.words.clear()
        self.line_rooms.clear()
        self.listing = None
        self.survey_comes(a, 2)

    def switch_stays_away(self, a, b):
        """For long enough to be said; now and then also of one that is connected."""
        if b % 3:
            self.connection_ends(a, b)
        self.take(i.SwitchNotReached(NODE))

    def switch_is_stuck(self, a, b):
        self.take(i.SwitchStuck(NODE, "command socket 1 of 3 does not answer" if b % 2 else ""))

    def plane_restarts(self, a, b):
        """Now and then from what it had kept; agents rest, and their wrap-up ends, before it has found the switch."""
        self.connection_ends(a, b)
        self.known.clear()
        self.answers.clear()
        if b % 2:
            self.floor.state = checkpoint.decode(checkpoint.encode(self.floor.state))
        self.take(i.PlaneBegan(self.floor.state.epoch + 1, "test", 0))

    def plane_hands_over(self, a, b):
        """Its successor has every event: what is under way, goes on."""
        if self.connected and not self.floor.state.draining:
            self.listing = None
            self.take(i.PlaneBegan(self.floor.state.epoch + 1, "test", 0))
            self.take(i.SwitchTaken(NODE, "22"))

    def plane_leads_again(self, a, b):
        """The same process, which had lost its lead: whoever was to leave is still to leave."""
        self.connection_ends(a, b)
        self.known.clear()
        self.take(i.PlaneBegan(self.floor.state.epoch + 1, "test", 0, nodes=(NODE,), same_process=True))

    def drain_is_cancelled(self, a, b):
        self.take(i.DrainCancelAsked("test"))

    def app_queue_is_looked_at(self, a, b):
        """In which of its queues callers are left; now and then at a node that another plane had."""
        queues = (SUPPORT, SALES, EVERYBODY, QueueName("nowhere"))[a % 4 : a % 4 + b % 3]
        self.take(i.FallbackWaitsSeen(NODE if b % 5 else NodeName("ast2"), queues))

    def drain_is_asked(self, a, b):
        """Now and then it leaves before all calls are over; the next one takes calls."""
        self.take(i.DrainAsked("test", self.floor.now + 1_000 * a if b % 2 else None))
        for _ in range(1 + b % 3):
            self.call_comes(a, b)
        if b % 4:
            self.plane_restarts(a, b)
            self.survey_comes(a, 2)

    def memory_is_lost(self, a, b):
        """Another host's plane, without the facts: it has the site and the people, and finds calls at the switch."""
        epoch = self.floor.state.epoch + 1
        self.connection_ends(a, b)
        self.answers.clear()
        self.ledger.unshipped.clear()
        self.unsought = True
        self.floor.state, self.floor.watch = State(), Watch()
        self.take(i.PlaneBegan(epoch, "test", 0))
        self.take(i.SiteRead(f"site-{a % len(RULES)}", RULES[a % len(RULES)], {}))
        self.take(i.PeopleRead(people(b), SEATS))

    def site_changes(self, a, b):
        self.take(i.SiteRead(f"site-{a % len(RULES)}", RULES[a % len(RULES)], {"n": str(b)}))

    def people_change(self, a, b):
        self.take(i.PeopleRead(people(a), SEATS[a % 2 :]))

    def nonsense_comes(self, a, b):
        """What is long over, or never was."""
        contact, offers = self.some_contact(a), []
        if contact:
            offers = [OfferId(f"o-{contact.id}-{contact.step}-{n}") for n in (1, 2, 99)]
        offer = (*offers, OfferId("o-c-ast1-nobody-1-1"))[b % (len(offers) + 1)]
        leg = ChannelId(f"l-{offer[2:]}-{a % 3}")
        whose = contact.id if contact and b % 2 else ContactId("c-ast1-nobody")
        inputs = (
            i.LegUp(offer, leg),
            i.LegEnded(offer, leg, 16),
            i.LegRinging(offer),
            i.LegRinging(offer, leg, DeviceName(AGENTS[b % 4])),
            i.LegNotFound(offer, leg, answered=b % 2 == 0),
            i.CallerGone(ContactId("c-ast1-nobody")),
            i.HoldSaid(whose),
            i.LegListened(whose, offer, heard=a % 2 == 0),
            i.LegEnded(offer, leg, 44, gone=False, no_media=True),
            i.CallerCarried(ContactId("c-ast1-nobody")),
            i.EnteredRoom(whose, leg),
            i.SoundsFinished(whose, b % 4, a % 3),
            i.SoundsMade(whose, b % 4, a % 3, (SAID.uri,) * (a % 2)),
            i.CallerUp(whose),
            i.LeftRoom(whose, leg),
            i.RecordingBegan(message_id(whose, b % 4, 1)),
            i.RecordingEnded(message_id(whose, b % 4, a % 3)),
            i.RecordingRefused(message_id(whose, b % 4, a % 3), "no"),
            i.MessageKept(message_id(whose, b % 4, a % 3), "f", 1, 1),
            i.MessageUnusable(message_id(whose, b % 4, a % 3), Unusable.SILENT),
            i.FaxUp(fax_id(whose, b % 4, 1)),
            i.FaxJoined(fax_id(whose, b % 4, a % 3)),
            i.FaxEnded(fax_id(whose, b % 4, 1)),
            i.FaxSilent(fax_id(whose, b % 4, 1)),
            i.FaxRefused(fax_id(whose, b % 4, a % 3), "no"),
            i.FaxMissing(fax_id(whose, b % 4, 1)),
            i.FaxKept(fax_id(whose, b % 4, a % 3), b % 2, b % 2 == 1, "", "", 1, "f"),
            i.KeyPressed(whose, "1"),
            i.VerbAsked(whose, a % 5, VERBS[b % len(VERBS)]),
            i.IntentAsked(agent=AgentId("nobody"), intent=Intent.READY, by="test"),
            i.PhoneSeen(DeviceName("nobody"), Phone.REACHABLE),
            i.RejoinAsked(AgentId("nobody")),
            i.LineUp(ChannelId(f"s-{AGENTS[b % 4]}-{a % 3}-{b % 3}")),
            i.LineEnded(ChannelId(f"s-{AGENTS[b % 4]}-{a % 3}-{b % 3}"), by_phone=b % 2 == 0),
            i.HalfUp(ChannelId(f"h-{leg}"), AgentId("nobody")),
            i.HalfJoined(ChannelId(f"h-{leg}")),
            i.CommandFailed(do.JoinAgent(whose, offer, leg), gone=True, message="Channel not found"),
            i.CommandFailed(do.RingAgent(whose, offer, leg, "ana", "PJSIP/ana", "", "", 1), gone=False, message="no"),
            i.CommandFailed(do.OpenRoom(whose), gone=False, message="no"),
        )
        self.take(inputs[a % len(inputs)])


STAYS = (
    None,
    i.FallbackStay(queue="support", queued_at=1, outcome="answered", waited_ms=5, agent="ana", talk_ms=1, by="agent"),
    i.FallbackStay(queue="ccplane", queued_at=2, outcome="abandoned", waited_ms=9),
)

DAILY = (
    World.call_comes,
    World.agent_calls,
    World.owner_picks_up,
    World.event_comes,
    World.event_comes,
    World.all_events_come,
    World.all_events_come,
    World.phone_answers,
    World.phone_answers,
    World.phone_refuses,
    World.leg_goes,
    World.caller_leaves,
    World.program_asks,
    World.key_comes,
    World.message_ends,
    World.keeper_works,
    World.fax_is_done,
    World.agent_wants,
    World.everyone_works,
    World.screen_asks,
    World.wrap_up_ends,
    World.time_comes,
    World.browser_vanishes,
    World.browser_comes_back,
    World.phone_dies,
    World.pause_wanted,
    World.line_changes,
    World.cem_works,
    World.late_comes,
    World.call_is_asked_about,
)
RARE = (
    World.guard_carries,
    World.switch_slows,
    World.switch_slows,
    World.recorder_back,
    World.recording_stored,
    World.program_ends,
    World.phone_changes,
    World.caller_dies,
    World.sits_down,
    World.device_changes,
    World.browsers_come,
    World.connection_ends,
    World.survey_begins,
    World.survey_begins,
    World.survey_comes,
    World.survey_comes,
    World.switch_restarts,
    World.switch_stays_away,
    World.switch_is_stuck,
    World.plane_restarts,
    World.plane_hands_over,
    World.plane_hands_over,
    World.plane_leads_again,
    World.drain_is_asked,
    World.drain_is_cancelled,
    World.app_queue_is_looked_at,
    World.app_queue_is_looked_at,
    World.memory_is_lost,
    World.site_changes,
    World.spool_is_searched,
    World.guard_tells,
    World.message_is_marked,
    World.message_is_answered,
    World.people_change,
    World.emergency_begins,
    World.emergency_begins,
    World.emergency_ends,
    World.nonsense_comes,
    World.nonsense_comes,
    World.nonsense_comes,
)
CALLING_BACK = (
    World.callback_is_wanted,
    World.callback_is_wanted,
    World.callback_comes_far,
    World.callback_comes_far,
    World.postgres_answers,
    World.postgres_answers,
    World.postgres_answers,
    World.customer_answers,
    World.customer_answers,
    World.callback_is_cancelled,
    World.postgres_is_looked_at,
    World.facts_are_shipped,
    World.promises_are_found,
)
MOVES = (*DAILY, *DAILY, *DAILY, *DAILY, *RARE, *CALLING_BACK, *CALLING_BACK)
USUAL = [(MOVES.index(World.survey_comes), 0, 2, 0), (MOVES.index(World.everyone_works), 0, 0, 0)]
"""How a day begins."""
