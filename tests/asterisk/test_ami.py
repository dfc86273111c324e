"""The AMI client: outcomes, deadlines, logins, lists; against a scripted peer, and against Asterisk itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplane.asterisk.ami import Ami, Limits
from ccplane.asterisk.ami_session import Session
from ccplane.asterisk.ami_wording import fault_of, outcome_of, worded
from ccplane.asterisk.node import LocalNode
from ccplane.asterisk.outcomes import Done, Gone, Refused, Unknown
from ccplane.asterisk.stats import AmiStats
from ccplane.testing import run
from tests.asterisk.ami_peer import AmiPeer, Headers, ami_peer, as_asterisk, message
from tests.asterisk.rest_server import until
from tests.asterisk.test_ami_faults import QUICK, Unconnected, a_session, ours, silent_at
from tests.stack import MakeNode


@pytest.fixture
async def peer() -> AsyncIterator[AmiPeer]:
    async with ami_peer() as peer:
        yield peer


# --- outcomes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("response", "outcome"),
    [
        ({"response": "Error", "message": "No such channel"}, Gone("No such channel")),
        ({"response": "Error", "message": "Permission denied"}, Refused(403, "Permission denied")),
        ({"response": "Error", "message": "Missing action in request"}, Refused(400, "Missing action in request")),
        ({"response": "Nonsense"}, Refused(400, "Nonsense")),
        ({}, Refused(400, "")),
    ],
)
def test_what_ami_says_is_one_of_a_closed_set(response, outcome):
    assert outcome_of(response) == outcome


@pytest.mark.parametrize(
    ("action", "fault"),
    [
        ({"Channel": "1"}, "an action needs its name"),
        ({"Action": "A", "Channel": "1\n2"}, "Channel: a line break"),
        ({"Action": "A", "Variable": ["a=1", "b=2\r\nAction: B"]}, "Variable: a line break"),
        ({"Action": "A", "Channel: x\r\nAction": "B"}, "is no header's name"),
        ({"Action": "A", "ActionID": "7"}, "ActionID is the client's own"),
        ({"Action": "A", "Channel": "x" * 1000}, "Channel: longer than a line"),
        ({"Action": "A", "Channel": "王" * 400}, "Channel: longer than a line"),
        ({"Action": "A", "Channel": "x\udc80"}, "Channel: half of a character"),
        ({"Action": "A", "Variable": ["a=1"] * 100}, "101 lines are more"),
    ],
)
def test_what_asterisk_would_misread_is_refused_with_what_is_wrong_with_it(action, fault):
    assert fault in fault_of(action)


@pytest.mark.slow
@given(st.dictionaries(st.text(max_size=9), st.text(max_size=20) | st.lists(st.text(max_size=20)), max_size=5))
def test_whatever_is_not_refused_is_one_action_with_just_these_headers(rest):
    action = {"Action": "A", **rest}
    if fault_of(action):
        return

    async def on_a_loop() -> bytes:  # panoramisk's actions want one
        return worded(action, "ask-1")

    *actions, after = run(on_a_loop()).decode().split("\r\n\r\n")
    assert (len(actions), after) == (1, "")
    lines = sorted(actions[0].split("\r\n"))
    assert lines == sorted(
        f"{name}: {each}"
        for name, value in {**action, "ActionID": "ask-1"}.items()
        for each in ([value] if isinstance(value, str) else value)
    )


@given(st.binary(max_size=300), st.integers(1, 50))
def test_whatever_bytes_come_in_whatever_pieces_nothing_is_raised(noise, piece):
    async def main() -> None:
        told: list[object] = []
        session = a_session(told)
        for start in range(0, len(noise), piece):
            session.data_received(noise[start : start + piece])
        session.data_received(b"\r\n\r\n" + message(Event="Last").encode())
        await asyncio.sleep(0)
        assert session.ended is None
        assert told[-1] == {"event": "Last"}

    run(main())


async def test_a_message_on_which_the_parser_stumbles_ends_the_connection_so_that_all_is_asked_anew():
    def stumbles(_: object) -> None:
        raise ZeroDivisionError

    stats = AmiStats()
    session = Session(Limits(), stats, stumbles)
    session.connection_made(Unconnected())
    session.data_received(message(Event="Newchannel").encode())
    assert (session.ended, stats.faults) == ("unreadable", 1)


async def test_several_values_are_several_lines_and_come_back_as_one_value_of_several_lines(peer: AmiPeer):
    def echo(action: Headers) -> str | None:
        if action["Action"] != "Command":
            return as_asterisk(action)
        return f"Response: Success\r\nActionID: {action['ActionID']}\r\nOutput: one\r\nOutput: two\r\n\r\n"

    peer.answer = echo
    async with ours(peer) as ami:
        said = await ami.ask({"Action": "Command", "Command": "x"})
        assert isinstance(said, Done)
        assert said.value["output"] == "one\ntwo"


# --- lists --------------------------------------------------------------------------------------------------------


def lists(*items: str, last: str = "ContactListComplete") -> object:
    def answer(action: Headers) -> str | None:
        if action["Action"] != "PJSIPShowContacts":
            return as_asterisk(action)
        number = action["ActionID"]
        said = message(Response="Success", ActionID=number, EventList="start", Message="A listing of Contacts follows")
        said += "".join(message(Event="ContactList", ActionID=number, Endpoint=item) for item in items)
        return said + (message(Event=last, ActionID=number, EventList="Complete") if last else "")

    return answer


async def test_a_list_is_whole_and_in_order_and_an_empty_one_is_one_too(peer: AmiPeer):
    async with ours(peer) as ami:
        for items in ([str(number) for number in range(3000)], []):
            peer.answer = lists(*items)
            listed = await ami.collect({"Action": "PJSIPShowContacts"}, "ContactListComplete")
            assert isinstance(listed, Done)
            assert [each["endpoint"] for each in listed.value] == items


async def test_a_list_that_never_ends_is_unknown_and_its_late_items_are_told_to_nobody(peer: AmiPeer):
    told: list[object] = []
    peer.answer = lists("1001", last="")
    async with ours(peer) as ami:
        ami.events.on("ContactList", told.append)
        assert await ami.collect({"Action": "PJSIPShowContacts"}, "ContactListComplete") == Unknown("timeout")
        number = peer.named("PJSIPShowContacts")[0]["ActionID"]
        peer.say(message(Event="ContactList", ActionID=number, Endpoint="1002"))
        await until(lambda: ami.stats.late == 1)
        assert told == []


async def test_a_list_longer_than_what_we_keep_is_unknown(peer: AmiPeer):
    peer.answer = lists(*"abcdef")
    async with ours(peer, Limits(items=5)) as ami:
        assert await ami.collect({"Action": "PJSIPShowContacts"}, "ContactListComplete") == Unknown("too long")


async def test_an_event_that_names_a_question_already_answered_is_told(peer: AmiPeer):
    told: list[object] = []
    async with ours(peer) as ami:
        ami.events.on("OriginateResponse", told.append)
        await ami.ask({"Action": "Originate", "Async": "true"})
        peer.say(message(Event="OriginateResponse", ActionID=peer.named("Originate")[0]["ActionID"]))
        await until(lambda: told)


# --- bounds -------------------------------------------------------------------------------------------------------


async def test_an_answer_after_the_deadline_is_counted_and_changes_nothing(peer: AmiPeer):
    peer.answer = silent_at("Status")
    async with ours(peer) as ami:
        assert await ami.ask({"Action": "Status"}) == Unknown("timeout")
        peer.say(message(Response="Success", ActionID=peer.named("Status")[0]["ActionID"]))
        await until(lambda: ami.stats.late == 1)


async def test_more_unanswered_actions_than_the_backlog_are_refused(peer: AmiPeer):
    peer.answer = silent_at("Status", "Ping")
    async with ours(peer, Limits(backlog=10, request=5.0)) as ami:
        waiting = [asyncio.create_task(ami.ask({"Action": "Status"})) for _ in range(9)]
        await until(lambda: len(peer.named("Status")) == 9)
        assert await ami.ask({"Action": "Status"}) == Refused(0, "backlog")
        peer.drop()
        assert set(await asyncio.gather(*waiting)) == {Unknown("disconnected")}
        assert ami.stats.pending == 0


async def test_an_asker_that_goes_away_leaves_nothing_behind(peer: AmiPeer):
    peer.answer = silent_at("Status")
    async with ours(peer, Limits(request=60.0)) as ami:
        asker = asyncio.create_task(ami.ask({"Action": "Status"}))
        await until(lambda: peer.named("Status"))
        asker.cancel()
        await until(lambda: ami.stats.pending == 0)


async def test_the_gate_is_asked_at_the_socket(peer: AmiPeer):
    may = False
    ami = Ami("127.0.0.1", peer.port, "ccplane", "secret", may_send=lambda: may, limits=QUICK)
    running = asyncio.create_task(ami.run())
    await until(lambda: ami.stats.connected)
    assert await ami.ask({"Action": "Status"}) == Refused(0, "fenced")
    may = True
    assert isinstance(await ami.ask({"Action": "Status"}), Done)
    assert len(peer.named("Status")) == 1
    running.cancel()


async def test_while_our_own_process_was_asleep_silence_proves_nothing(peer: AmiPeer):
    async with ours(peer) as ami:
        peer.deaf = True
        await until(lambda: ami.stats.pending)
        peer.deaf = False
        time.sleep(0.5)
        for _ in range(20):
            await ami.ask({"Action": "Status"})
        assert ami.stats.connects == 1


# --- logins -------------------------------------------------------------------------------------------------------


async def test_at_each_fresh_login_the_hooks_are_called_and_one_that_fails_hinders_no_other(peer: AmiPeer):
    told: list[str] = []

    async def stumbles() -> None:
        raise ZeroDivisionError

    async def asks() -> None:
        told.append("asked")

    ami = Ami("127.0.0.1", peer.port, "ccplane", "secret", limits=QUICK)
    ami.events.at_login(stumbles)
    ami.events.at_login(asks)
    running = asyncio.create_task(ami.run())
    await until(lambda: len(told) == 1)
    peer.drop()
    await until(lambda: len(told) == 2)
    assert ami.stats.faults == 2
    running.cancel()


async def test_a_hook_that_is_under_way_is_given_up_when_the_connection_ends(peer: AmiPeer):
    ends: list[str] = []

    async def hangs() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            ends.append("given up")
            raise

    ami = Ami("127.0.0.1", peer.port, "ccplane", "secret", limits=QUICK)
    ami.events.at_login(hangs)
    running = asyncio.create_task(ami.run())
    await until(lambda: ami.stats.connected and ami.stats.events["FullyBooted"])
    await asyncio.sleep(0)
    peer.drop()
    await until(lambda: ends)
    running.cancel()


async def test_while_asterisk_starts_the_hooks_wait_and_are_called_again_once_it_has(peer: AmiPeer):
    told: list[int] = []

    async def asks() -> None:
        told.append(ami.stats.events["FullyBooted"])

    def starting(action: Headers) -> str | None:
        if action["Action"] == "Login":
            return message(Response="Success", ActionID=action["ActionID"], Message="Authentication accepted")
        return as_asterisk(action)

    peer.answer = starting
    ami = Ami("127.0.0.1", peer.port, "ccplane", "secret", limits=QUICK)
    ami.events.at_login(asks)
    running = asyncio.create_task(ami.run())
    await until(lambda: told)  # after a while it asks all the same: an account may not be told
    peer.say(message(Event="FullyBooted"))
    await until(lambda: len(told) == 2)
    assert told == [0, 1]
    running.cancel()


async def test_in_a_hurry_the_next_try_is_not_waited_for_but_after_a_wrong_password(peer: AmiPeer):
    async with ours(peer, Limits(first_wait=60.0, longest_wait=60.0)) as ami:
        peer.drop()
        await until(lambda: not ami.stats.connected)
        while ami.stats.connects == 1:
            ami.hurry()
            await asyncio.sleep(0.01)

    def refuses(action: Headers) -> str:
        return message(Response="Error", ActionID=action["ActionID"], Message="Authentication failed")

    peer.answer = refuses
    ami = Ami("127.0.0.1", peer.port, "ccplane", "secret", limits=QUICK)
    running = asyncio.create_task(ami.run())
    await until(lambda: ami.stats.refusals)
    for _ in range(10):
        ami.hurry()
        await asyncio.sleep(0.01)
    assert ami.stats.refusals["ami-wrong-password"] == 1
    running.cancel()


async def test_without_an_account_it_says_so_and_tries_nothing():
    ami = Ami("127.0.0.1", 1, "", "")
    running = asyncio.create_task(ami.run())
    await until(lambda: ami.stats.last_error)
    assert "CCPLANE_AMI_USERNAME" in ami.stats.last_error
    assert ami.stats.refusals == {}
    running.cancel()


async def test_whatever_else_listens_there_is_left_and_tried_again():
    async def other(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(other, "127.0.0.1", 0) as server:
        ami = Ami("127.0.0.1", server.sockets[0].getsockname()[1], "ccplane", "secret", limits=QUICK)
        running = asyncio.create_task(ami.run())
        await until(lambda: ami.stats.refusals["ami-unreachable"] >= 2)
        running.cancel()


async def test_a_login_that_is_cut_off_is_no_wrong_password(peer: AmiPeer, monkeypatch: pytest.MonkeyPatch):
    """As of an Asterisk that dies, or is not up yet: after a wrong password the next try comes much later."""
    made = Session.connection_made

    def cut(session: Session, transport: asyncio.BaseTransport) -> None:
        made(session, transport)
        session.end("disconnected")

    monkeypatch.setattr(Session, "connection_made", cut)
    ami = Ami("127.0.0.1", peer.port, "ccplane", "secret", limits=QUICK)
    running = asyncio.create_task(ami.run())
    await until(lambda: ami.stats.refusals.total() >= 2)
    assert ami.stats.refusals.keys() == {"ami-unreachable"}
    running.cancel()


# --- Asterisk -----------------------------------------------------------------------------------------------------


def an_ami(node: LocalNode, **options: object) -> Ami:
    return Ami("127.0.0.1", node.ami_port, node.ami_username, node.ami_password, **options)  # type: ignore[arg-type]


@pytest.mark.asterisk
async def test_asterisk_answers_lists_refuses_and_pings(local_node: LocalNode):
    ami = an_ami(local_node, limits=Limits(probe_every=0.01))
    running = asyncio.create_task(ami.run())
    await until(lambda: ami.stats.connected)
    assert isinstance(await ami.ask({"Action": "CoreSettings"}), Done)
    assert await ami.ask({"Action": "MixMonitor", "Channel": "none", "File": "x.raw"}) == Gone("No such channel")
    assert isinstance(await ami.ask({"Action": "Nonsense"}), Refused)
    longest = {"Action": "GetVar", "Variable": "A" * 988}
    assert fault_of(longest) == ""
    assert isinstance(await ami.ask(longest), Done)
    most = {"Action": "GetVar", "Variable": "A", "X": ["1"] * 98}
    assert fault_of(most) == ""
    assert isinstance(await ami.ask(most), Done)
    listed = await ami.collect({"Action": "PJSIPShowEndpoints"}, "EndpointListComplete")
    assert isinstance(listed, Done)
    assert "trunk" in {each["objectname"] for each in listed.value}
    refused = await ami.collect({"Action": "PJSIPShowEndpoint", "Endpoint": "none"}, "EndpointDetailComplete")
    assert isinstance(refused, Refused)
    await until(lambda: ami.stats.round_trips.count >= 20)
    assert ami.stats.ends == {}
    running.cancel()


@pytest.mark.asterisk
async def test_asterisk_refuses_a_wrong_password_and_it_is_said(local_node: LocalNode):
    ami = Ami("127.0.0.1", local_node.ami_port, local_node.ami_username, "wrong", limits=QUICK)
    running = asyncio.create_task(ami.run())
    await until(lambda: ami.stats.refusals)
    assert ami.stats.refusals == {"ami-wrong-password": 1}
    running.cancel()


@pytest.mark.asterisk
async def test_the_planes_account_may_run_nothing_on_the_command_line(local_node: LocalNode):
    ami = an_ami(local_node)
    running = asyncio.create_task(ami.run())
    await until(lambda: ami.stats.connected)
    assert isinstance(await ami.ask({"Action": "Ping"}), Done)
    assert isinstance(await ami.ask({"Action": "Command", "Command": "core show uptime"}), Refused)
    running.cancel()


@pytest.mark.asterisk
@pytest.mark.slow
async def test_given_asterisk_is_killed_when_it_is_back_then_all_is_asked_anew_and_nothing_is_sent_again(
    make_node: MakeNode,
):
    node = make_node()
    await node.start()
    logins: list[object] = []

    async def asks() -> None:
        logins.append(await ami.collect({"Action": "PJSIPShowEndpoints"}, "EndpointListComplete"))

    ami = an_ami(node)
    ami.events.at_login(asks)
    running = asyncio.create_task(ami.run())
    await until(lambda: len(logins) == 1)
    blocked = asyncio.create_task(ami.ask({"Action": "CoreStatus"}))
    node.kill()
    assert isinstance(await blocked, Done | Unknown)
    await until(lambda: not ami.stats.connected)
    assert await ami.ask({"Action": "Ping"}) == Refused(0, "closed")
    await node.start()
    await until(lambda: len(logins) == 2, within=20)
    assert all(isinstance(each, Done) for each in logins)
    assert ami.stats.connects == 2
    running.cancel()
    await node.stop()
