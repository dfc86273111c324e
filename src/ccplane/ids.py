"""Typed ids. Every id is chosen by us and can be derived again (law 7).

| id | made from | looks like |
|---|---|---|
| contact | node and the caller channel's unique id | `c-ast1-1700000000.12` |
| bridge | contact | `b-c-ast1-1700000000.12` |
| leg | contact, step, try, epoch of the plane (last) | `l-c-ast1-1700000000.12-3-1-7` |
| leg of one who is called back into a talk | the same, and which try | `l-c-ast1-1700000000.12-3-1-7r1` |
| open line of an agent | agent, epoch of the plane, how many they had | `s-1001-7-1` |
| room of an open line | the line | `b-s-1001-7-1` |
| far half of a leg that goes through an open line | the leg | `h-l-c-ast1-1700000000.12-3-1-7` |
| offer | the leg without its epoch | `o-c-ast1-1700000000.12-3-1` |
| channel of an agent who asked us to call somebody | the agent, their claim | `d-1001-5f3a09c1d2e4` |
| callback | contact and step, or chosen by whom the API served | `cb-c-ast1-1700000000.12-3` |
| customer's channel of a callback | the callback, and which turn in the line it is | `k-cb-c-ast1-1700000000.12-3-1` |
| playback | contact, step, try | `p-c-ast1-1700000000.12-3-1` |
| recording | contact, segment with the agent | `r-c-ast1-1700000000.12-2` |
| message | contact, step, try; 0, 0 if the dialplan's fallback took it | `m-c-ast1-1700000000.12-3-1` |
| notice of a message | the message, and which of those who are told it is for | `n-m-c-ast1-1700000000.12-3-1-1` |
| fax, and the half of its channel that stands in the room | contact, step, try | `f-c-ast1-1700000000.12-3-1` |
| far half of that, which is the fax machine | the fax | `h-f-c-ast1-1700000000.12-3-1` |
"""

from __future__ import annotations

from typing import Final, NewType

NodeName = NewType("NodeName", str)
ContactId = NewType("ContactId", str)
ChannelId = NewType("ChannelId", str)
BridgeId = NewType("BridgeId", str)
PlaybackId = NewType("PlaybackId", str)
MessageId = NewType("MessageId", str)
NoticeId = NewType("NoticeId", str)
FaxId = NewType("FaxId", str)
OfferId = NewType("OfferId", str)
RecordingId = NewType("RecordingId", str)
ConferenceId = NewType("ConferenceId", str)
CallbackId = NewType("CallbackId", str)
AgentId = NewType("AgentId", str)
SeatId = NewType("SeatId", str)
DeviceName = NewType("DeviceName", str)
QueueName = NewType("QueueName", str)
ProgramName = NewType("ProgramName", str)

RECORDED: Final = "messages/"
"""The folder, among the switch's recordings, of those that programs take."""
FAXED: Final = "faxes/"
"""The folder, beside those, of faxes that are received."""
REVIEWED: Final = "review/"
"""That of their copies, for their own callers to hear."""


WEB: Final = "-web"
"""How a seat's browser phone is told from its desk phone."""


def contact_id(node: NodeName, caller: ChannelId) -> ContactId:
    """The contact of a caller's channel. A node whose `systemname` is set already prefixes its unique ids."""
    own = caller if caller.startswith(f"{node}-") else f"{node}-{caller}"
    return ContactId(f"c-{own}")


def bridge_of(contact: ContactId) -> BridgeId:
    return BridgeId(f"b-{contact}")


def contact_of_bridge(bridge: str) -> ContactId | None:
    """The contact whose room this is, or None for a bridge that is not ours."""
    return ContactId(bridge[2:]) if bridge.startswith("b-c-") else None


def conference_id(opened_by: ContactId, step: int) -> ConferenceId:
    """The bridge of a conference, by who opened it."""
    return ConferenceId(f"m-{opened_by}-{step}")


def contact_of_conference(conference: ConferenceId) -> ContactId:
    """Who opened it."""
    return ContactId(conference[2:].rpartition("-")[0])


def is_conference(bridge: str) -> bool:
    return bridge.startswith("m-c-")


def offer_id(contact: ContactId, step: int, attempt: int) -> OfferId:
    return OfferId(f"o-{contact}-{step}-{attempt}")


def leg_of(offer: OfferId, epoch: int) -> ChannelId:
    """The agent's channel for an offer made by the plane of this epoch."""
    return ChannelId(f"l-{offer[2:]}-{epoch}")


def offer_of_leg(channel: str) -> OfferId | None:
    """The offer a leg belongs to, whatever epoch originated it; None for a channel that is no leg of ours."""
    if not channel.startswith("l-c-"):
        return None
    return OfferId(f"o-{channel[2:].rpartition('-')[0]}")


def line_of(agent: AgentId, epoch: int, number: int) -> ChannelId:
    """The channel of an agent's open line: the `number`-th that they have."""
    return ChannelId(f"s-{agent}-{epoch}-{number}")


def agent_of_line(line: ChannelId) -> AgentId:
    return AgentId(line[2:].rsplit("-", 2)[0])


def is_line(channel: str) -> bool:
    return channel.startswith("s-")


def room_of_line(line: ChannelId) -> BridgeId:
    return BridgeId(f"b-{line}")


def line_of_room(bridge: str) -> ChannelId | None:
    """The open line whose room this is, or None for any other bridge."""
    return ChannelId(bridge[2:]) if bridge.startswith("b-s-") else None


def half_of(leg: ChannelId) -> ChannelId:
    """The far half of a leg that goes through an open line: it joins the line's room."""
    return ChannelId(f"h-{leg}")


def leg_of_half(channel: str) -> ChannelId | None:
    """The leg whose far half this is, or None for any other channel."""
    return ChannelId(channel[2:]) if channel.startswith(("h-l-c-", "h-d-")) else None


def contact_of_offer(offer: str) -> ContactId:
    return ContactId(offer[2:].rsplit("-", 2)[0])


def place_of_offer(offer: OfferId) -> tuple[int, int]:
    """The step and the try that an offer's id was made from."""
    step, attempt = offer.rsplit("-", 2)[1:]
    return int(step), int(attempt)


def leg_back(offer: OfferId, epoch: int, attempt: int) -> ChannelId:
    """The channel by which an agent whose phone vanished in a talk is called back into it."""
    return ChannelId(f"{leg_of(offer, epoch)}r{attempt}")


def is_call_back(leg: ChannelId) -> bool:
    return "r" in leg.rpartition("-")[2]


def device_of(endpoint: str) -> DeviceName:
    """The phone behind an endpoint as it is dialled: `PJSIP/1001-web` is 1001-web."""
    return DeviceName(endpoint.removeprefix("PJSIP/"))


def device_at(seat: SeatId, *, web: bool) -> DeviceName:
    """A seat's desk phone, or its browser phone."""
    return DeviceName(f"{seat}{WEB}") if web else DeviceName(seat)


def seat_of(device: DeviceName) -> SeatId:
    """The seat at which a phone stands."""
    return SeatId(device.removesuffix(WEB))


def is_web(device: DeviceName) -> bool:
    return device.endswith(WEB)


def recording_id(contact: ContactId, segment: int) -> RecordingId:
    """The recording of a talk; also the name of its file."""
    return RecordingId(f"r-{contact}-{segment}")


def contact_of_recording(recording: str) -> ContactId | None:
    """The contact that was recorded, or None for what is no id of a recording."""
    contact, _, segment = recording.removeprefix("r-").rpartition("-")
    ours = recording.startswith("r-c-") and segment.isdecimal() and contact.startswith("c-")
    return ContactId(contact) if ours else None


def dialled_channel(agent: AgentId, claim: str) -> ChannelId:
    """An agent's own channel of a call that they asked us to make: their phone is called first. `claim`: no hyphen."""
    return ChannelId(f"d-{agent}-{claim}")


def is_dialled(channel: str) -> bool:
    return channel.startswith("d-")


def callback_id(contact: ContactId, step: int) -> CallbackId:
    """The callback for which a contact asked at this step."""
    return CallbackId(f"cb-{contact}-{step}")


def called_back_channel(callback: CallbackId, turn: int) -> ChannelId:
    """The customer's channel, in the `turn`-th stay of this callback in a line."""
    return ChannelId(f"k-{callback}-{turn}")


def is_called_back(channel: str) -> bool:
    return channel.startswith("k-cb-")


def playback_id(contact: ContactId, step: int, attempt: int) -> PlaybackId:
    return PlaybackId(f"p-{contact}-{step}-{attempt}")


def hold_id(contact: ContactId) -> PlaybackId:
    """The prompt by which a caller whose agent's phone vanished is asked to hold."""
    return PlaybackId(f"hold-{contact}")


def contact_of_hold(playback: str) -> ContactId | None:
    return ContactId(playback[5:]) if playback.startswith("hold-c-") else None


def whisper_id(offer: OfferId) -> PlaybackId:
    """What an agent alone hears before they are joined with the caller."""
    return PlaybackId(f"whisper-{offer}")


def offer_of_whisper(playback: str) -> OfferId | None:
    return OfferId(playback[8:]) if playback.startswith("whisper-o-c-") else None


def contact_of_playback(playback: str) -> ContactId | None:
    return ContactId(playback[2:].rsplit("-", 2)[0]) if playback.startswith("p-c-") else None


def message_id(contact: ContactId, step: int = 0, attempt: int = 0) -> MessageId:
    """The message that this step recorded; without one, what the dialplan's fallback took from this caller."""
    return MessageId(f"m-{contact}-{step}-{attempt}")


def place_of_message(message: str) -> tuple[ContactId, int, int] | None:
    """The contact, the step and the try that a message's id was made from; None for an id that is not ours."""
    contact, *place = message[2:].rsplit("-", 2)
    if not message.startswith("m-c-") or len(place) != 2 or not all(part.isdecimal() for part in place):
        return None
    return ContactId(contact), int(place[0]), int(place[1])


def recording_of(message: MessageId) -> str:
    """The name under which the switch records it."""
    return f"{RECORDED}{message}"


def review_of(message: MessageId) -> str:
    """The name of the copy that its own caller may hear. Asterisk cuts the name of a copy at its last dot."""
    return f"{REVIEWED}{message}".replace(".", "~")


def message_of_review(name: str) -> MessageId | None:
    """The message that this is a copy of; None for what is none."""
    message = name.removeprefix(REVIEWED).replace("~", ".")
    return MessageId(message) if name.startswith(REVIEWED) and place_of_message(message) else None


def message_of_recording(name: str) -> MessageId | None:
    """The message that is recorded under this name; None for a recording that is not ours."""
    message = name.removeprefix(RECORDED)
    return MessageId(message) if name.startswith(RECORDED) and place_of_message(message) else None


def fax_id(contact: ContactId, step: int, attempt: int) -> FaxId:
    """The fax that this step receives or sends; also the name of our half of the channel that does."""
    return FaxId(f"f-{contact}-{step}-{attempt}")


def place_of_fax(fax: str) -> tuple[ContactId, int, int] | None:
    """The contact, the step and the try that a fax's id was made from; None for an id that is not ours."""
    contact, *place = fax[2:].rsplit("-", 2)
    if not fax.startswith("f-c-") or len(place) != 2 or not all(part.isdecimal() for part in place):
        return None
    return ContactId(contact), int(place[0]), int(place[1])


def contact_of_fax(fax: FaxId) -> ContactId:
    return ContactId(fax[2:].rsplit("-", 2)[0])


def fax_of_channel(channel: str) -> FaxId | None:
    """The fax whose channel this is, whichever half of it; None for any other channel."""
    fax = channel.removeprefix("h-")
    return FaxId(fax) if fax.startswith("f-c-") else None


def far_half_of_fax(fax: FaxId) -> ChannelId:
    """The half of its channel that is the fax machine."""
    return ChannelId(f"h-{fax}")


def file_of_fax(fax: FaxId) -> str:
    """Where the switch puts it, among its recordings."""
    return f"{FAXED}{fax}"
