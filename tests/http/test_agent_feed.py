"""What screens are told is true, whatever happens and wherever a screen is cut off."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ccplane.contacts.customer import Customer
from ccplane.contacts.verbs import EnterQueue
from ccplane.core.state import State
from ccplane.http.agent_feed import CustomerNow, now_of
from ccplane.http.agent_lines import Line, Lines
from ccplane.http.agent_messages import MessagesNow, counted, messages_of
from ccplane.http.sessions import NoNotes, Sessions
from ccplane.ids import AgentId
from ccplane.plane import Snapshot
from tests.core.floor import SUPPORT, a_floor, an_arrival, ready
from tests.core.world import AGENTS, MOVES, USUAL, World

numbers = st.integers(0, 59)
moves = st.lists(st.tuples(st.integers(0, len(MOVES) - 1), numbers, numbers, st.integers(0, 12)), max_size=60)
thoroughly = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), print_blob=False)


class Published:
    """A plane whose decisions are those of a world at play."""

    def __init__(self) -> None:
        self.snapshot = Snapshot(State(), None, 0, 0)
        self.followers = []

    def follow(self, follower) -> None:
        self.followers.append(follower)

    def publish(self, decision, now) -> None:
        first = self.snapshot.seq + 1
        self.snapshot = Snapshot(decision.state, None, self.snapshot.seq + len(decision.facts), now)
        if decision.facts:
            for follower in self.followers:
                follower(self.snapshot, decision.facts, first)


@dataclass
class Page:
    """A page that does as docs/agent-socket.md says: it shows the last message, and resumes from it."""

    line: Line | None = None
    view: dict = field(default_factory=dict)
    epoch: int = 0
    seq: int = 0
    messages: MessagesNow = field(default_factory=MessagesNow)
    types: list[str] = field(default_factory=list)

    def read(self, most: int = 1_000_000) -> None:
        while most and self.line and self.line._unread:
            self.take(msgspec.json.decode(self.line._unread.popleft()))
            most -= 1

    def take(self, message: dict) -> None:
        if message["type"] in ("welcome", "resumed"):
            self.messages = MessagesNow()
        if "seq" not in message:
            if message["type"] == "messages":
                self.messages = msgspec.convert(message, MessagesNow)
            return
        assert message["seq"] >= self.seq or message["type"] == "welcome"
        self.epoch, self.seq = message.get("epoch", self.epoch), message["seq"]
        self.types.append(message["type"])
        if "agent" in message:
            self.view = {name: message[name] for name in ("agent", "call", "own_call")}


class Watched(World):
    """A world with a screen for each agent; `cut` says at which decisions a socket dies, with some messages unread."""

    def __init__(self, cuts) -> None:
        super().__init__()
        self.plane, self.cuts, self.decisions = Published(), cuts, 0
        self.sessions = Sessions(NoNotes(), lambda: self.floor.now)
        self.lines = Lines(self.plane, self.sessions, lambda line, call: None, later=lambda do: do())
        self.pages = {AgentId(name): Page() for name in AGENTS}

    def take(self, what):
        decision = super().take(what)
        self.plane.publish(decision, self.floor.now)
        self.decisions += 1
        for place, (agent, page) in enumerate(self.pages.items()):
            kind = self.cuts[(self.decisions * 4 + place) % len(self.cuts)]
            if page.line and kind == 0:
                page.read(most=self.decisions % 3)
                self.lines.left(page.line)
                page.line = None
            elif page.line is None and kind != 1 and agent in self.plane.snapshot.state.agents:
                page.line = self.lines.open(self.session(agent), page.epoch, page.seq)
            if page.line and kind > 1:
                page.read()
                self.truly(agent, page)
        return decision

    def session(self, agent):
        return self.sessions.of(agent) or self.sessions.begin(agent, "test")[1]

    def truly(self, agent, page):
        state = self.plane.snapshot.state
        if page.line.closing or agent not in state.agents:
            page.line = None
            return
        assert page.messages == messages_of(state, counted(state.owed.values()), state.agents[agent])
        assert page.view == msgspec.json.decode(msgspec.json.encode(now_of(state, agent)))


LI = Customer(number="138", name="Ms Li", language="zh-CN", credit_s=120, note="has two shops")


def test_an_agent_is_told_what_is_known_of_the_customer_whose_call_is_offered():
    floor = a_floor(agents=[ready("ana")])
    floor.take(replace(an_arrival("x"), customer=LI))
    floor.asks("x", EnterQueue(SUPPORT))
    call = now_of(floor.state, AgentId("ana")).call
    assert call.customer == CustomerNow(name="Ms Li", note="has two shops", credit_s=120)
    assert msgspec.to_builtins(call)["customer"] == {"name": "Ms Li", "note": "has two shops", "credit_s": 120}


def test_of_whom_nothing_is_known_nothing_is_told():
    floor = a_floor(agents=[ready("ana")])
    floor.take(an_arrival("x"))
    floor.asks("x", EnterQueue(SUPPORT))
    assert "customer" not in msgspec.to_builtins(now_of(floor.state, AgentId("ana")).call)


@pytest.mark.slow
@thoroughly
@given(moves, st.lists(st.integers(0, 5), min_size=1, max_size=17))
def test_wherever_a_socket_is_cut_the_screen_shows_the_truth_as_soon_as_it_has_read_all(moves, cuts):
    Watched(cuts).play(USUAL + moves)


@thoroughly
@given(moves, st.lists(st.integers(0, 5), min_size=1, max_size=17))
def test_wherever_a_socket_is_cut_a_screen_that_resumes_is_told_all_that_one_that_stayed_was_told(moves, cuts):
    """As long as the ring reaches back; else it is welcomed anew, which says so."""
    calm, torn = Watched([5]), Watched(cuts)
    calm.play(USUAL + moves)
    torn.play(USUAL + moves)
    for agent, page in torn.pages.items():
        if agent not in torn.plane.snapshot.state.agents:
            continue  # nobody who is no more is told anything
        if page.line is None:
            page.line = torn.lines.open(torn.session(agent), page.epoch, page.seq)
        page.read()
        told = [each for each in page.types if each != "resumed"]
        if told.count("welcome") == 1 and calm.pages[agent].types.count("welcome") == 1:
            stayed = calm.pages[agent].types
            assert told[1:] == stayed[len(stayed) - len(told) + 1 :]
