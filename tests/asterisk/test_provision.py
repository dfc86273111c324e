"""Phone accounts are pushed, kept, changed and removed; registered phones never notice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest

from ccplane.agents.facts import Phone
from ccplane.asterisk.ami import Ami
from ccplane.asterisk.ari import Connection
from ccplane.asterisk.models import ConfigField
from ccplane.asterisk.node import LocalNode
from ccplane.asterisk.operations import DeleteConfig, GetConfig, GetEndpoint, Operation, Originate, PutConfig
from ccplane.asterisk.outcomes import Done, Gone, Refused, Unknown
from ccplane.asterisk.phones import PhoneWatch
from ccplane.asterisk.provision import Phones, differences, plain, provision
from ccplane.asterisk.switch import HOUSE
from ccplane.core.inputs import PhoneSeen
from ccplane.testing.clock import run
from ccplane.testing.fake_asterisk import FakeAsterisk
from ccplane.testing.siplab import Lab, RegistrationRefused, open_lab
from tests.asterisk.phones import online
from tests.asterisk.rest_server import until
from tests.asterisk.test_ari import an_ari, connected

SECRETS = {str(user): f"s;e=cr#et-{user}" for user in range(7001, 7021)}
PHONES = Phones(owner="test", qualify_s=1, rtp_timeout_s=0)


@pytest.fixture
async def switch(local_node: LocalNode) -> AsyncIterator[Connection]:
    async with connected(an_ari(local_node)) as connection:
        yield connection
        await provision(connection, {}, PHONES)


@pytest.fixture
async def lab(local_node: LocalNode) -> AsyncIterator[Lab]:
    async with open_lab((local_node.bind, local_node.sip_port)) as lab:
        yield lab


@pytest.mark.parametrize(("wanted", "read_back"), [("yes", "true"), ("ulaw,alaw", "(ulaw|alaw)"), ("3", "3.000000")])
def test_a_field_that_asterisk_says_in_other_words_is_no_difference(wanted: str, read_back: str):
    assert plain(wanted) == plain(read_back)
    assert differences({"x": wanted}, Done([ConfigField("x", read_back)])) == {}


def test_only_what_differs_is_written():
    found = Done([ConfigField("context", "elsewhere"), ConfigField("allow", "(ulaw)")])
    assert differences({"context": "from-phones", "allow": "ulaw"}, found) == {"context": "from-phones"}
    assert differences({"allow": "ulaw"}, Gone("")) == {"allow": "ulaw"}


@pytest.mark.parametrize(("reason", "operation"), [("not read", GetConfig), ("not deleted", DeleteConfig)])
def test_an_account_that_could_not_be_removed_is_said_to_have_failed(reason: str, operation: type[Operation[Any]]):
    async def scene() -> None:
        fake = FakeAsterisk()
        async with aclosing(fake.connections()) as connections:
            switch = await anext(connections)
            assert (await provision(switch, {"1001": "s"})).trouble == ""
            fake.next(operation, Unknown(reason))
            done = await provision(switch, {})
            assert done.removed == []
            assert reason in done.trouble
            assert (await provision(switch, {})).failed == {}

    run(scene())


@pytest.mark.asterisk
async def test_a_pushed_phone_registers_over_udp_and_tcp_and_rings(switch: Connection, lab: Lab):
    """Many phones behind one address and port, told apart by their user."""
    done = await provision(switch, SECRETS, PHONES)
    assert sorted(done.created) == sorted(SECRETS)
    assert done.failed == {}
    await lab.phones.register({user: SECRETS[user] for user in list(SECRETS)[:10]})
    await lab.phones.phone("7011").register(SECRETS["7011"], transport="tcp")
    await online(switch, "7003", "7011")
    for user in ("7003", "7011"):
        leg = Originate(f"leg-{user}", f"PJSIP/{user}", switch.app, timeout=5)
        assert isinstance(await switch.send(leg, "c-1"), Done)
        await lab.phones.phone(user).next_ring()


@pytest.mark.asterisk
async def test_a_wrong_secret_is_refused(switch: Connection, lab: Lab):
    await provision(switch, SECRETS, PHONES)
    with pytest.raises(RegistrationRefused) as caught:
        await lab.phones.phone("7001").register("guessed")
    assert caught.value.code == 401


@pytest.mark.asterisk
async def test_a_second_time_nothing_is_written(switch: Connection):
    await provision(switch, SECRETS, PHONES)
    again = await provision(switch, SECRETS, PHONES)
    assert (again.created, again.changed, again.removed, again.unchanged) == ([], [], [], 20)


@pytest.mark.asterisk
async def test_a_change_is_made_and_the_phone_stays_registered(switch: Connection, lab: Lab):
    """Also one that somebody else made at Asterisk."""
    await provision(switch, SECRETS, PHONES)
    await lab.phones.register({"7001": SECRETS["7001"], "7002": SECRETS["7002"]})
    await online(switch, "7001", "7002")
    by_hand = PutConfig("res_pjsip", "endpoint", "7001", {"context": "elsewhere"})
    assert isinstance(await switch.send(by_hand, HOUSE), Done)
    done = await provision(switch, {**SECRETS, "7002": "another"}, PHONES)
    assert done.changed == ["7001", "7002"]
    for user in ("7001", "7002"):
        endpoint = await switch.send(GetEndpoint("PJSIP", user), HOUSE)
        assert isinstance(endpoint, Done)
        assert endpoint.value.state == "online"
    with pytest.raises(RegistrationRefused):
        await lab.phones.phone("7002").register(SECRETS["7002"])
    await lab.phones.phone("7002").register("another")


@pytest.mark.asterisk
async def test_a_phone_that_was_removed_and_comes_back_is_told_of_again(
    switch: Connection, lab: Lab, local_node: LocalNode
):
    told: list[PhoneSeen] = []
    ami = Ami(local_node.bind, local_node.ami_port, local_node.ami_username, local_node.ami_password)
    PhoneWatch(ami, ami.events, told.append)
    listening = asyncio.create_task(ami.run())
    await until(lambda: ami.stats.connected)

    async def is_told(phone: Phone) -> None:
        await until(lambda: phone in [seen.phone for seen in told if seen.device == "7001"])
        told.clear()

    for _ in range(3):
        await provision(switch, SECRETS, PHONES)
        await provision(switch, SECRETS, PHONES)
        await lab.phones.register({"7001": SECRETS["7001"]})
        await is_told(Phone.REACHABLE)
        await lab.phones.phone("7001").unregister()
        await is_told(Phone.GONE)
        await provision(switch, {}, PHONES)
    listening.cancel()


@pytest.mark.asterisk
async def test_who_is_no_longer_wanted_is_removed_and_nobody_elses(switch: Connection, lab: Lab):
    """Ours by tenantid: neither the trunk of the file nor another plane's phones go."""
    other = Phones(owner="other", rtp_timeout_s=0)
    await provision(switch, SECRETS, PHONES)
    await provision(switch, {"7100": "theirs"}, other)
    done = await provision(switch, {"7001": SECRETS["7001"]}, PHONES)
    assert sorted(done.removed) == sorted(SECRETS.keys() - {"7001"})
    for kind in ("auth", "aor", "endpoint"):
        assert isinstance(await switch.send(GetConfig("res_pjsip", kind, "7002"), HOUSE), Gone)
    for kept in ("trunk", "7100", "7001"):
        assert isinstance(await switch.send(GetEndpoint("PJSIP", kept), HOUSE), Done)
    with pytest.raises(RegistrationRefused):
        await lab.phones.phone("7002").register(SECRETS["7002"])
    assert (await provision(switch, {}, other)).removed == ["7100"]


@pytest.mark.asterisk
async def test_a_phone_that_the_files_own_is_said_to_have_failed(switch: Connection):
    """An operator's own `trunk` can't be taken by an agent of that name."""
    done = await provision(switch, {"trunk": "x"}, PHONES)
    assert "trunk" in done.failed


@pytest.mark.asterisk
async def test_a_phone_that_registers_anew_takes_the_place_of_the_old_one(switch: Connection, local_node: LocalNode):
    """A phone that was restarted comes from another port: its next call rings there."""
    await provision(switch, {"7001": "s"}, PHONES)
    pbx = (local_node.bind, local_node.sip_port)
    async with open_lab(pbx) as first, open_lab(pbx) as second:
        await first.phones.phone("7001").register("s")
        await second.phones.phone("7001").register("s")
        leg = Originate("leg-x", "PJSIP/7001", switch.app, timeout=5)
        assert isinstance(await switch.send(leg, "c-1"), Done)
        await second.phones.phone("7001").next_ring()
        assert first.phones.phone("7001").idle


@pytest.mark.asterisk
async def test_a_phone_that_left_cannot_be_rung(switch: Connection, lab: Lab):
    await provision(switch, {"7001": "s"}, PHONES)
    phone = lab.phones.phone("7001")
    await phone.register("s")
    await phone.unregister()
    assert await switch.send(Originate("leg-y", "PJSIP/7001", switch.app), "c-1") == Refused(500, "Allocation failed")


@pytest.mark.asterisk
async def test_a_browsers_account_demands_dtls_and_is_of_the_same_seat(switch: Connection):
    """And it reads back as it was written: a second time nothing is."""
    accounts = {"7001": "s", "7001-web": "s"}
    await provision(switch, accounts, PHONES)
    found = await switch.send(GetConfig("res_pjsip", "endpoint", "7001-web"), HOUSE)
    assert isinstance(found, Done)
    fields = {each.attribute: each.value for each in found.value}
    assert (fields["webrtc"], fields["media_encryption"], fields["ice_support"]) == ("yes", "dtls", "true")
    assert plain(fields["callerid"]) == "7001"
    assert (await provision(switch, accounts, PHONES)).unchanged == 2
