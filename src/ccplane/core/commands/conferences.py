"""What is to be done with conferences, each for one who is in it, or was."""

from __future__ import annotations

from ccplane.core.commands.command import ContactCommand
from ccplane.ids import ChannelId, ConferenceId


class JoinConference(ContactCommand, frozen=True):
    """Bring a caller into it, out of whichever room they are in; it is made if there is none yet."""

    conference: ConferenceId
    channel: ChannelId


class LeaveConference(ContactCommand, frozen=True):
    """Take them out of it."""

    conference: ConferenceId
    channel: ChannelId


class BeepConference(ContactCommand, frozen=True):
    """Let all who are in it hear that somebody has come."""

    conference: ConferenceId


class CloseConference(ContactCommand, frozen=True):
    """Nobody is in it any more."""

    conference: ConferenceId
