"""Who at the switch has been left alone by a plane that is away, and what is to become of each.

| who | if alone | with another party |
|---|---|---|
| caller from outside | to the fallback, by the number they dialled | left alone |
| caller from a phone of ours | to the phones' fallback: emergency calls go out there | left alone |
| the same, once the agent with whom they talked has hung up (not: was lost) | a goodbye, and the end | left alone |
| somebody whom we called outside, up | a message, and the end | left alone |
| agent's leg, open line | hung up: the fallback may want that phone | left alone |
| anybody's leg that rings | hung up: answered now it would be dropped in silence | |
| far half of a leg through an open line | goes with its leg | |
| a fax machine of ours | hung up: its caller is gone | left alone |

A party is a channel that is up in the same bridge; who plays an announcement into it is none.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from ccplane.asterisk.actions import Message
from ccplane.asterisk.agreed import (
    APP,
    AT_DOOR,
    DOOR,
    LINE,
    OUTBOUND,
    PHONE,
    PHONE_FALLBACK,
    SERVED,
    SINCE,
    TO_FALLBACK,
)
from ccplane.ids import fax_of_channel, is_called_back, is_dialled, is_line, leg_of_half, offer_of_leg

NOBODY: Final = ("Announcer/", "Recorder/", "Snoop/", "CBAnn/", "CBRec/")
"""Names of channels that are in a bridge and are no party."""
NOT_DIALLED: Final = re.compile(r"[^0-9+]")
NOT_DIALLED_FROM_PHONE: Final = re.compile(r"[^0-9*+]")
NO_NUMBER: Final = "s"
LONGEST: Final = 40
"""Digits of a number dialled; the switch has room for 79."""


class Fate(Enum):
    """What becomes of one who was left alone."""

    CARRIED = "carried"
    TOLD = "told"
    THANKED = "thanked"
    HUNG_UP = "hung up"


@dataclass(frozen=True, slots=True)
class Left:
    """One who was left alone. `context` and `exten`: where to, unless they are hung up; `since`: Unix seconds, 0 if
    unknown; `age`: seconds since the channel began."""

    channel: str
    fate: Fate
    context: str = ""
    exten: str = ""
    since: int = 0
    age: int = 0


def left_alone(channels: Sequence[Message], served: Collection[str] = (), *, goodbye: bool = True) -> list[Left]:
    """Of all channels (AMI's Status), whom to carry: callers first, who waits longest before all others. `served`:
    callers whose agents have hung up; `goodbye`: whether the dialplan has one for them."""
    talking = _talking(channels)
    alone = [each for each in channels if each.get("uniqueid") not in talking]
    found = [left for each in alone if (left := _left(each, served, goodbye)) is not None]
    return sorted(found, key=lambda left: (list(Fate).index(left.fate), left.since, left.channel))


def with_agents(channels: Sequence[Message]) -> dict[str, set[str]]:
    """Callers who are in a talk with agents, each with those agents' legs."""
    up = _talking(channels)
    talking = [each for each in channels if each.get("uniqueid") in up]
    rooms: dict[str, set[str]] = {}
    for each in talking:
        if offer_of_leg(each["uniqueid"]) is not None:
            rooms.setdefault(each["bridgeid"], set()).add(each["uniqueid"])
    callers = (each for each in talking if each["bridgeid"] in rooms and offer_of_leg(each["uniqueid"]) is None)
    return {each["uniqueid"]: rooms[each["bridgeid"]] for each in callers}


def _talking(channels: Iterable[Message]) -> set[str]:
    """Who is up in a bridge with another who is."""
    rooms: dict[str, list[str]] = {}
    for each in channels:
        if each.get("bridgeid") and _up(each) and not each.get("channel", "").startswith(NOBODY):
            rooms.setdefault(each["bridgeid"], []).append(each.get("uniqueid", ""))
    return {channel for members in rooms.values() if len(members) > 1 for channel in members}


def _left(channel: Message, served: Collection[str], goodbye: bool) -> Left | None:
    own, age = channel.get("uniqueid", ""), _number(channel.get("seconds", ""))
    if fax_of_channel(own):
        return Left(own, Fate.HUNG_UP, age=age) if fax_of_channel(own) == own else None
    if leg_of_half(own) or channel.get("channel", "").startswith(NOBODY):
        return None
    called = offer_of_leg(own) is not None or is_line(own) or is_dialled(own) or is_called_back(own)
    if called and not _up(channel):
        return Left(own, Fate.HUNG_UP, age=age)
    application, *args = channel.get("data", "").split(",")
    if called and channel.get("context") == DOOR and channel.get("application") != "Stasis":
        args = _variables(channel).get(AT_DOOR, "").split(",")  # it waits for a plane to come back
    elif channel.get("application") != "Stasis" or application != APP:
        return None
    if is_line(own) or args[:1] == [LINE]:
        return Left(own, Fate.HUNG_UP, age=age)
    if offer_of_leg(own) is not None:
        to_agent = len(args) > 1
        return Left(own, Fate.HUNG_UP, age=age) if to_agent else Left(own, Fate.TOLD, TO_FALLBACK, OUTBOUND, age=age)
    if own in served and args[1:] == [PHONE]:
        return Left(own, Fate.HUNG_UP, age=age)
    if own in served and goodbye:
        return Left(own, Fate.THANKED, TO_FALLBACK, SERVED, age=age)
    return _caller(channel, own, args, age)


def _caller(channel: Message, own: str, args: list[str], age: int) -> Left:
    """The number goes on as digits, whatever stands there."""
    since = _number(_variables(channel).get(SINCE, "")) or _began(own)
    dialled = args[0] if args else ""
    if args[1:] == [PHONE]:
        digits = NOT_DIALLED_FROM_PHONE.sub("", dialled)[:LONGEST]
        to = (PHONE_FALLBACK, digits) if digits else (TO_FALLBACK, OUTBOUND)
    else:
        to = (TO_FALLBACK, NOT_DIALLED.sub("", dialled)[:LONGEST] or NO_NUMBER)
    return Left(own, Fate.CARRIED, *to, since=since, age=age)


def _up(channel: Message) -> bool:
    return channel.get("channelstatedesc") == "Up"


def _began(channel: str) -> int:
    """When a channel began, by its unique id: `ast1-1700000000.12`."""
    return _number(channel.rpartition("-")[2].partition(".")[0])


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() else 0


def _variables(channel: Message) -> Mapping[str, str]:
    """`NAME=value` lines; one that is not set is `(null)`."""
    pairs = (line.partition("=") for line in channel.get("variable", "").splitlines())
    return {name: value for name, _, value in pairs}
