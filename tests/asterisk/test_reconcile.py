"""What one survey alone must not lead to: its answers may overtake events that are still on their way."""

from __future__ import annotations

from ccplane.asterisk.reconcile import confirmed
from ccplane.core.inputs import ChannelSeen, SwitchSurveyed


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
