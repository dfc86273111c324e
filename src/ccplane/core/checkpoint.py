"""The state as bytes and back. Only what cannot be derived is kept; lines, free agents and deadlines are made anew."""

from __future__ import annotations

from typing import Final

import msgspec

from ccplane.agents.agent import Agent
from ccplane.agents.facts import Phone, Seat
from ccplane.contacts.contact import Contact
from ccplane.contacts.message import Message
from ccplane.core.state import State, restored
from ccplane.ids import ContactId, DeviceName
from ccplane.routing.rules import Rules


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What a checkpoint keeps of a state."""

    epoch: int
    site: str
    rules: Rules
    sites: dict[str, dict[str, str]]
    agents: tuple[Agent, ...]
    contacts: tuple[Contact, ...]
    ended: tuple[ContactId, ...]
    seats: tuple[Seat, ...] = ()
    devices: dict[DeviceName, Phone] = {}
    messages: tuple[Message, ...] = ()
    slow: dict[DeviceName, int] = {}


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(Kept)


def encode(state: State) -> bytes:
    """The state as bytes; safe on any thread, since a state never changes."""
    return _encoder.encode(
        Kept(
            epoch=state.epoch,
            site=state.site,
            rules=state.rules,
            sites=dict(state.sites),
            agents=tuple(state.agents.values()),
            contacts=tuple(state.contacts.values()),
            ended=state.ended,
            seats=tuple(state.seats.values()),
            devices=dict(state.devices),
            messages=tuple(state.messages.values()),
            slow=dict(state.slow),
        )
    )


def decode(data: bytes) -> State:
    """The state again, with no node connected; msgspec.ValidationError if an older ccplane kept it otherwise."""
    kept = _decoder.decode(data)
    return restored(
        epoch=kept.epoch,
        site=kept.site,
        rules=kept.rules,
        sites=kept.sites,
        agents=kept.agents,
        contacts=kept.contacts,
        ended=kept.ended,
        seats=kept.seats,
        devices=kept.devices,
        messages=kept.messages,
        slow=kept.slow,
    )
