"""The state as bytes and back. Only what cannot be derived is kept; lines, free agents and deadlines are made anew."""

from __future__ import annotations

from typing import Final

import msgspec
from immutables import Map

from ccplane.agents.agent import Agent
from ccplane.agents.facts import Phone, Seat
from ccplane.contacts.callback import Callback
from ccplane.contacts.contact import Contact
from ccplane.contacts.emergency import Emergency
from ccplane.contacts.facts.surges import SurgeBegan
from ccplane.contacts.fallback import Carried, Remembered
from ccplane.contacts.faxing import Fax
from ccplane.contacts.message import Message
from ccplane.contacts.offer import Offer
from ccplane.contacts.owed import Owed
from ccplane.contacts.recordings import Expected
from ccplane.contacts.served import Last, Served
from ccplane.core.follows import callback_rescheduled, put_agent, put_contact, rescheduled
from ccplane.core.groups import scheduled
from ccplane.core.state import State
from ccplane.ids import CallbackId, ContactId, DeviceName, MessageId, NodeName, QueueName
from ccplane.routing.engine import Engine, ready_for
from ccplane.routing.estimate import Pace, Restaffed
from ccplane.routing.groups import Decided, Opening
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
    unstored: tuple[Expected, ...] = ()
    messages: tuple[Message, ...] = ()
    slow: dict[DeviceName, int] = {}
    fallback: dict[ContactId, Carried] = {}
    fallback_before: dict[ContactId, Carried] = {}
    """The older generation."""
    started: dict[NodeName, int] = {}
    away: dict[NodeName, bool] = {}
    wedged: dict[NodeName, str] = {}
    fallback_waits: dict[NodeName, tuple[QueueName, ...]] = {}
    nodes: tuple[NodeName, ...] = ()
    served: dict[str, Last] = {}
    served_before: dict[str, Last] = {}
    """The older generation."""
    surveyed: dict[str, Last] = {}
    surveyed_before: dict[str, Last] = {}
    groups: tuple[tuple[QueueName, str, Opening], ...] = ()
    decided: dict[QueueName, tuple[Decided, ...]] = {}
    unserved: tuple[QueueName, ...] = ()
    paces: dict[QueueName, Pace] = {}
    restaffed: Restaffed = Restaffed()
    callbacks: tuple[Callback, ...] = ()
    callbacks_ended: tuple[CallbackId, ...] = ()
    ledger_away: bool = False
    emergencies: tuple[Emergency, ...] = ()
    tell_at: int = 0
    surges: tuple[SurgeBegan, ...] = ()
    owed: tuple[Owed, ...] = ()
    answered: tuple[MessageId, ...] = ()
    faxes: tuple[Fax, ...] = ()


class _OneOffer(msgspec.Struct, frozen=True):
    """Of a contact as it was kept when it could have one open offer alone."""

    id: ContactId
    offer: Offer | None = None


class _Before(msgspec.Struct, frozen=True):
    contacts: tuple[_OneOffer, ...] = ()


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(Kept)
_before: Final = msgspec.msgpack.Decoder(_Before)


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
            unstored=tuple(state.unstored.values()),
            messages=tuple(state.messages.values()),
            slow=dict(state.slow),
            fallback=dict(state.fallback.young),
            fallback_before=dict(state.fallback.old),
            started=dict(state.started),
            away=dict(state.away),
            wedged=dict(state.wedged),
            fallback_waits=dict(state.fallback_waits),
            nodes=tuple(state.nodes),
            served=dict(state.served.young),
            served_before=dict(state.served.old),
            surveyed=dict(state.surveyed.young),
            surveyed_before=dict(state.surveyed.old),
            groups=tuple((*key, opening) for key, opening in state.groups.items()),
            decided=dict(state.decided),
            unserved=state.unserved,
            paces=dict(state.paces),
            restaffed=state.restaffed,
            callbacks=tuple(state.callbacks.values()),
            callbacks_ended=state.callbacks_ended,
            ledger_away=state.ledger_away,
            emergencies=tuple(state.emergencies.values()),
            tell_at=state.tell_at,
            surges=tuple(state.surges.values()),
            owed=tuple(state.owed.values()),
            answered=state.answered,
            faxes=tuple(state.faxes.values()),
        )
    )


def decode(data: bytes) -> State:
    """The state again, with no node connected; msgspec.ValidationError if an older ccplane kept it otherwise."""
    kept = _decoder.decode(data)
    state = State(
        epoch=kept.epoch,
        site=kept.site,
        rules=kept.rules,
        unserved=kept.unserved,
        sites=Map(kept.sites),
        ended=kept.ended,
        seats=Map({seat.id: seat for seat in kept.seats}),
        devices=Map(kept.devices),
        unstored=Map({each.id: each for each in kept.unstored}),
        messages=Map({message.id: message for message in kept.messages}),
        slow=Map(kept.slow),
        fallback=Remembered(Map(kept.fallback), Map(kept.fallback_before)),
        started=Map(kept.started),
        away=Map(kept.away),
        wedged=Map(kept.wedged),
        fallback_waits=Map(kept.fallback_waits),
        nodes=Map(dict.fromkeys(kept.nodes, False)),
        served=Served(Map(kept.served), Map(kept.served_before)),
        surveyed=Served(Map(kept.surveyed), Map(kept.surveyed_before)),
        groups=Map({(queue, name): opening for queue, name, opening in kept.groups}),
        decided=Map(kept.decided),
        paces=Map(kept.paces),
        restaffed=kept.restaffed,
        engine=ready_for(Engine(), kept.rules.queues, {}),
        callbacks=Map({each.id: each for each in kept.callbacks}),
        callbacks_ended=kept.callbacks_ended,
        ledger_away=kept.ledger_away,
        emergencies=Map({each.name: each for each in kept.emergencies}),
        tell_at=kept.tell_at,
        surges=Map({each.number: each for each in kept.surges}),
        owed=Map({each.id: each for each in kept.owed}),
        answered=kept.answered,
        faxes=Map({each.id: each for each in kept.faxes}),
    )
    for callback in kept.callbacks:
        state = callback_rescheduled(state, callback)
    for agent in sorted(kept.agents, key=lambda each: (each.idle_since, each.id)):
        state = put_agent(state, None, agent)
    alone = {each.id: (each.offer,) for each in _before.decode(data).contacts if each.offer}
    for contact in kept.contacts:
        offers = contact.offers or alone.get(contact.id, ())
        state = put_contact(state, None, msgspec.structs.replace(contact, offers=offers))
    for emergency in kept.emergencies:
        state = rescheduled(state, "emergency", emergency.name, emergency.until)
    for message in kept.owed:
        state = rescheduled(state, "message", message.id, message.deadline)
    return scheduled(state)
