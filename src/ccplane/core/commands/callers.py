"""What is to be done with a caller and their room."""

from __future__ import annotations

from ccplane.contacts.verbs import Spoken
from ccplane.core.commands.command import ContactCommand
from ccplane.ids import ChannelId, PlaybackId


class OpenRoom(ContactCommand, frozen=True):
    """Make the contact's bridge: its record at the switch, and where people will meet."""


class CloseRoom(ContactCommand, frozen=True):
    """Take the contact's bridge down."""


class WriteJournal(ContactCommand, frozen=True):
    """Leave at the switch what another plane needs to take this contact over: small, best effort."""

    text: str


class AnswerCaller(ContactCommand, frozen=True):
    """Take the call."""

    channel: ChannelId


class AddCaller(ContactCommand, frozen=True):
    """Put the caller into the room."""

    channel: ChannelId


class RemoveCaller(ContactCommand, frozen=True):
    """Take the caller out of the room."""

    channel: ChannelId


class GiveBack(ContactCommand, frozen=True):
    """Leave a caller to the dialplan's fallback: `ours`, if it is a phone of ours that calls."""

    channel: ChannelId
    number: str
    ours: bool


class HangUpCaller(ContactCommand, frozen=True):
    """End the call. `cause`: Q.850."""

    channel: ChannelId
    cause: int


class StartMusic(ContactCommand, frozen=True):
    """Music on the caller's channel. `music`: the class."""

    channel: ChannelId
    music: str


class StopMusic(ContactCommand, frozen=True):
    """No more music."""

    channel: ChannelId


class LetRing(ContactCommand, frozen=True):
    """Let the caller hear that it rings at the other end."""

    channel: ChannelId


class StopRinging(ContactCommand, frozen=True):
    """No more of that."""

    channel: ChannelId


class PlaySounds(ContactCommand, frozen=True):
    """Play on the caller's channel under an id of ours."""

    channel: ChannelId
    playback: PlaybackId
    sounds: tuple[str, ...]
    language: str


class SayToWaiting(ContactCommand, frozen=True):
    """Play into the room, under the id of holds, what a caller who waits is to hear; it ends the music."""

    sounds: tuple[str, ...]
    language: str


class MakeSounds(ContactCommand, frozen=True):
    """Make sounds of these texts, by the voices of this site; beside the switch, not at it. SoundsMade tells when."""

    step: int
    attempt: int
    site: str
    texts: tuple[Spoken, ...]


class TellQueue(ContactCommand, frozen=True):
    """Leave at the caller's channel in which queue they wait, and by which clock (Unix seconds): whoever carries them
    on, should we be lost, keeps to it. `queue` empty: they wait in none any more."""

    channel: ChannelId
    queue: str
    since_s: int = 0


class StopSounds(ContactCommand, frozen=True):
    """Stop that playback; gone is as good. `late`: past the contact's other commands, which may wait for its end."""

    playback: PlaybackId
    late: bool = False
