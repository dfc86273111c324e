"""The switch's events as inputs of the core. Ids say it all: nothing is looked up, nothing remembered (law 7)."""

from __future__ import annotations

from typing import Final

from ccplane.asterisk import events as e
from ccplane.asterisk.agreed import CARRIED, FALLBACK, PHONE, PHONE_FALLBACK, TO_FALLBACK
from ccplane.asterisk.models import Channel
from ccplane.core import inputs as i
from ccplane.ids import (
    AgentId,
    ChannelId,
    ConferenceId,
    ContactId,
    DeviceName,
    FaxId,
    NodeName,
    contact_id,
    contact_of_bridge,
    contact_of_hold,
    contact_of_playback,
    fax_of_channel,
    is_conference,
    is_line,
    leg_of_half,
    line_of_room,
    message_of_recording,
    offer_of_leg,
    offer_of_whisper,
)

LONGEST: Final = 80

NORMAL: Final = 16
"""Q.850: normal clearing. A BYE without a Reason header comes as a ChannelHangupRequest without a cause (RFC 3398)."""


BY_DEVICE: Final = 1
"""The flag of a soft hang-up that Asterisk's channel driver asked for: no RTP came for `rtp_timeout`. Ours have 32."""
SHUTTING_DOWN: Final = 4
"""Asterisk stops or restarts by its console: every channel is told so before any of them ends."""
NO_MEDIA: Final = 44
"""Q.850: requested channel not available, as Asterisk itself tells the phone then."""


def printable(text: str) -> str:
    """A caller's text without what could hurt a log, a screen or a phone, and no longer than LONGEST."""
    return "".join(each for each in text if each.isprintable())[:LONGEST].strip()


def caller_of(node: NodeName, channel: Channel, args: list[str], switch_at: int) -> i.CallerArrived:
    """A caller's arrival, from its channel and the arguments the dialplan gave."""
    return i.CallerArrived(
        node=node,
        channel=ChannelId(channel.id),
        number_dialled=printable(args[0]) if args else printable(channel.dialplan.exten),
        caller=printable(channel.caller.number),
        caller_name=printable(channel.caller.name),
        switch_at=int(switch_at),
        answered=channel.state == "Up",
        device=device_in(channel.name) if args[1:] == [PHONE] else None,
    )


def device_in(name: str) -> DeviceName | None:
    """The phone of a channel, by the channel's name: `PJSIP/1001-web-0000002a` is of 1001-web."""
    technology, _, rest = name.partition("/")
    device = rest.rpartition("-")[0]
    return DeviceName(device) if technology == "PJSIP" and device else None


def translate(node: NodeName, event: e.Event) -> i.Input | None:
    """The input an event means, or None if it means nothing to us."""
    if (fax := _fax_of(event)) is not None:
        return _faxed(fax, event)
    match event:
        case e.ChannelEnteredBridge():
            return _entered(node, event)
        case e.ChannelLeftBridge():
            return _left(event)
        case e.StasisStart():
            return _started(node, event)
        case e.ChannelStateChange():
            return _state_changed(node, event.channel)
        case e.Dial():
            return _dialled(event)
        case e.ChannelHangupRequest():
            # a soft hang-up is not the far end's but ours, or the switch's (no RTP); its cause is a flag, not Q.850
            if event.soft and event.cause == BY_DEVICE:
                return _ended(node, event.channel, NO_MEDIA, 0, gone=False, no_media=True)
            if event.soft and event.cause == SHUTTING_DOWN:
                return _shut_down(node, event.channel)
            cause = 0 if event.soft else event.cause or NORMAL
            return _ended(node, event.channel, cause, event.tech_cause or 0, gone=not event.soft)
        case e.ChannelDestroyed():
            return _ended(node, event.channel, event.cause, event.tech_cause or 0, gone=True)
        case e.StasisEnd() if is_line(event.channel.id):
            return None  # why it ended the others tell
        case e.StasisEnd() if was_carried(event.channel):
            return _carried(node, event.channel)
        case e.StasisEnd():
            return _ended(node, event.channel, 0, 0, gone=False)
        case e.ChannelDtmfReceived() if _of_a_line(event.channel.id):
            return None
        case e.ChannelDtmfReceived():
            return i.KeyPressed(contact_id(node, ChannelId(event.channel.id)), event.digit)
        case e.PlaybackStarted():
            return _began_to_play(event)
        case e.PlaybackFinished():
            return _played(event)
        case e.RecordingStarted() | e.RecordingFinished() | e.RecordingFailed():
            return _recorded(event)
        case _:
            return None


def _fax_of(event: e.Event) -> FaxId | None:
    channel = getattr(event, "channel", None)
    return fax_of_channel(channel.id) if channel else None


def _faxed(fax: FaxId, event: e.Event) -> i.Input | None:
    """Of our half alone: the other goes with it."""
    match event:
        case e.StasisStart(channel=Channel(id=channel)) if channel == fax:
            return i.FaxUp(fax)
        case e.ChannelEnteredBridge(channel=Channel(id=channel)) if channel == fax:
            return i.FaxJoined(fax)
        case e.StasisEnd(channel=Channel(id=channel)) | e.ChannelDestroyed(channel=Channel(id=channel)) if (
            channel == fax
        ):
            return i.FaxEnded(fax)
        case _:
            return None


def _entered(node: NodeName, event: e.ChannelEnteredBridge) -> i.Input | None:
    if event.channel and is_conference(event.bridge.id):
        channel = ChannelId(event.channel.id)
        return i.EnteredConference(contact_id(node, channel), ConferenceId(event.bridge.id), channel)
    if event.channel and leg_of_half(event.channel.id):
        return i.HalfJoined(ChannelId(event.channel.id)) if line_of_room(event.bridge.id) else None
    contact = contact_of_bridge(event.bridge.id)
    return i.EnteredRoom(contact, ChannelId(event.channel.id)) if contact and event.channel else None


def _left(event: e.ChannelLeftBridge) -> i.Input | None:
    contact = contact_of_bridge(event.bridge.id)
    return i.LeftRoom(contact, ChannelId(event.channel.id)) if contact else None


def _started(node: NodeName, event: e.StasisStart) -> i.Input | None:
    """A leg is up for us once it is in our application: joined 0.1 ms sooner, at its Up, 1-2 % are refused (422)."""
    offer = offer_of_leg(event.channel.id)
    if offer is not None:
        return i.LegUp(offer, ChannelId(event.channel.id), AgentId(event.args[1]) if len(event.args) > 1 else None)
    if is_line(event.channel.id):
        return i.LineUp(ChannelId(event.channel.id))
    if leg_of_half(event.channel.id):
        agent = AgentId(event.args[1]) if len(event.args) > 1 else None
        return i.HalfUp(ChannelId(event.channel.id), agent) if agent else None
    return caller_of(node, event.channel, event.args, event.at_switch)


def _state_changed(node: NodeName, channel: Channel) -> i.Input | None:
    if _of_a_line(channel.id):
        return None
    offer = offer_of_leg(channel.id)
    match channel.state:
        case "Up" if offer is None:
            return i.CallerUp(contact_id(node, ChannelId(channel.id)))
        case "Ringing" if offer is not None:
            return i.LegRinging(offer, ChannelId(channel.id), device_in(channel.name))
        case _:
            return None


def _dialled(event: e.Dial) -> i.Input | None:
    """RINGING may come here first, before the channel's own state change (ASTERISK: Legs)."""
    offer = offer_of_leg(event.peer.id)
    if offer is None:
        return None
    if event.dialstatus != "RINGING":
        return None
    return i.LegRinging(offer, ChannelId(event.peer.id), device_in(event.peer.name))


def _of_a_line(channel: str) -> bool:
    return is_line(channel) or leg_of_half(channel) is not None


def _ended(
    node: NodeName, channel: Channel, cause: int, sip: int, *, gone: bool, no_media: bool = False
) -> i.Input | None:
    if is_line(channel.id):
        return i.LineEnded(ChannelId(channel.id), by_phone=gone and cause == NORMAL, gone=gone)
    if leg_of_half(channel.id):
        return None
    offer = offer_of_leg(channel.id)
    if offer is not None:
        return i.LegEnded(offer, ChannelId(channel.id), cause, sip, gone, no_media)
    return i.CallerGone(contact_id(node, ChannelId(channel.id)), cause, no_media)


def was_carried(channel: Channel) -> bool:
    """Whether the guard, or somebody at the switch's console, took it to the fallback."""
    return channel.accountcode == CARRIED or channel.dialplan.context in (TO_FALLBACK, FALLBACK, PHONE_FALLBACK)


def _carried(node: NodeName, channel: Channel) -> i.Input | None:
    """A leg that was carried is not hung up again: somebody hears a message there."""
    if leg_of_half(channel.id):
        return None
    offer = offer_of_leg(channel.id)
    if offer is not None:
        return i.LegEnded(offer, ChannelId(channel.id), gone=True)
    return i.CallerCarried(contact_id(node, ChannelId(channel.id)))


def _shut_down(node: NodeName, channel: Channel) -> i.Input | None:
    """The switch ends all calls; of legs nothing is to be thought, for their callers are told of in the same moment."""
    if is_line(channel.id):
        return i.LineEnded(ChannelId(channel.id), gone=False)
    if offer_of_leg(channel.id) is not None or leg_of_half(channel.id):
        return None
    return i.CallerGone(contact_id(node, ChannelId(channel.id)), by_switch=True)


def _began_to_play(event: e.PlaybackStarted) -> i.Input | None:
    contact = contact_of_playback(event.playback.id)
    return None if contact is None else i.SoundsStarted(ContactId(contact), *_step_of(event.playback.id))


def _played(event: e.PlaybackFinished) -> i.Input | None:
    if whispered := offer_of_whisper(event.playback.id):
        return i.WhisperSaid(whispered)
    if held := contact_of_hold(event.playback.id):
        return i.HoldSaid(held)
    contact = contact_of_playback(event.playback.id)
    if contact is None:
        return None
    return i.SoundsFinished(ContactId(contact), *_step_of(event.playback.id), ok=event.playback.state != "failed")


def _step_of(playback: str) -> tuple[int, int]:
    """Step and try."""
    _, step, attempt = playback.rsplit("-", 2)
    return int(step), int(attempt)


def _recorded(event: e.RecordingStarted | e.RecordingFinished | e.RecordingFailed) -> i.Input | None:
    message = message_of_recording(event.recording.name)
    if message is None:
        return None
    if isinstance(event, e.RecordingStarted):
        return i.RecordingBegan(message)
    return i.RecordingEnded(message, None if event.recording.duration is None else event.recording.duration * 1000)
