"""The guard's shipping: each call is told at least once, whoever dies when; only what was taken is forgotten."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import httpx
import msgspec
import pytest
from structlog.testing import capture_logs

from ccplane.guard import shipping
from ccplane.guard.queue_log import Call
from ccplane.guard.shipping import Api, NotTold, Progress, Shipper


class Desk:
    """Takes what it is told, but as often as it is `away`, and of those it wants `later`."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.away = False
        self.later: set[str] = set()
        self.asked = 0

    async def take(self, calls: Sequence[Call]) -> set[str]:
        self.asked += 1
        if self.away:
            raise NotTold("away")
        now = [each.channel for each in calls if each.channel not in self.later]
        self.taken += now
        return set(now)


class Node:
    """A log, a file for the progress, and a desk."""

    def __init__(self, folder: Path) -> None:
        self.log, self.progress, self.desk, self.calls = folder / "queue_log", folder / "progress", Desk(), 0

    def call(self, *, over: bool = True) -> str:
        self.calls += 1
        name = f"u{self.calls}"
        end = f"11|{name}|ccplane|NONE|CCPLANEEND|\n" if over else ""
        with self.log.open("a") as log:
            log.write(f"10|{name}|ccplane|NONE|CCPLANEBEGIN|4002|5551\n{end}")
        return name

    def ends(self, name: str) -> None:
        with self.log.open("a") as log:
            log.write(f"12|{name}|ccplane|NONE|CCPLANEEND|\n")

    @asynccontextmanager
    async def runs(self) -> AsyncIterator[None]:
        running = asyncio.create_task(Shipper(self.log, self.progress, self.desk, look_s=0.001, again_s=0.001).run())
        try:
            yield
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    def known(self) -> Progress:
        return msgspec.json.decode(self.progress.read_bytes(), type=Progress)


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not is_so():
            await asyncio.sleep(0.001)


async def test_calls_are_told_as_they_end_and_once_while_nobody_dies(node: Node):
    open_call = node.call(over=False)
    async with node.runs():
        node.call()
        await until(lambda: node.desk.taken == ["u2"])
        node.ends(open_call)
        await until(lambda: node.desk.taken == ["u2", "u1"])


async def test_a_talk_whose_end_the_log_never_tells_is_told_of_all_the_same(node: Node):
    with node.log.open("w") as log:
        log.write("10|u1|ccplane|NONE|CCPLANEBEGIN|4002|5551\n12|u1|support|NONE|ENTERQUEUE||5551|1\n")
        log.write("15|u1|support|1001|CONNECT|3|x|1\n70|u1|ccplane|NONE|CCPLANEEND|\n")
    async with node.runs():
        await until(lambda: node.desk.taken == ["u1"])


async def test_a_guard_that_is_restarted_goes_on_where_it_was_with_calls_that_were_open(node: Node):
    open_call = node.call(over=False)
    async with node.runs():
        node.call()
        await until(lambda: node.desk.taken == ["u2"])
        await until(lambda: node.progress.exists() and not node.known().untold)
    node.ends(open_call)
    node.call()
    async with node.runs():
        await until(lambda: node.desk.taken == ["u2", "u1", "u3"])


async def test_while_ccplane_is_away_nothing_is_forgotten_and_the_log_is_not_read_far_ahead(
    node: Node, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(shipping, "AHEAD", 1)
    node.desk.away = True
    node.call()
    async with node.runs():
        await until(lambda: node.desk.asked > 2)
        node.call()
        asked = node.desk.asked
        await until(lambda: node.desk.asked > asked + 2)
        assert [each.channel for each in node.known().untold] == ["u1"]
        node.desk.away = False
        await until(lambda: node.desk.taken == ["u1", "u2"])


async def test_a_call_that_ccplane_wants_later_holds_up_no_other_and_is_told_again(
    node: Node, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(shipping, "MOST", 1)
    node.desk.later = {"u1"}
    for _ in range(3):
        node.call()
    async with node.runs():
        await until(lambda: node.desk.taken == ["u2", "u3"])
        node.desk.later = set()
        await until(lambda: node.desk.taken == ["u2", "u3", "u1"])


async def test_a_call_that_is_wanted_later_is_told_less_and_less_often_and_the_others_meanwhile_at_once(
    node: Node, monkeypatch: pytest.MonkeyPatch
):
    """One that ccplane can never decide costs it a line in its log each time."""
    monkeypatch.setattr(shipping, "LONGEST_S", 16.0)
    node.desk.later = {"u1"}
    node.call()
    looks = itertools.count()
    shipper = Shipper(node.log, node.progress, node.desk, look_s=0, again_s=4.0, now=lambda: float(next(looks)))
    told_at, take = [], node.desk.take

    async def noted(calls: Sequence[Call]) -> set[str]:
        told_at.append(int(str(looks)[6:-1]))
        if len(told_at) == 2:
            node.call()
        return await take(calls)

    monkeypatch.setattr(node.desk, "take", noted)
    running = asyncio.create_task(shipper.run())
    await until(lambda: len(told_at) == 7)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert node.desk.taken == ["u2"]
    of_first = [told_at[0], told_at[1], *told_at[3:]]
    assert [after - before for before, after in pairwise(of_first)] == [4, 8, 16, 16, 16]


async def test_a_call_that_is_wanted_later_for_a_day_is_given_up(node: Node, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shipping, "PUT_OFF_S", 0.05)
    node.desk.later = {"u1"}
    node.call()
    async with node.runs():
        await until(lambda: node.progress.exists() and node.known().untold != [])
        await until(lambda: not node.known().untold)
    assert node.desk.taken == []


async def test_a_progress_that_cannot_be_read_begins_the_log_anew(node: Node):
    node.call()
    node.progress.write_text("{torn")
    async with node.runs():
        await until(lambda: node.desk.taken == ["u1"])


# ------------------------------------------------------------------------------------------------- by ccplane's API


CALL = Call(channel="u1", number_dialled="4002", caller="5551", began_at=10, heard_at=11, ended_at=11)


def api(monkeypatch: pytest.MonkeyPatch, answer: Callable[[httpx.Request], httpx.Response], token="secret") -> Api:
    class Client(httpx.AsyncClient):
        def __init__(self, **options):
            super().__init__(**{**options, "transport": httpx.MockTransport(answer)})

    monkeypatch.setattr(shipping.httpx, "AsyncClient", Client)
    return Api("http://127.0.0.1:1", token, "ast1")


async def test_a_call_is_worded_as_the_api_wants_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"taken": ["u1"], "later": []})

    (tmp_path / "admin-token").write_text("from-a-file\n")
    assert await api(monkeypatch, answer, tmp_path / "admin-token").take([CALL]) == {"u1"}
    [request] = seen
    assert request.headers["authorization"] == "Bearer from-a-file"
    assert msgspec.json.decode(request.content) == {
        "node": "ast1",
        "calls": [
            {
                "channel": "u1",
                "number_dialled": "4002",
                "caller": "5551",
                "arrived_at": "1970-01-01T00:00:10+00:00",
                "ended_at": "1970-01-01T00:00:11+00:00",
                "stay": None,
            }
        ],
    }


@pytest.mark.parametrize("status", [401, 404, 500, 503])
async def test_an_answer_that_may_be_another_next_time_takes_nothing(monkeypatch: pytest.MonkeyPatch, status: int):
    with pytest.raises(NotTold):
        await api(monkeypatch, lambda _: httpx.Response(status)).take([CALL])


async def test_a_ccplane_that_is_not_there_takes_nothing(monkeypatch: pytest.MonkeyPatch):
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(NotTold):
        await api(monkeypatch, refuse).take([CALL])


async def test_a_call_that_ccplane_refuses_by_name_is_given_up_and_said(monkeypatch: pytest.MonkeyPatch):
    said = {"taken": ["u1"], "later": ["u3"], "refused": [{"channel": "bad", "why": "stay.queue: too short"}]}
    bad = msgspec.structs.replace(CALL, channel="bad")
    with capture_logs() as lines:
        assert await api(monkeypatch, lambda _: httpx.Response(200, json=said)).take([CALL, bad]) == {"u1", "bad"}
    assert [(each["call"], each["why"]) for each in lines] == [("bad", "stay.queue: too short")]


async def test_one_call_that_is_refused_for_good_holds_up_no_other(monkeypatch: pytest.MonkeyPatch):
    def answer(request: httpx.Request) -> httpx.Response:
        channels = [each["channel"] for each in msgspec.json.decode(request.content)["calls"]]
        if "bad" in channels:
            return httpx.Response(422)
        return httpx.Response(200, json={"taken": channels, "later": []})

    bad = msgspec.structs.replace(CALL, channel="bad")
    assert await api(monkeypatch, answer).take([CALL, bad]) == {"u1", "bad"}
