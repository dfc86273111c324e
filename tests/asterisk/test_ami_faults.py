"""What panoramisk does alone, and what it does behind our fences: each fault is shown first, then that it is gone."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import panoramisk
import pytest
from panoramisk.ami_protocol import AMIProtocol

from ccplane.asterisk.ami import Ami, Limits
from ccplane.asterisk.ami_session import SLICE, Session
from ccplane.asterisk.outcomes import Done, Refused, Unknown
from ccplane.asterisk.stats import AmiStats
from tests.asterisk.ami_peer import AmiPeer, Headers, ami_peer, as_asterisk, message
from tests.asterisk.rest_server import until

QUICK = Limits(
    request=0.5,
    listing=0.5,
    booting=0.5,
    probe_every=0.02,
    probe_echo=0.1,
    first_wait=0.001,
    longest_wait=0.01,
    refused_wait=60.0,
)
ORIGINATE = {"Action": "Originate", "Channel": "Local/1@phones"}


@pytest.fixture
async def peer() -> AsyncIterator[AmiPeer]:
    async with ami_peer() as peer:
        yield peer


@asynccontextmanager
async def plain(peer: AmiPeer, **config: Any) -> AsyncIterator[panoramisk.Manager]:
    """panoramisk as it comes, logged in; it pings and reconnects fast, so that nobody waits."""
    logging.getLogger("panoramisk").setLevel(logging.CRITICAL)
    manager = panoramisk.Manager(
        loop=asyncio.get_running_loop(), host="127.0.0.1", port=peer.port, username="ccplane", secret="secret",
        ping_delay=3600, reconnect_timeout=0, **config
    )  # fmt: skip
    try:
        await manager.connect()
        await until(lambda: peer.named("Login") and manager.authenticated_future is None)
        yield manager
    finally:
        manager.close()
        manager.connect = lambda *_: None  # it would come back


@asynccontextmanager
async def ours(peer: AmiPeer, limits: Limits = QUICK) -> AsyncIterator[Ami]:
    ami = Ami("127.0.0.1", peer.port, "ccplane", "secret", limits=limits)
    running = asyncio.create_task(ami.run())
    try:
        await until(lambda: ami.stats.connected or ami.stats.refusals)
        yield ami
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def a_while(manager: panoramisk.Manager) -> None:
    """So many round trips that whatever was to come has come."""
    for _ in range(20):
        await manager.send_action({"Action": "Ping"})


# --- an action is sent once or never ---------------------------------------------------------------------------


def silent_at(*actions: str) -> Any:
    return lambda action: None if action["Action"] in actions else as_asterisk(action)


async def test_alone_it_sends_an_unanswered_originate_again_after_a_reconnect(peer: AmiPeer):
    peer.answer = silent_at("Originate")
    async with plain(peer) as manager:
        manager.send_action(dict(ORIGINATE))
        await until(lambda: peer.named("Originate"))
        peer.drop()
        await until(lambda: len(peer.named("Originate")) == 2)
        assert peer.connections == 2


async def test_fenced_an_unanswered_originate_is_unknown_and_never_sent_again(peer: AmiPeer):
    peer.answer = silent_at("Originate")
    async with ours(peer) as ami:
        asked = asyncio.create_task(ami.ask(ORIGINATE))
        await until(lambda: peer.named("Originate"))
        peer.drop()
        assert await asked == Unknown("disconnected")
        await until(lambda: ami.stats.connects == 2)
        assert isinstance(await ami.ask({"Action": "Status"}), Done)
        assert len(peer.named("Originate")) == 1


async def test_alone_what_is_asked_while_disconnected_is_done_whenever_it_is_connected_again(peer: AmiPeer):
    async with plain(peer, on_disconnect=lambda manager, _: manager.send_action(dict(ORIGINATE))):
        peer.drop()
        await until(lambda: peer.named("Originate"))
        assert peer.connections == 2


async def test_fenced_what_is_asked_while_disconnected_is_refused(peer: AmiPeer):
    async with ours(peer, Limits(first_wait=0.2)) as ami:
        peer.drop()
        await until(lambda: not ami.stats.connected)
        assert await ami.ask(ORIGINATE) == Refused(0, "closed")
        await until(lambda: ami.stats.connects == 2)
        assert peer.named("Originate") == []


# --- every question has an answer -------------------------------------------------------------------------------


async def test_alone_an_action_without_an_answer_is_awaited_for_ever(peer: AmiPeer):
    peer.answer = silent_at("Originate")
    async with plain(peer) as manager:
        future = manager.send_action(dict(ORIGINATE))
        await a_while(manager)
        assert not future.done()


async def test_fenced_an_action_without_an_answer_is_unknown_after_its_deadline(peer: AmiPeer):
    peer.answer = silent_at("Originate")
    async with ours(peer) as ami:
        assert await ami.ask(ORIGINATE) == Unknown("timeout")
        await until(lambda: ami.stats.pending == 0)  # a probe of the connection may be on its way


def refuses_lists(action: Headers) -> str | None:
    if action["Action"] == "PJSIPShowContacts":
        return message(Response="Error", ActionID=action["ActionID"], Message="No Contacts found")
    return as_asterisk(action)


async def test_alone_a_list_that_is_refused_is_awaited_for_ever(peer: AmiPeer):
    peer.answer = refuses_lists
    async with plain(peer) as manager:
        future = manager.send_action({"Action": "PJSIPShowContacts"}, as_list=True)
        await a_while(manager)
        assert not future.done()


async def test_fenced_a_list_that_is_refused_is_refused(peer: AmiPeer):
    peer.answer = refuses_lists
    async with ours(peer) as ami:
        listed = await ami.collect({"Action": "PJSIPShowContacts"}, "ContactListComplete")
        assert listed == Refused(400, "No Contacts found")


def queues(action: Headers) -> str | None:
    if action["Action"] == "Originate":
        return message(Response="Success", ActionID=action["ActionID"], Message="Originate successfully queued")
    return as_asterisk(action)


async def test_alone_an_english_sentence_makes_it_wait_for_an_event_that_a_filter_keeps_back(peer: AmiPeer):
    peer.answer = queues
    async with plain(peer) as manager:
        future = manager.send_action({**ORIGINATE, "Async": "true"})
        await a_while(manager)
        assert not future.done()


async def test_fenced_one_question_has_one_answer_whatever_it_says(peer: AmiPeer):
    peer.answer = queues
    async with ours(peer) as ami:
        assert isinstance(await ami.ask({**ORIGINATE, "Async": "true"}), Done)


# --- a fault of ours stays ours -----------------------------------------------------------------------------------

TWO = message(Event="ContactStatus", EndpointName="1001") + message(Event="ContactStatus", EndpointName="1002")


async def test_alone_an_exception_in_a_callback_closes_the_connection_and_loses_what_came_behind(peer: AmiPeer):
    told: list[str] = []

    def stumbles(_: panoramisk.Manager, event: panoramisk.Message) -> None:
        told.append(event.endpointname)
        raise ZeroDivisionError

    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    async with plain(peer) as manager:
        manager.register_event("ContactStatus", stumbles)
        peer.say(TWO)
        await until(lambda: peer.connections == 2)
        assert told == ["1001"]


async def test_fenced_an_exception_in_a_callback_is_counted_and_all_others_are_told(peer: AmiPeer):
    told: list[str] = []

    def stumbles(_: object) -> None:
        raise ZeroDivisionError

    async with ours(peer) as ami:
        ami.events.on("ContactStatus", stumbles)
        ami.events.on("ContactStatus", lambda event: told.append(event["endpointname"]))
        peer.say(TWO)
        await until(lambda: len(told) == 2)
        assert told == ["1001", "1002"]
        assert ami.stats.faults == 2
        assert isinstance(await ami.ask({"Action": "Status"}), Done)
        assert peer.connections == 1


# --- life is proven -------------------------------------------------------------------------------------------------


async def test_alone_it_pings_a_dead_peer_for_ever_and_remembers_every_ping(peer: AmiPeer):
    async with plain(peer) as manager:
        peer.deaf, manager.ping_interval = True, 0.001
        manager.ping()
        await until(lambda: len(peer.named("Ping")) >= 50)
        assert peer.connections == 1
        assert manager._connected
        assert len(manager.responses) >= 50


async def test_fenced_a_dead_peer_is_noticed_and_left(peer: AmiPeer):
    async with ours(peer) as ami:
        peer.deaf = True
        await until(lambda: ami.stats.ends["silence"] == 1)
        peer.deaf = False
        await until(lambda: ami.stats.connects == 2)


def wrong_password(action: Headers) -> str | None:
    return message(Response="Error", ActionID=action["ActionID"], Message="Authentication failed")


async def test_alone_a_wrong_password_is_told_to_nobody_and_actions_go_out_all_the_same(peer: AmiPeer):
    peer.answer = wrong_password
    async with plain(peer, on_login=lambda _: pytest.fail("it is logged in")) as manager:
        manager.send_action(dict(ORIGINATE))
        await until(lambda: peer.named("Originate"))


async def test_fenced_a_wrong_password_is_said_and_nothing_is_sent(peer: AmiPeer):
    peer.answer = wrong_password
    async with ours(peer) as ami:
        assert ami.stats.refusals == {"ami-wrong-password": 1}
        assert "CCPLANE_AMI_PASSWORD" in ami.stats.last_error
        assert await ami.ask(ORIGINATE) == Refused(0, "closed")
        assert [each["Action"] for each in peer.got] == ["Login"]


async def test_alone_one_that_is_closed_while_it_waits_to_reconnect_comes_back(peer: AmiPeer):
    async with plain(peer, on_disconnect=lambda manager, _: manager.close()):
        peer.drop()
        await until(lambda: peer.connections == 2)


async def test_fenced_one_that_is_cancelled_while_it_waits_to_reconnect_stays_away(peer: AmiPeer):
    async with ours(peer, Limits(first_wait=0.01)) as ami:
        peer.drop()
        await until(lambda: not ami.stats.connected)
    async with ours(peer):  # another's life, in which the first would have come back
        await until(lambda: len(peer.named("Ping")) >= 5)
        assert peer.connections == 2


# --- the wire -------------------------------------------------------------------------------------------------------

INJECTED = {"Action": "MixMonitor", "Channel": "1.2\r\n\r\nAction: Originate\r\nChannel: Local/premium@out"}


async def test_alone_a_value_can_hold_another_action(peer: AmiPeer):
    async with plain(peer) as manager:
        manager.send_action(dict(INJECTED))
        await until(lambda: peer.named("Originate"))
        assert peer.named("Originate")[0]["Channel"] == "Local/premium@out"


async def test_fenced_a_value_with_a_line_break_never_leaves_us(peer: AmiPeer):
    async with ours(peer) as ami:
        assert await ami.ask(INJECTED) == Refused(
            0, "Channel: a line break or another control character can't stand in a value"
        )
        assert isinstance(await ami.ask({"Action": "Status"}), Done)
        assert {each["Action"] for each in peer.got} == {"Login", "Ping", "Status"}


NAMED = message(Event="Newchannel", CallerIDName="王小明").encode()
SPLIT = NAMED.index("小".encode()) + 1


async def in_two_packets(peer: AmiPeer, half_read: Callable[[], object], told: list[str]) -> None:
    peer.say(NAMED[:SPLIT])
    await until(half_read)
    peer.say(NAMED[SPLIT:])
    await until(lambda: told)


async def test_alone_a_letter_that_two_packets_share_is_lost(peer: AmiPeer):
    told: list[str] = []
    async with plain(peer) as manager:
        manager.register_event("Newchannel", lambda _, event: told.append(event.calleridname))
        await in_two_packets(peer, lambda: any(manager.protocol.queue), told)
        assert told == ["王明"]


async def test_fenced_a_letter_that_two_packets_share_is_whole(peer: AmiPeer):
    told: list[str] = []
    async with ours(peer, Limits()) as ami:
        await until(lambda: peer.named("Ping") and not ami.stats.pending)
        ami.events.on("Newchannel", lambda event: told.append(event["calleridname"]))
        await in_two_packets(peer, lambda: ami._session._unread, told)
        assert told == ["王小明"]


class Unconnected(asyncio.Transport):
    """A transport for a protocol that is fed by hand."""

    def abort(self) -> None:
        pass


def a_session(told: list[Any]) -> Session:
    session = Session(Limits(), AmiStats(), told.append)
    session.connection_made(Unconnected())
    return session


async def test_alone_a_message_without_an_end_grows_for_ever():
    protocol = AMIProtocol()
    protocol.connection_made(Unconnected())
    for _ in range(1000):
        protocol.data_received(b"Output: x\r\n" * 100)
    assert len(protocol.queue[0]) == 1_100_000


async def test_fenced_a_message_or_a_line_without_an_end_ends_the_connection():
    for endless in (b"Output: x\r\n" * 100, b"x" * 1000):
        session = a_session([])
        for _ in range(1000):
            session.data_received(endless)
            await asyncio.sleep(0)
        assert session.ended == "overflow"
        assert len(session._unread) == 0


LIST = message(Event="ContactList", Endpoint="1001", Uri="sip:1001@127.0.0.1:5060").encode() * 1000


async def test_alone_a_long_list_holds_the_loop_until_all_of_it_is_parsed():
    told: list[Any] = []
    protocol = AMIProtocol()
    protocol.connection_made(Unconnected())
    protocol.handle_message = told.append
    protocol.data_received(LIST)
    assert len(told) == 1000


async def test_fenced_a_long_list_is_parsed_a_slice_at_a_time_whole_and_in_order():
    told: list[Any] = []
    session = a_session(told)
    session.data_received(LIST)
    session.data_received(message(Event="Last").encode())
    slices = [len(told)]
    while told[-1]["event"] != "Last":
        await asyncio.sleep(0)
        slices.append(len(told) - sum(slices))
    assert sum(slices) == len(told) == 1001
    assert (max(slices) - 1) * (len(LIST) // 1000) <= SLICE
