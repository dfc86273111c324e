"""The client against faults that only a server of our own can be asked for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import Any, get_origin

import pytest

from ccplane.asterisk.ari import Ari, Connection, Limits, Replaced
from ccplane.asterisk.events import ChannelStateChange, UnknownEvent
from ccplane.asterisk.lists import PIECE, WHOLE
from ccplane.asterisk.operations import (
    OPERATIONS,
    Answer,
    GetChannel,
    GetConfig,
    ListChannels,
    Operation,
    PutConfig,
    SetBridgeVariable,
    answer_of,
)
from ccplane.asterisk.outcomes import Done, Gone, Refused, Unknown
from ccplane.asterisk.rest import Rest
from ccplane.asterisk.stats import AriStats
from ccplane.asterisk.switch import HOUSE
from tests.asterisk.rest_server import STAMP, RestServer, rest_server, until

QUICK = Limits(
    request=0.2,
    listing=0.3,
    fenced=0.2,
    probe_every=0.05,
    probe_echo=0.1,
    stuck=0.4,
    first_wait=0.001,
    longest_wait=0.01,
    grace=0.05,
)
CHANNEL = {"id": "1", "state": "Up"}


def an_ari(server: RestServer, limits: Limits = QUICK, **options: Any) -> Ari:
    return Ari(server.url, "ccplane", "secret", limits=limits, **options)


@asynccontextmanager
async def connected(ari: Ari) -> AsyncGenerator[Connection, None]:
    async with aclosing(ari.connections()) as connections:
        async with asyncio.timeout(20):
            connection = await anext(connections)
        yield connection


async def test_a_socket_that_answers_but_brings_no_events_is_never_handed_out():
    """A zombie: open, 204 to the ping, no echo. Only once events come is there a connection."""
    async with rest_server(echoes=False) as server:
        ari = an_ari(server)
        async with aclosing(ari.connections()) as connections:
            first = asyncio.ensure_future(anext(connections))
            await until(lambda: ari.stats.refusals["ari-zombie"] >= 2)
            assert not first.done()
            server.echoes = True
            assert (await first).ended is None
    assert ari.stats.probes_lost >= 2


async def test_a_connection_that_turns_into_a_zombie_is_ended_and_replaced():
    async with rest_server() as server, aclosing(an_ari(server).connections()) as connections:
        first = await anext(connections)
        server.echoes = False
        assert await first.finished() == "probe"
        server.echoes = True
        assert (await anext(connections)).ended is None


async def test_while_our_own_process_was_asleep_a_missing_echo_is_asked_for_again():
    async with rest_server() as server, connected(an_ari(server)) as connection:
        server.echoes = False
        time.sleep(0.4)
        server.echoes = True
        await asyncio.sleep(0.3)
        assert connection.ended is None


async def test_malformed_frames_are_counted_and_end_nothing():
    async with rest_server() as server, connected(an_ari(server)) as connection:
        for frame in ("garbage", "[]", "{}", '{"type":"StasisEnd"}', '{"type":"StasisEnd","timestamp":"then"}'):
            await server.raw("ccplane", frame)
        await server.say("ccplane", "ChannelTalkingStarted", channel=CHANNEL)
        await server.say("ccplane", "ChannelStateChange", channel=CHANNEL)
        seen = [(await anext(connection.events))[0] for _ in range(7)]
        assert all(isinstance(event, UnknownEvent) for event in seen[:6])
        assert isinstance(seen[6], ChannelStateChange)
        assert seen[6].at_switch == 1767323045678
        assert connection._stats.undecodable == 5
        assert connection._stats.unknown == 1


async def test_a_message_in_several_frames_is_one_event():
    async with rest_server() as server, connected(an_ari(server)) as connection:
        whole = (
            '{"type":"ChannelStateChange","timestamp":"2026-01-02T03:04:05.678+0000","channel":{"id":"1","state":"Up"}}'
        )
        await server.sockets["ccplane"].send([whole[:20], whole[20:50], whole[50:]])
        event, _ = await anext(connection.events)
        assert isinstance(event, ChannelStateChange)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "ari-not-ready"),
        (b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", "ari-not-ready"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "ari-refused"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "ari-refused"),
        (b"", "ari-unreachable"),
    ],
)
async def test_whatever_else_listens_there_is_told_apart_and_tried_again(said: bytes, code: str):
    async def other(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(other, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        ari = Ari(f"http://127.0.0.1:{port}", "ccplane", "secret", limits=QUICK)
        async with aclosing(ari.connections()) as connections:
            waiting = asyncio.ensure_future(anext(connections))
            await until(lambda: ari.stats.refusals[code] >= 2)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        assert set(ari.stats.refusals) == {code}


async def test_a_connection_of_which_one_socket_can_not_be_opened_leaves_none_open():
    """The others are given back; the next try has all or nothing."""
    async with rest_server() as server:
        ari = an_ari(server)
        server.refuses = "ccplane-cmd-2"
        async with aclosing(ari.connections()) as connections:
            waiting = asyncio.ensure_future(anext(connections))
            await until(lambda: ari.stats.refusals["ari-not-ready"] >= 2)
            server.refuses = ""
            connection = await waiting
            assert connection.ended is None
            await until(lambda: server.open == 5)


async def test_an_event_of_a_later_asterisk_with_unknown_fields_is_read():
    async with rest_server() as server, connected(an_ari(server)) as connection:
        await server.say("ccplane", "ChannelStateChange", channel={**CHANNEL, "mood": "good"}, weather=None)
        event, _ = await anext(connection.events)
        assert isinstance(event, ChannelStateChange)


async def test_a_slow_reader_never_slows_the_socket():
    """Events that nobody looks at yet are read off the socket all the same, in order, with the time they came."""
    async with rest_server() as server, connected(an_ari(server)) as connection:
        for number in range(500):
            await server.say("ccplane", "ChannelStateChange", channel={"id": str(number), "state": "Up"})
        await until(lambda: len(connection.events) == 500)
        assert connection._stats.inbox_peak == 500
        seen = [await anext(connection.events) for _ in range(500)]
        assert [event.channel.id for event, _ in seen] == [str(number) for number in range(500)]
        assert [received for _, received in seen] == sorted(received for _, received in seen)


async def test_an_inbox_that_overflows_ends_the_connection_so_that_the_reconciler_repairs():
    async with rest_server() as server:
        ari = an_ari(server, Limits(inbox=10, first_wait=0.001))
        async with aclosing(ari.connections()) as connections:
            first = await anext(connections)
            for number in range(11):
                await server.say("ccplane", "ChannelStateChange", channel={"id": str(number), "state": "Up"})
            assert await first.finished() == "overflow"
            assert [received async for received in first.events] == []
            assert (await anext(connections)).ended is None
        assert ari.stats.overflows == 1
        assert ari.stats.ends["overflow"] == 1


async def test_a_request_without_an_answer_is_unknown_after_its_deadline():
    async with rest_server(answer=lambda _: None) as server, connected(an_ari(server)) as connection:
        began = time.monotonic()
        assert await connection.send(Answer("1"), "c-1") == Unknown("timeout")
        assert 0.15 < time.monotonic() - began < 3.0


async def test_deadlines_run_for_each_request():
    async with rest_server(answer=lambda _: None) as server, connected(an_ari(server)) as connection:
        first = connection.send(Answer("1"), "c-1")
        await asyncio.sleep(0.1)
        second = connection.send(Answer("1"), "c-1")
        assert await first == Unknown("timeout")
        assert not second.done()
        assert await second == Unknown("timeout")


async def test_an_answer_after_the_deadline_is_counted_and_changes_nothing():
    async with rest_server(answer=lambda _: None) as server, connected(an_ari(server)) as connection:
        assert await connection.send(Answer("1"), HOUSE) == Unknown("timeout")
        app, late = "ccplane-house", server.requests[-1]["request_id"]
        await server.raw(app, f'{{"type":"RESTResponse","request_id":"{late}","status_code":204}}')
        await until(lambda: connection._stats.late == 1)
        assert connection._stats.pending == 0


async def test_an_answer_that_cannot_be_read_is_unknown_and_not_lost():
    async with rest_server(answer=lambda _: (200, {"nonsense": 1})) as server, connected(an_ari(server)) as connection:
        outcome = await connection.send(GetChannel("1"), "c-1")
        assert isinstance(outcome, Unknown)
        assert outcome.reason.startswith("undecodable")


class Counted:
    """A transport that keeps what goes through it."""

    def __init__(self, transport: Any) -> None:
        self.transport, self.packets = transport, []

    def write(self, packet: bytes) -> None:
        self.packets.append(packet)
        self.transport.write(packet)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.transport, name)


async def test_commands_decided_together_leave_as_one_packet_and_those_that_are_urgent_before_them():
    async with rest_server() as server, connected(an_ari(server)) as connection:
        socket = connection._lane("c-1")._socket
        socket._transport = counted = Counted(socket._transport)
        connection.send(Answer("urgent"), "c-1")
        connection.flush()
        assert len(counted.packets) == 1
        rest = [connection.send(Answer(str(number)), "c-1") for number in range(5)]
        assert len(counted.packets) == 1
        await asyncio.gather(*rest)
        assert len(counted.packets) == 2
        asked = [request["uri"] for request in server.requests if request["uri"].endswith("answer")]
        assert asked == [f"channels/{each}/answer" for each in ("urgent", 0, 1, 2, 3, 4)]


async def test_nothing_is_subscribed():
    """Endpoints would have events worded twice; on device states a socket that closes deadlocks ARI (issue 2170)."""
    async with rest_server() as server, connected(an_ari(server)) as connection:
        await connection.send(Answer("1"), "c-1")
        assert [request for request in server.requests if request["uri"].endswith("subscription")] == []


async def test_when_any_socket_drops_the_whole_connection_ends_and_what_is_pending_is_unknown():
    for app in ("ccplane", "ccplane-house", "ccplane-cmd-2"):
        async with rest_server(answer=lambda _: None) as server, connected(an_ari(server)) as connection:
            futures = [connection.send(Answer("1"), f"c-{number}") for number in range(20)]
            server.drop(app)
            assert set(await asyncio.gather(*futures)) == {Unknown("disconnected")}
            assert [received async for received in connection.events] == []
            assert await connection.send(Answer("1"), "c-1") == Refused(0, "closed")


async def test_commands_of_a_lane_keep_their_order_and_their_socket():
    async with rest_server() as server, connected(an_ari(server)) as connection:
        futures = [connection.send(GetChannel(f"{lane}-{step}"), f"c-{lane}") for step in range(9) for lane in range(9)]
        await asyncio.gather(*futures)
        uris = [request["uri"] for request in server.requests]
        sent = [uri.removeprefix("channels/") for uri in uris if "channels/" in uri]
        for lane in range(9):
            mine = [name for name in sent if name.startswith(f"{lane}-")]
            assert mine == [f"{lane}-{step}" for step in range(9)]


async def test_the_gate_is_asked_at_the_socket():
    """Fenced: nothing leaves us, and the answer says so."""
    may = True
    async with rest_server() as server, connected(an_ari(server, may_send=lambda: may)) as connection:
        assert await connection.send(Answer("1"), "c-1") == Done(None)
        sent, may = len(server.requests), False
        assert await connection.send(Answer("1"), "c-1") == Refused(0, "fenced")
        assert not any("answer" in request["uri"] for request in server.requests[sent:])


@pytest.mark.parametrize("operation", WHOLE, ids=lambda operation: operation.__name__)
async def test_a_whole_list_is_asked_by_http_and_never_over_a_websocket(operation: type[Operation[list[Any]]]):
    """Where an answer of 490 kB segfaults Asterisk."""
    async with rest_server() as server, connected(an_ari(server)) as connection:
        path = operation.route.removeprefix("/")
        server.lists[path] = (200, [])
        assert await connection.send(operation(), HOUSE) == Done([])
        assert server.asked == [f"{path} Basic Y2NwbGFuZTpzZWNyZXQ="]
        assert path not in {request["uri"] for request in server.requests}


def test_every_operation_that_answers_with_all_there_is_is_among_them():
    lists = {operation for operation in OPERATIONS if get_origin(answer_of(operation)) is list}
    assert lists - {GetConfig, PutConfig} == set(WHOLE)


async def test_a_long_list_is_read_whole_and_in_order_while_the_loop_goes_on():
    channels = [{"id": str(number), "state": "Up", "creationtime": STAMP} for number in range(5_000)]
    async with rest_server() as server, connected(an_ari(server, Limits())) as connection:
        server.lists["channels"] = (200, channels)
        asked = connection.send(ListChannels(), HOUSE)
        turns = 0
        while not asked.done():
            await asyncio.sleep(0)
            turns += 1
        assert [channel.id for channel in (await asked).value] == [each["id"] for each in channels]  # type: ignore[union-attr]
        assert turns > len(channels) / PIECE


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (None, Unknown("timeout")),
        ((404, {"message": "no such thing"}), Gone("no such thing")),
        ((500, {"error": "Allocation failed"}), Refused(500, "Allocation failed")),
        ((401, b"<html>"), Refused(401, "Said")),
    ],
)
async def test_whatever_comes_of_a_list_it_is_an_outcome(said: tuple[int, Any] | None, outcome: object):
    calm = replace(QUICK, probe_every=10.0)  # nothing else is asked meanwhile
    async with rest_server() as server, connected(an_ari(server, calm)) as connection:
        server.lists["channels"] = said
        assert await connection.send(ListChannels(), HOUSE) == outcome
        assert connection._stats.pending == 0


@pytest.mark.parametrize("body", [b"garbage", {"nonsense": 1}, [{"nonsense": 1}]])
async def test_a_list_that_cannot_be_read_is_unknown(body: object):
    async with rest_server() as server, connected(an_ari(server)) as connection:
        server.lists["channels"] = (200, body)
        outcome = await connection.send(ListChannels(), HOUSE)
        assert isinstance(outcome, Unknown)
        assert outcome.reason.startswith("undecodable")


async def test_a_list_that_is_being_asked_for_when_the_connection_ends_is_unknown_and_later_ones_are_refused():
    async with rest_server() as server, connected(an_ari(server, Limits())) as connection:
        server.lists["channels"] = None
        asked = connection.send(ListChannels(), HOUSE)
        await until(lambda: server.asked)
        server.drop("ccplane")
        assert await asked == Unknown("disconnected")
        assert await connection.send(ListChannels(), HOUSE) == Refused(0, "closed")


async def test_a_list_is_not_asked_for_through_a_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with rest_server() as server, connected(an_ari(server)) as connection:
        server.lists["channels"] = (200, [])
        assert await connection.send(ListChannels(), HOUSE) == Done([])


async def test_a_connection_over_which_we_may_not_send_is_given_up_and_none_is_made_until_we_may():
    """Connected and silent we would take every new call; without us the dialplan's fallback has them."""
    may = True
    async with rest_server() as server, aclosing(an_ari(server, may_send=lambda: may).connections()) as connections:
        first = await anext(connections)
        may, began = False, time.monotonic()
        assert await first.finished() == "fenced"
        assert time.monotonic() - began >= QUICK.fenced * 0.9
        waiting = asyncio.ensure_future(anext(connections))
        await until(lambda: server.open == 0)
        sent = len(server.requests)
        await asyncio.sleep(0.2)
        assert (server.open, len(server.requests), waiting.done()) == (0, sent, False)
        may = True
        assert (await waiting).ended is None


async def test_a_moment_in_which_we_might_not_send_but_had_nothing_to_send_ends_nothing():
    may = True
    async with rest_server() as server, connected(an_ari(server, may_send=lambda: may)) as connection:
        may = False
        await asyncio.sleep(QUICK.fenced / 2)
        may = True
        await asyncio.sleep(QUICK.fenced * 2)
        assert connection.ended is None


async def test_a_command_held_back_for_a_moment_ends_the_connection_so_that_a_survey_puts_it_right():
    may = True
    async with rest_server() as server, aclosing(an_ari(server, may_send=lambda: may).connections()) as connections:
        first = await anext(connections)
        may = False
        assert await first.send(Answer("1"), "c-1") == Refused(0, "fenced")
        may = True
        assert await first.finished() == "fenced"
        assert (await anext(connections)).ended is None


async def test_what_asterisk_would_choke_on_never_leaves_us():
    """A frame over 65,535 bytes ends the socket at the other side."""
    async with rest_server() as server, connected(an_ari(server)) as connection:
        outcome = await connection.send(SetBridgeVariable("b", "X", "x" * 70_000), "c-1")
        assert isinstance(outcome, Refused)
        assert connection.ended is None


async def test_a_full_backlog_refuses_instead_of_growing():
    limits = Limits(backlog=3, request=0.2)
    async with rest_server(answer=lambda _: None) as server, connected(an_ari(server, limits)) as connection:
        futures = [connection.send(Answer("1"), "c-1") for _ in range(4)]
        assert await futures[3] == Refused(0, "backlog")


async def test_being_replaced_ends_the_connection_and_is_raised_to_whoever_listens():
    async with rest_server() as server:
        ari = an_ari(server)
        connections = ari.connections()
        connection = await anext(connections)
        await server.say("ccplane", "ChannelStateChange", channel=CHANNEL)
        await server.say("ccplane", "ApplicationReplaced")
        await anext(connection.events)  # what came before is still read
        with pytest.raises(Replaced):
            await anext(connection.events)
        assert await connection.send(Answer("1"), "c-1") == Refused(0, "closed")
        with pytest.raises(Replaced):
            await anext(connections)
        assert ari.stats.ends["replaced"] == 1


async def test_leaving_the_loop_closes_every_socket():
    async with rest_server() as server:
        async with connected(an_ari(server)) as connection:
            assert connection.ended is None
        await until(lambda: all(socket.close_code == 1000 for socket in server.sockets.values()))
        assert connection.ended == "closed"


async def test_a_cancelled_command_is_no_fault():
    """Who sent it lost interest; its answer still comes."""
    async with rest_server() as server, connected(an_ari(server)) as connection:
        connection.send(Answer("1"), "c-1").cancel()
        assert await connection.send(Answer("1"), "c-1") == Done(None)


async def test_reconnecting_waits_longer_each_time_and_never_less_than_a_millisecond():
    ari = Ari("http://127.0.0.1:9", "ccplane", "secret", limits=Limits(first_wait=0.004, longest_wait=0.02))
    async with aclosing(ari.connections()) as connections:
        waiting = asyncio.ensure_future(anext(connections))
        await until(lambda: ari.stats.refusals["ari-unreachable"] >= 5)
        assert ari._wait == 0.02
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting


def lane_of(connection: Connection, contact: str) -> str:
    return connection._lane(contact).app


async def test_a_command_socket_that_gives_no_answer_is_said_and_made_anew_and_the_others_never_notice():
    async with rest_server() as server, connected(an_ari(server)) as connection:
        app = lane_of(connection, "c-1")
        server.hangs.add(app)
        lost = connection.send(Answer("c-1"), "c-1")
        await until(lambda: connection.stuck)
        assert connection.stuck == f"command socket {app[-1]} of 3 does not answer"
        server.hangs.clear()
        await until(lambda: connection._stats.renewed == 1)
        assert await lost == Unknown("timeout")
        assert await connection.send(Answer("c-1"), "c-1") == Done(None)
        await until(lambda: not connection.stuck)
        assert connection.ended is None
        assert server.open == 5


async def test_a_command_socket_that_is_idle_and_held_up_is_found_by_the_pong_that_it_owes():
    async with rest_server() as server, connected(an_ari(server)) as connection:
        server.deafen(lane_of(connection, "c-1"))
        await until(lambda: connection._stats.renewed == 1)
        assert connection.ended is None


async def test_a_command_socket_that_is_held_up_again_ends_the_connection():
    async with rest_server() as server, connected(an_ari(server)) as connection:
        server.hangs.add(lane_of(connection, "c-1"))
        connection.send(Answer("c-1"), "c-1")
        await until(lambda: connection._stats.renewed == 1)
        connection.send(Answer("c-1"), "c-1")
        assert await connection.finished() == "wedged"


async def test_when_no_command_socket_answers_the_switch_is_left_alone_until_it_lists_its_channels():
    """New calls take the dialplan's fallback meanwhile: nobody holds the application."""
    async with rest_server() as server, aclosing((ari := an_ari(server)).connections()) as connections:
        first = await anext(connections)
        server.lists["channels"] = None
        server.hangs |= {wire.app for wire in first._lanes}
        for wire in first._lanes:
            contact = next(f"c-{n}" for n in range(99) if lane_of(first, f"c-{n}") == wire.app)
            first.send(Answer(contact), contact)
        assert await first.finished() == "wedged"
        following = asyncio.ensure_future(anext(connections))
        await until(lambda: ari.stats.refusals["ari-wedged"] >= 1)
        assert server.open == 0
        assert "does not list its channels" in ari.stats.last_error
        server.hangs.clear()
        server.lists["channels"] = (200, [])
        assert (await following).ended is None


@pytest.mark.slow
async def test_while_our_own_process_was_asleep_no_socket_is_held_up():
    async with rest_server() as server, connected(an_ari(server)) as connection:
        for _ in range(3):
            connection.send(Answer("c-1"), "c-1")
            connection.flush()
            time.sleep(0.5)
            await asyncio.sleep(0.01)
            assert connection.stuck == ""
        assert connection._stats.renewed == 0


@pytest.mark.slow
async def test_while_our_own_process_was_asleep_a_list_is_not_unanswered_and_is_asked_for_again():
    async with rest_server() as server, connected(an_ari(server, replace(QUICK, listing=1.0))) as connection:
        server.lists["channels"] = None
        asked = connection.send(ListChannels(), HOUSE)
        await until(lambda: server.asked)
        server.lists["channels"] = (200, [])
        time.sleep(1.3)
        assert await asked == Done([])
        assert not connection.stuck
        assert not connection.wedged


@pytest.mark.slow
async def test_while_our_own_process_was_asleep_no_command_went_without_an_answer():
    """What was said meanwhile is read before its deadline counts."""
    async with rest_server() as server, connected(an_ari(server, replace(QUICK, grace=0.5))) as connection:
        asked = connection.send(Answer("c-1"), "c-1")
        connection.flush()
        time.sleep(0.8)
        assert await asked == Done(None)
        server.hangs.add(lane_of(connection, "c-1"))
        asked = connection.send(Answer("c-1"), "c-1")
        connection.flush()
        time.sleep(0.8)
        assert await asked == Unknown("timeout"), "it is waited for no longer than that"


async def test_given_a_loop_that_is_late_at_each_turn_then_a_command_without_an_answer_ends_all_the_same():
    rest = Rest(lambda _: None, 0.02, 0.01, 10, AriStats())
    asked = rest.send(Answer("c-1"))
    for _ in range(10):
        time.sleep(0.04)
        await asyncio.sleep(0)
    assert asked.done()
    assert asked.result() == Unknown("timeout")


@pytest.mark.slow
async def test_while_our_own_process_was_asleep_no_socket_was_silent():
    patient = replace(QUICK, probe_every=0.5, silence=0.8, stuck=10)
    async with rest_server() as server, connected(an_ari(server, patient)) as connection:
        await asyncio.sleep(0.05)  # its heartbeat has begun
        server.deafen(lane_of(connection, "c-1"))
        time.sleep(1.2)
        await asyncio.sleep(0.2)
        server.hear_again()
        await asyncio.sleep(1)
        assert connection.ended is None
