"""What one survey alone must not lead to: its answers may overtake events that are still on their way."""

from __future__ import annotations

import pytest

from ccplane.asterisk import operations as op
from ccplane.asterisk.outcomes import Done
from ccplane.asterisk.phones import PhoneWatch
from ccplane.asterisk.reconcile import confirmed, survey
from ccplane.core.inputs import ChannelSeen, SwitchSurveyed
from ccplane.ids import ContactId, NodeName, bridge_of
from ccplane.testing import FakeAmi
from tests.asterisk.test_ari import an_ari, connected
from tests.stack import MakeNode


def a_survey(*channels: str) -> SwitchSurveyed:
    return SwitchSurveyed(
        node="ast1",
        version="22",
        began_at=0,
        gap_ms=0,
        after_gap=False,
        channels={channel: ChannelSeen(channel, up=True) for channel in channels},
        rooms={},
        phones={},
    )


def sure(survey: SwitchSurveyed) -> dict[str, bool]:
    return {channel: seen.sure for channel, seen in survey.channels.items()}


def test_a_channel_missing_once_is_not_missed_yet():
    assert sure(confirmed(a_survey(), a_survey("a"))) == {"a": False}


def test_a_channel_missing_twice_is_missed():
    assert sure(confirmed(a_survey(), a_survey())) == {}


def test_a_channel_seen_once_is_not_strange_yet():
    assert sure(confirmed(a_survey("a"), a_survey())) == {"a": False}


def test_a_channel_seen_twice_is_sure():
    assert sure(confirmed(a_survey("a"), a_survey("a"))) == {"a": True}


@pytest.mark.asterisk
async def test_a_survey_of_a_switch_with_much_to_tell_does_not_kill_it(make_node: MakeNode):
    """Over a WebSocket an answer of 490 kB segfaults Asterisk; the rooms alone are more than 800 kB here."""
    node = make_node()
    await node.start()
    ami = FakeAmi()
    phones = PhoneWatch(ami, ami.events, lambda _: None)
    async with connected(an_ari(node)) as switch:
        for number in range(40):
            contact = ContactId(f"c-ast1-{number}.1")
            assert isinstance(await switch.send(op.CreateBridge(bridge_of(contact)), contact), Done)
            journal = op.SetBridgeVariable(bridge_of(contact), "CCPLANE", "x" * 20_000)
            assert await switch.send(journal, contact) == Done(None)
        for _ in range(5):
            found = await survey(switch, phones, NodeName("ast1"), 0, 0, after_gap=True)
            assert len(found.rooms) == 40
        assert node.running
        assert switch.ended is None
    await node.stop()
