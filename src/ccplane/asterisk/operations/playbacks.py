"""Prompts that were begun, on a channel or in a bridge."""

from __future__ import annotations

from ccplane.asterisk.models import Playback
from ccplane.asterisk.operations.operation import Operation


class StopPlayback(Operation[None], frozen=True):
    """PlaybackFinished follows. `digits:`, `number:` and `characters:` can't be stopped."""

    method = "DELETE"
    route = "/playbacks/{playback}"
    playback: str


class GetPlayback(Operation[Playback], frozen=True):
    """One that waits or plays; Gone once it is over. The way to resolve an Unknown."""

    route = "/playbacks/{playback}"
    playback: str
