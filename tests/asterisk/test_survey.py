"""What the switch tells a plane that knows nothing of its calls."""

from __future__ import annotations

from contextlib import aclosing

import pytest

from ccplane.asterisk.models import Bridge, Channel, Dialplan
from ccplane.asterisk.operations import SetGlobalVariable
from ccplane.asterisk.phones import PhoneWatch
from ccplane.asterisk.reconcile import _journals, _lines, _seen, survey
from ccplane.asterisk.switch import HOUSE
from ccplane.asterisk.translate import was_carried
from ccplane.core.inputs import ChannelSeen
from ccplane.testing.fake_asterisk import FakeAsterisk

LEG = "l-c-ast1-1.1-2-1-7"


@pytest.mark.parametrize(
    ("state", "dialplan", "agent"),
    [
        ("Up", Dialplan(app_name="Stasis", app_data="ccplane,leg,1001"), "1001"),
        ("Ringing", Dialplan(app_name="AppDial2", app_data="(Outgoing Line)"), None),
        ("Up", Dialplan(app_name="Stasis", app_data="other,leg,1001"), None),
        ("Up", Dialplan(app_name="Stasis", app_data="ccplane,leg"), None),
    ],
)
def test_a_leg_that_is_up_tells_whom_we_called(state: str, dialplan: Dialplan, agent: str | None) -> None:
    seen = _seen("ast1", Channel(LEG, state, dialplan=dialplan))
    assert seen == ChannelSeen(LEG, state == "Up", agent=agent)


def test_an_open_line_tells_whose_it_is_and_the_far_half_of_a_leg_is_nobodys_call() -> None:
    dialplan = Dialplan(app_name="Stasis", app_data="ccplane,line,1001")
    assert _seen("ast1", Channel("s-1001-1-1", "Up", dialplan=dialplan)) == ChannelSeen(
        "s-1001-1-1", True, agent="1001"
    )
    assert _seen("ast1", Channel("s-1001-1-1", "Ringing")) == ChannelSeen("s-1001-1-1", False)
    assert _seen("ast1", Channel(f"h-{LEG}", "Up", dialplan=dialplan)) is None


@pytest.mark.parametrize(
    ("channel", "carried"),
    [
        (Channel("1.1", "Up", accountcode="ccplane-carried", dialplan=Dialplan(app_name="Queue")), True),
        (Channel("1.1", "Up", dialplan=Dialplan(context="ccplane-fallback", app_name="Playback")), True),
        (Channel(LEG, "Up", accountcode="ccplane-carried", dialplan=Dialplan(app_name="Playback")), True),
        (Channel("1.1", "Up", dialplan=Dialplan(app_name="Stasis", app_data="ccplane,4002")), False),
        (Channel("1.1", "Up", accountcode="theirs", dialplan=Dialplan(context="elsewhere")), False),
    ],
)
def test_whom_the_fallback_has_is_carried_and_no_channel_of_ours(channel: Channel, carried: bool) -> None:
    assert was_carried(channel) is carried
    if carried:
        assert _seen("ast1", channel) is None


async def test_after_a_gap_who_is_gone_was_carried_if_the_guard_has_left_word() -> None:
    fake = FakeAsterisk()
    phones = PhoneWatch(fake.ami, fake.ami.events, lambda _: None)
    believed = ("ast1-1.1", "ast1-1.2")
    async with aclosing(fake.connections()) as connections:
        switch = await anext(connections)
        await switch.send(SetGlobalVariable("CCPLANE_CARRIED_ast1-1.1", "1"), HOUSE)
        found = await survey(switch, phones, "ast1", 0, 60_000, True, believed)
        assert found.carried == ("ast1-1.1",)
        assert (await survey(switch, phones, "ast1", 0, 0, False, believed)).carried == ()


def test_the_room_of_an_open_line_gives_who_is_in_it() -> None:
    rooms = [Bridge("b-s-1001-1-1", channels=["s-1001-1-1"]), Bridge("b-c-ast1-1.1", channels=["1.1"])]
    assert _lines(rooms) == {"s-1001-1-1": ("s-1001-1-1",)}


def test_a_room_gives_its_journal() -> None:
    rooms = [
        Bridge("b-c-ast1-1.1", bridgevars={"CCPLANE": "{}"}),
        Bridge("b-c-ast1-1.2"),
        Bridge("another", bridgevars={"CCPLANE": "{}"}),
    ]
    assert _journals(rooms) == {"c-ast1-1.1": "{}"}
