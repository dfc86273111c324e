"""Records talks by AMI's MixMonitor: what the caller says on the left, what they hear on the right.

MixMonitor says Success also when it cannot open its file, so only the file proves that it records. What it began has
a handle, by which alone it is stopped (without it the latest would be), and which the channel keeps in a variable: so
one that began although its answer was lost is found, and never begun twice.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final

import structlog

from ccplane.asterisk.actions import Actions, Message
from ccplane.asterisk.outcomes import Done, Gone, Outcome, Refused, Unknown
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.ids import ChannelId, ContactId, NodeName, RecordingId

log = structlog.get_logger()

FOLDER: Final = "ccplane"
"""Where our files lie within Asterisk's spool/monitor: nobody else's are touched."""
LOOKS_AFTER_S: Final = (0.03, 0.06, 0.11, 0.2, 0.4, 0.6)
"""When its file is looked for: together less than the core's own patience."""
HELD: Final = 5_000
"""Handles kept in mind, of so many contacts at the most."""
SAFE: Final = re.compile(r"[A-Za-z0-9._-]{1,200}")
"""What may stand in an argument of AMI. Ids are the switch's own and ours; this is the proof."""

NO_FILE: Final = "the switch wrote no file: is its disk full, may it write to its spool/monitor?"


def file_of(spool: Path, recording: str) -> Path:
    """What MixMonitor writes: 16 bit, 8 kHz, two channels, nothing else. `spool`: Asterisk's, seen from here."""
    return spool / "monitor" / FOLDER / f"{recording}.raw"


def variable_of(recording: RecordingId) -> str:
    """Where the channel keeps the handle."""
    return f"CCPLANE_RECORDING_{recording.rpartition('-')[2]}"


class Recorder:
    """Carries recording commands out, those of a contact one after the other."""

    def __init__(
        self,
        node: NodeName,
        actions: Actions,
        spool: Path,
        free_mb: Callable[[], float | None],
        looks: tuple[float, ...] = LOOKS_AFTER_S,
    ) -> None:
        self.post: Callable[[i.Input], None] = lambda _: None
        self.last_reason = ""
        """Why the last one that failed did."""
        self._node, self._actions, self._spool, self._free_mb = node, actions, spool, free_mb
        self._looks = looks
        self._tails: dict[ContactId, asyncio.Task[None]] = {}
        self._handles: dict[ContactId, tuple[RecordingId, str]] = {}

    def execute(self, command: do.TalkRecordingCommand) -> None:
        """Begin with it; what comes of it is an input."""
        before = self._tails.get(command.contact)
        task = asyncio.get_running_loop().create_task(self._after(before, command), name=f"record {command.recording}")
        self._tails[command.contact] = task
        task.add_done_callback(lambda done: self._done(command.contact, done))

    async def logged_in(self) -> None:
        """For `Events.at_login`."""
        self.post(i.RecorderBack(self._node))

    async def _after(self, before: asyncio.Task[None] | None, command: do.TalkRecordingCommand) -> None:
        if before is not None:
            await asyncio.wait((before,))
        if not (SAFE.fullmatch(command.channel) and SAFE.fullmatch(command.recording)):
            return self._refused(command, "its channel's name is none that AMI may be given")
        match command:
            case do.StartTalkRecording():
                return await self._start(command)
            case do.MuteTalkRecording():
                return await self._mute(command)
            case do.StopTalkRecording():
                return await self._stop(command)
        raise TypeError(f"nothing records {type(command).__name__}")

    def _done(self, contact: ContactId, task: asyncio.Task[None]) -> None:
        if self._tails.get(contact) is task:
            del self._tails[contact]
        if not task.cancelled() and (fault := task.exception()):
            log.error("a recording command failed for a fault of ours", exc_info=fault)

    # ------------------------------------------------------------------------------------------------------- begin

    async def _start(self, command: do.StartTalkRecording) -> None:
        free = self._free_mb()
        if free is not None and free < command.least_free_mb:
            sentence = f"{free:.0f} MB are free for recordings, and none is begun below {command.least_free_mb} MB"
            return self._refused(command, sentence)
        handle = await self._running(command) if command.attempt > 1 else ""
        if not handle:
            said = await self._ask("MixMonitor", command.channel, **_what(command.recording))
            match said:
                case Done(value=answer):
                    handle = answer.get("mixmonitorid", "")
                case Refused(status=0) if command.attempt > 1:
                    return None  # AMI is not there (yet): when it is, this is asked again
                case Unknown() | Gone():
                    return None  # the next try looks whether it came through; the caller's end comes by itself
                case _:
                    return self._refused(command, _why(said))
        if await self._seen(command.recording):
            self._hold(command, handle)
            return self.post(i.TalkRecordingBegan(command.contact, command.recording, handle))
        await self._ask("StopMixMonitor", command.channel, MixMonitorID=handle)
        return self._refused(command, NO_FILE)

    def _hold(self, command: do.StartTalkRecording, handle: str) -> None:
        """For as long as the contact may live; a channel's end ends its recording without a word to us."""
        self._handles[command.contact] = (command.recording, handle)
        if len(self._handles) > HELD:
            del self._handles[next(iter(self._handles))]

    async def _running(self, command: do.StartTalkRecording) -> str:
        """The handle of an earlier try that did come through, and whose file is there."""
        handle = await self._kept_handle(command.channel, command.recording)
        there = await asyncio.to_thread(file_of(self._spool, command.recording).exists)
        return handle if there else ""

    async def _kept_handle(self, channel: ChannelId, recording: RecordingId) -> str:
        match await self._ask("Getvar", channel, Variable=variable_of(recording)):
            case Done(value=answer):
                return answer.get("value", "")
        return ""

    async def _seen(self, recording: RecordingId) -> bool:
        path = file_of(self._spool, recording)
        for pause in self._looks:
            await asyncio.sleep(pause)
            if await asyncio.to_thread(path.exists):
                return True
        return False

    def _refused(self, command: do.TalkRecordingCommand, reason: str) -> None:
        if isinstance(command, do.StartTalkRecording):
            self.last_reason = reason
            self.post(i.TalkRecordingRefused(command.contact, command.recording, reason))
        elif isinstance(command, do.MuteTalkRecording):
            self.post(i.TalkRecordingMuted(command.contact, command.recording, command.paused, reason))

    # ------------------------------------------------------------------------------------------- silence, and the end

    async def _mute(self, command: do.MuteTalkRecording) -> None:
        said = await self._ask("MixMonitorMute", command.channel, Direction="both", State=str(int(command.paused)))
        reason = "" if isinstance(said, Done) else _why(said)
        self.post(i.TalkRecordingMuted(command.contact, command.recording, command.paused, reason))

    async def _stop(self, command: do.StopTalkRecording) -> None:
        """Refused by the switch: it does not record by this handle. No word from it: asked again by the core."""
        handle = command.handle
        if not handle:
            match await self._ask("Getvar", command.channel, Variable=variable_of(command.recording)):
                case Done(value=answer):
                    handle = answer.get("value", "")
                case Refused(status=0) | Unknown():
                    return
        of, present = self._handles.get(command.contact, (command.recording, ""))
        if handle and not (of != command.recording and present == handle):  # a handle is an address, and used again
            said = await self._ask("StopMixMonitor", command.channel, MixMonitorID=handle)
            if isinstance(said, Unknown) or (isinstance(said, Refused) and not said.status):
                return
        if of == command.recording:
            self._handles.pop(command.contact, None)
        self.post(i.TalkRecordingOver(command.contact, command.recording))

    def _ask(self, action: str, channel: ChannelId, **more: str) -> Awaitable[Outcome[Message]]:
        return self._actions.ask({"Action": action, "Channel": channel, **more})


def _what(recording: RecordingId) -> Mapping[str, str]:
    """D: both directions, each a channel of its own. i: the handle goes to this variable."""
    return {"File": f"{FOLDER}/{recording}.raw", "Options": f"Di({variable_of(recording)})"}


def _why(said: Outcome[Message]) -> str:
    match said:
        case Gone(message=message):
            return f"the caller's channel is gone ({message})"
        case Refused(status=0, message=message):
            return f"AMI can't be asked ({message})"
        case Unknown(reason=reason):
            return f"AMI gave no answer ({reason})"
    return f"the switch refused ({said})"
