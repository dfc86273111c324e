"""The lamp of an agent who sits elsewhere is told what they do there; that of all others follows their own phones."""

from __future__ import annotations

import pytest

from ccplane.agents import facts as a
from ccplane.agents.facts import Phone, Seat
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.core.commands import Light
from tests.core.floor import a_floor, offline


def sits(device):
    """Ana, ready at this phone."""
    people = [offline("ana")]
    floor = a_floor(agents=people)
    floor.take(i.PeopleRead(tuple(each.profile for each in people), (Seat(id="2001", shared=True),)))
    floor.take(i.PhoneSeen(device, Phone.REACHABLE))
    seat, web = device.removesuffix("-web"), device.endswith("-web")
    floor.take(i.IntentAsked(agent="ana", intent=a.Intent.READY, by="api", seat=seat, web=web))
    return floor


def shown(floor):
    return [each.elsewhere for each in floor.commands if isinstance(each, do.MirrorWork)]


def test_given_an_agent_at_a_shared_seat_when_they_are_rung_and_talk_then_their_lamp_is_told_each():
    floor = sits("2001")
    floor.waits()
    assert shown(floor) == [Light.RINGS]
    floor.picks_up("x")
    floor.joins("x")
    assert shown(floor) == [Light.RINGS, Light.IN_CALL]
    floor.agent_hangs_up("x")
    assert shown(floor) == [Light.RINGS, Light.IN_CALL, Light.OFF]


@pytest.mark.parametrize("device", ["ana", "ana-web"])
def test_given_an_agent_at_their_own_seat_then_nothing_is_told(device):
    floor = sits(device)
    floor.talks()
    floor.agent_hangs_up("x")
    assert shown(floor) == []


@pytest.mark.parametrize(("device", "light"), [("ana", Light.OFF), ("ana-web", Light.OFF), ("2001", Light.IN_CALL)])
def test_given_a_gap_in_a_talk_then_all_that_is_shown_is_set_right(device, light):
    floor = sits(device)
    floor.talks()
    [mirrored] = [each for each in floor.survey(after_gap=True).commands if isinstance(each, do.MirrorIntent)]
    assert (mirrored.ready, mirrored.paused, mirrored.elsewhere) == (True, False, light)
