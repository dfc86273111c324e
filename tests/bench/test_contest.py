"""Who is measured when: peers by turns, one that fails drops out, whatever was started is stopped."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from functools import partial

import pytest

from bench.switching import contest, pool
from bench.switching.contest import Contest
from bench.switching.pool import Seen
from bench.switching.scenarios import Size
from bench.switching.turns import Turn, turns
from ccplane.testing.siplab import Lab

PEERS = ["floor", "app_queue", "ccplane"]
SIZE = Size(agents=2, load_agents=4, calls=6, refills=6, rounds=3)


def test_peers_take_turns_within_each_round():
    """In every round each has its turn before anybody has a second one."""
    for scenario in ("idle", "refill"):
        made = [turn for turn in turns(PEERS, ["idle", "refill"], 5) if turn.scenario == scenario]
        rounds = [made[at : at + 3] for at in range(0, 15, 3)]
        assert [{turn.round for turn in each} for each in rounds] == [{0}, {1}, {2}, {3}, {4}]
        assert all({turn.peer for turn in each} == set(PEERS) for each in rounds)


@pytest.mark.parametrize("peers", [PEERS, PEERS[1:]])
def test_no_peer_is_always_first_or_last(peers: list[str]):
    """As many rounds as peers suffice for each to have been both."""
    made = turns(peers, ["idle"], len(peers))
    rounds = [made[at : at + len(peers)] for at in range(0, len(made), len(peers))]
    assert {each[0].peer for each in rounds} == {each[-1].peer for each in rounds} == set(peers)


def test_rest_comes_first_and_for_the_plane_alone_and_load_last_in_one_piece():
    """Nothing has been asked of the plane yet at rest; an overrun peer can't disturb what comes before."""
    made = turns(PEERS, ["load", "idle", "rest"], 2)
    assert made[0] == Turn("rest", "ccplane")
    assert [turn.scenario for turn in made[1:7]] == ["idle"] * 6
    assert made[7:] == [Turn("load", peer) for peer in PEERS]


# ── with peers that only say what is done to them ──


class FakeNode:
    sip_port, pid, running = 9, None, True

    async def cli(self, command: str) -> str:
        return "Asterisk 22 built by" if "version" in command else "0 active channels"


class FakePeer:
    def __init__(self, name: str, log: list[str], wrong: Sequence[str] = ()) -> None:
        self.name, self.log, self.wrong, self.node, self.pids = name, log, wrong, FakeNode(), [None]

    async def start(self) -> None:
        self._says("start")

    async def secrets(self, agents: Sequence[str]) -> dict[str, str]:
        return {}

    async def sign_in(self, agents: Sequence[str]) -> None:
        self._says(f"sign in {len(agents)}")

    async def stop(self) -> None:
        self._says("stop")

    def _says(self, what: str) -> None:
        self.log.append(f"{self.name}: {what}")
        if what in self.wrong:
            raise OSError(what)


class Stage:
    """A contest of fakes whose scenarios are over at once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.log: list[str] = []
        self.during: Callable[[str], None] = lambda _: None
        self._numbers = itertools.count(1)
        for scenario in ("idle", "refill", "load"):
            monkeypatch.setitem(contest.OFFERS, scenario, partial(self._offer, scenario))
        # of all that the tests have loaded: seconds for each turn
        monkeypatch.setattr(contest, "_collect_garbage", lambda: None)

    async def _offer(self, scenario: str, lab: Lab, agents: Sequence[str], size: Size) -> Seen:
        said = f"{scenario} {size.calls} calls"
        self.log.append(said)
        self.during(said)
        await asyncio.sleep(0)
        return Seen({"idle_to_ring": [next(self._numbers) / 1000] * size.calls}, {"dialled": size.calls})

    async def run(self, wanted: Sequence[str], **wrong: Sequence[str]) -> Contest:
        made = Contest(SIZE, wanted)
        await made.run({name: partial(FakePeer, name, self.log, wrong.get(name, ())) for name in PEERS})
        return made


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(monkeypatch)


async def test_all_peers_are_up_and_signed_in_before_the_first_is_measured(stage: Stage):
    """None pays for its start, or for another's, within what is measured."""
    await stage.run(["idle"])
    first = stage.log.index("idle 2 calls")
    assert stage.log[:first] == [f"{peer}: {what}" for peer in PEERS for what in ("start", "sign in 2")]
    assert stage.log[first:-3] == ["idle 2 calls"] * 9
    assert set(stage.log[-3:]) == {f"{peer}: stop" for peer in PEERS}


async def test_what_is_measured_alternates_and_is_pooled(stage: Stage):
    """The first peer's calls of all rounds make one distribution, and others were measured between them."""
    made = await stage.run(["idle"])
    floor, app_queue, ccplane = (pool.figures(made.seen["idle"][peer]) for peer in PEERS)
    assert [each["idle_to_ring_ms"]["p50"] for each in floor["rounds"]] == [1, 6, 8]
    assert [each["idle_to_ring_ms"]["p50"] for each in ccplane["rounds"]] == [3, 5, 7]
    assert (floor["idle_to_ring_ms"]["n"], floor["idle_to_ring_ms"]["p50"], floor["dialled"]) == (6, 6, 6)
    assert app_queue["idle_to_ring_ms"]["max"] == 9


async def test_load_is_one_piece_after_which_a_peer_is_gone(stage: Stage):
    """Its further agents sign in for it alone, and what it leaves behind can't slow the next one."""
    await stage.run(["idle", "load"])
    begun = stage.log.index("floor: sign in 4")
    assert stage.log[begun:] == [
        line for peer in PEERS for line in (f"{peer}: sign in 4", "load 2 calls", f"{peer}: stop")
    ]


async def test_a_peer_that_does_not_start_is_left_out(stage: Stage):
    """What there is of it is stopped; the others are measured all the same."""
    made = await stage.run(["idle"], app_queue=["start"])
    assert list(made.failed) == ["app_queue"]
    assert stage.log.index("app_queue: stop") < stage.log.index("idle 2 calls")
    assert {peer: len(rounds) for peer, rounds in made.seen["idle"].items()} == {"floor": 3, "ccplane": 3}


async def test_a_peer_that_fails_at_its_turn_is_out_and_keeps_what_was_seen(stage: Stage):
    """It is stopped at once: what is wrong with it may not disturb the rest."""
    seen = itertools.count(1)

    def fails_at_the_fifth(said: str) -> None:
        if next(seen) == 5:  # ccplane's, in the second round
            raise OSError("broken")

    stage.during = fails_at_the_fifth
    made = await stage.run(["idle"])
    assert made.failed == {"ccplane": "OSError('broken')"}
    assert {peer: len(rounds) for peer, rounds in made.seen["idle"].items()} == {
        "floor": 3, "app_queue": 3, "ccplane": 1
    }  # fmt: skip
    assert stage.log.count("ccplane: stop") == 1


async def test_one_that_cannot_be_stopped_does_not_keep_the_others_up(stage: Stage):
    """And it is told."""
    made = await stage.run(["idle"], floor=["stop"])
    assert {line for line in stage.log if "stop" in line} == {f"{peer}: stop" for peer in PEERS}
    assert list(made.failed) == ["floor"]


async def test_an_interrupted_contest_stops_all_peers(stage: Stage):
    """Ctrl-C cancels: what was started is stopped first."""
    running = asyncio.create_task(stage.run(["idle"]))
    stage.during = lambda _: running.cancel() and None
    with pytest.raises(asyncio.CancelledError):
        await running
    assert [line for line in stage.log if "calls" in line] == ["idle 2 calls"]
    assert {line for line in stage.log if "stop" in line} == {f"{peer}: stop" for peer in PEERS}
