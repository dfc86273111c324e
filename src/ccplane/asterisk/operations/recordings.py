"""Recordings of a channel, live and stored. A name may hold a folder: `messages/m-1`; in the path it is quoted."""

from __future__ import annotations

from ccplane.asterisk.models import LiveRecording, StoredRecording
from ccplane.asterisk.operations.operation import Operation, fields


class RecordChannel(Operation[LiveRecording], frozen=True):
    """Record what the channel says. It waits behind a prompt that plays there, then tells RecordingStarted, then beeps,
    then records; a channel in a bridge is accepted, and fails (RecordingFailed). The file has its final name from the
    end of the tone on; its header says 0 bytes until the end. The silence that ends it is cut off the file. Conflict: a
    recording or a file of that name exists. `longest`, `silence`: seconds, 0 for never."""

    method = "POST"
    route = "/channels/{channel}/record"
    query = fields(
        "name", "format", "beep", longest="maxDurationSeconds", silence="maxSilenceSeconds", terminate_on="terminateOn"
    )
    channel: str
    name: str
    format: str
    longest: int = 0
    silence: int = 0
    beep: bool = False
    terminate_on: str = ""


class GetLiveRecording(Operation[LiveRecording], frozen=True):
    """One that waits or records; Gone once it is over: then its file is whole."""

    route = "/recordings/live/{name}"
    name: str


class StopRecording(Operation[None], frozen=True):
    """End and keep it; RecordingFinished follows. During its tone the answer is the same, and nothing happens."""

    method = "POST"
    route = "/recordings/live/{name}/stop"
    name: str


class CopyRecording(Operation[StoredRecording], frozen=True):
    """A copy of a stored one, `to` another name; its folder is made. Conflict: there is one of that name. From the last
    dot on the name is cut off: it must have none."""

    method = "POST"
    route = "/recordings/stored/{name}/copy"
    query = fields(to="destinationRecordingName")
    name: str
    to: str


class GetStoredRecording(Operation[StoredRecording], frozen=True):
    """Whether there is a file of that name, whole or still being recorded."""

    route = "/recordings/stored/{name}"
    name: str
