"""What exists at the switch, asked at every connect and every 15 s (law 9). What to make of it the core decides."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import TypeVar

from msgspec.structs import replace

from ccplane.asterisk import operations as op
from ccplane.asterisk.agreed import APP, CARRIED_IN, DOOR, LINE
from ccplane.asterisk.fallback_waits import FallbackWaits
from ccplane.asterisk.models import Bridge, Channel
from ccplane.asterisk.orders import JOURNAL
from ccplane.asterisk.outcomes import Done
from ccplane.asterisk.phones import PhoneWatch
from ccplane.asterisk.switch import HOUSE, Switch
from ccplane.asterisk.translate import caller_of, device_in, was_carried
from ccplane.core.inputs import ChannelSeen, SwitchSurveyed
from ccplane.errors import SwitchError
from ccplane.ids import (
    AgentId,
    ChannelId,
    ConferenceId,
    ContactId,
    NodeName,
    contact_of_bridge,
    fax_of_channel,
    is_called_back,
    is_conference,
    is_dialled,
    is_line,
    leg_of_half,
    line_of_room,
    offer_of_leg,
)

T = TypeVar("T")


async def survey(
    switch: Switch,
    phones: PhoneWatch,
    node: NodeName,
    began_at: int,
    gap_ms: int,
    after_gap: bool,
    believed: Collection[ChannelId] = (),
    waits: FallbackWaits | None = None,
) -> SwitchSurveyed:
    """Channels, rooms and phones of a node, as one input. SwitchError if it does not answer. `believed`: the callers
    of whom we know; those who are not there after a gap may have been carried to the fallback, and ended there.
    `waits` is told who waits in the fallback's queues, last of all: what it posts stands just before this input."""
    asked_at = asyncio.get_running_loop().time()
    channels, bridges, endpoints, info = await asyncio.gather(
        _ask(switch, op.ListChannels()),
        _ask(switch, op.ListBridges()),
        _ask(switch, op.ListEndpoints()),
        _ask(switch, op.GetInfo()),
    )
    if not after_gap:  # first of all: one for whom nobody waits any more in the fallback may talk there
        phones.looked(endpoints, asked_at)
    missed = set(believed) - {ChannelId(each.id) for each in channels} if after_gap else set()
    found = SwitchSurveyed(
        node=node,
        version=info.system.version,
        started_at=int(info.status.startup_time),
        began_at=began_at,
        gap_ms=gap_ms,
        after_gap=after_gap,
        channels={ChannelId(each.id): seen for each in channels if (seen := _seen(node, each)) is not None},
        rooms=_rooms(bridges),
        conferences=_conferences(bridges),
        faxes=tuple(fax for each in channels if (fax := fax_of_channel(each.id)) == each.id),
        journals=_journals(bridges),
        lines=_lines(bridges),
        phones=phones.surveyed(endpoints, asked_at),
        carried=(
            *(ChannelId(each.id) for each in channels if not each.runs(APP) and was_carried(each)),
            *await _were_carried(switch, missed),
        ),
    )
    if waits is not None:
        waits.surveyed(channels, bridges, asked_at)
    return found


def confirmed(survey: SwitchSurveyed, before: SwitchSurveyed) -> SwitchSurveyed:
    """A survey in the light of the one before it: a contradiction counts once two in a row show it.

    Answers and events come over different sockets, so a survey may know of a hang-up whose event is still on its way.
    """
    seen = {**before.channels, **survey.channels}
    channels = {
        channel: each if channel in survey.channels and channel in before.channels else replace(each, sure=False)
        for channel, each in seen.items()
    }
    rooms = {room: _either(members, before.rooms.get(room, ()), survey) for room, members in survey.rooms.items()}
    return replace(survey, channels=channels, rooms=rooms)


def _either(
    members: tuple[ChannelId, ...], before: tuple[ChannelId, ...], survey: SwitchSurveyed
) -> tuple[ChannelId, ...]:
    """Who is in a room, and who was there a survey ago and still lives: they may be about to hang up."""
    return (*members, *(each for each in before if each not in members and each in survey.channels))


async def _were_carried(switch: Switch, missed: Collection[ChannelId]) -> list[ChannelId]:
    """Those of them of whom the guard has left word."""
    words = await asyncio.gather(*(_ask(switch, op.GetGlobalVariable(f"{CARRIED_IN}{each}")) for each in missed))
    return [each for each, word in zip(missed, words, strict=True) if word.value]


async def _ask(switch: Switch, operation: op.Operation[T]) -> T:
    outcome = await switch.send(operation, HOUSE)
    if isinstance(outcome, Done):
        return outcome.value
    raise SwitchError("switch-does-not-answer", f"{type(operation).__name__} gave {outcome}")


def _seen(node: NodeName, channel: Channel) -> ChannelSeen | None:
    """Ours: a leg by its id (while it rings nothing else tells), a caller by the application it is in."""
    up, since = channel.state == "Up", int(channel.created) or None
    if up and not channel.runs(APP) and was_carried(channel):
        return None  # the dialplan's fallback has it
    if leg_of_half(channel.id):
        return None  # it goes with its leg
    if fax_of_channel(channel.id):
        return None
    at_door = up and channel.dialplan.context == DOOR and not channel.runs(APP)
    if offer_of_leg(channel.id) is not None or is_line(channel.id):
        up = up and not at_door
        agent = _called(channel) if up else _reached_by_line(channel)
        device = device_in(channel.name)
        return ChannelSeen(ChannelId(channel.id), up, agent=agent, device=device, created_at=since, at_door=at_door)
    if (is_dialled(channel.id) or is_called_back(channel.id)) and (at_door or not up):
        return ChannelSeen(ChannelId(channel.id), False, device=device_in(channel.name), created_at=since)
    app, *args = channel.dialplan.app_data.split(",")
    if channel.dialplan.app_name != "Stasis" or app != APP:
        return None
    arrival = caller_of(node, channel, args, switch_at=channel.created)
    return ChannelSeen(ChannelId(channel.id), up, arrival, device=device_in(channel.name), created_at=since)


def _called(leg: Channel) -> AgentId | None:
    """Whom we called: a leg that is up stands in our application with `leg,AGENT`, as Originate gave it, an open line
    with `line,AGENT`."""
    args = leg.args if leg.runs(APP) else []
    return AgentId(args[1]) if len(args) == 2 and args[0] in ("leg", LINE) else None


def _reached_by_line(leg: Channel) -> AgentId | None:
    """Whom a leg that goes through an open line is to reach: its name says so, `Local/1001@ccplane-lines-…`."""
    technology, _, rest = leg.name.partition("/")
    agent, at, _ = rest.partition("@")
    return AgentId(agent) if technology == "Local" and at else None


def _journals(bridges: list[Bridge]) -> dict[ContactId, str]:
    kept = ((contact_of_bridge(each.id), each.bridgevars.get(JOURNAL)) for each in bridges)
    return {contact: text for contact, text in kept if contact is not None and isinstance(text, str)}


def _conferences(bridges: list[Bridge]) -> dict[ConferenceId, tuple[ChannelId, ...]]:
    ours = (each for each in bridges if is_conference(each.id))
    return {ConferenceId(each.id): tuple(ChannelId(channel) for channel in each.channels) for each in ours}


def _lines(bridges: list[Bridge]) -> dict[ChannelId, tuple[ChannelId, ...]]:
    rooms = ((line_of_room(each.id), each.channels) for each in bridges)
    return {line: tuple(ChannelId(each) for each in members) for line, members in rooms if line is not None}


def _rooms(bridges: list[Bridge]) -> dict[ContactId, tuple[ChannelId, ...]]:
    rooms: dict[ContactId, tuple[ChannelId, ...]] = {}
    for bridge in bridges:
        contact = contact_of_bridge(bridge.id)
        if contact is not None:
            rooms[contact] = tuple(ChannelId(channel) for channel in bridge.channels)
    return rooms
