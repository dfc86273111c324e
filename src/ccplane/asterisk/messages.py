"""The keeper of messages: what callers leave at the switch is brought into safety here, and found if nobody told of it.

A message that was left stands in the state until it is stored, so a crash at any point is made good by doing the rest
again: the file lies at the switch or in our folder, under a name that follows from the message's id. It is moved only
once it is on disk that it was left, and deleted only once what settles it is. Files are moved and measured on threads,
never on the loop of all calls.
"""

from __future__ import annotations

import asyncio
import os
import stat
from asyncio import to_thread
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

import structlog

from ccplane.asterisk.execute import Executor
from ccplane.asterisk.operations import CopyRecording, GetLiveRecording, ListChannels, Operation
from ccplane.asterisk.outcomes import Done, Gone, Outcome, Unknown
from ccplane.asterisk.spool import FallbackCall, Recorded, Spool
from ccplane.asterisk.switch import HOUSE
from ccplane.asterisk.wav import Sound, examine, trimmed
from ccplane.contacts.facts import Unusable
from ccplane.contacts.message import Message
from ccplane.core.inputs import FallbackCallFound, MessageKept, MessageUnusable, RecordingFound
from ccplane.errors import CcplaneError, StoreError
from ccplane.ids import MessageId, NodeName, contact_id, message_id, place_of_message, recording_of, review_of
from ccplane.plane import UNDECIDED, Plane
from ccplane.private import make_private_folder
from ccplane.put_off import PutOff

log = structlog.get_logger()
T = TypeVar("T")
P = ParamSpec("P")

LOOK_EVERY_S: Final = 60.0
"""For what nobody told us of."""
AGAIN_S: Final = (0.05, 0.2, 1.0, 5.0, 15.0)
"""After a message that could not be kept yet; the last repeats."""
CLEAR_EVERY_S: Final = 3_600.0
"""For sound of deleted messages that a crash, or a disk, has left there."""
SHORTEST_MS: Final = 1_000
UNTOLD_MS: Final = 30_000
"""A recording whose end nobody told for so long is looked after."""
LOOKING: Final = "looking for messages"
CLEARING: Final = "removing the sound of deleted messages"
SHIELDING: Final = "the folder of messages"
WORK: Final = (LOOKING, CLEARING, SHIELDING)


def place_of(message: Message) -> str:
    """Where it is kept, in the folder of messages: by the day on which it was left, UTC."""
    left = datetime.fromtimestamp(message.left_at / 1000, UTC)
    return f"{left:%Y/%m/%d}/{message.id}.wav"


def sound_of(folder: Path, file: str) -> tuple[Path, os.stat_result] | None:
    """The sound that a row says lies there; None if it names another place, or nothing that is a file. Blocking."""
    path = (folder / file).absolute()
    if ".." in path.parts or not path.is_relative_to(folder.absolute()):
        return None
    try:
        found = path.lstat()
    except OSError:
        return None
    return (path, found) if stat.S_ISREG(found.st_mode) else None


def sound_in(folder: Path, file: str) -> bytes | None:
    """What is in it; None if it can't be had. Blocking."""
    found = sound_of(folder, file)
    try:
        return None if found is None else found[0].read_bytes()
    except OSError:
        return None


def forget_sound(folder: Path, file: str) -> None:
    """Delete it, if it is there. Blocking."""
    if (found := sound_of(folder, file)) is not None:
        found[0].unlink(missing_ok=True)


class Keeper:
    """Keeps the messages that are left at one node."""

    def __init__(
        self,
        *,
        node: NodeName,
        plane: Plane,
        executor: Executor,
        spool: Spool,
        folder: Path,
        now: Callable[[], int],
        deleted: Callable[[], AsyncIterator[str]],
        may_work: Callable[[], bool] = lambda: True,
    ) -> None:
        """`deleted`: the files of all messages that are marked deleted, StoreError if they can't be had. `may_work`:
        whether this plane leads the site."""
        self._node, self._plane, self._executor, self._now = node, plane, executor, now
        self._spool, self._folder, self._deleted, self._may_work = spool, folder, deleted, may_work
        self._news = asyncio.Event()
        self._connected = False
        self._look_at = 0.0
        """When (the loop's time) to look for what nobody told us of."""
        self._wrong: dict[str, str] = {}
        """What could not be done, and why."""
        self._found: frozenset[str] = frozenset()
        """What the last look found: recordings by their messages, calls of the fallback by their channels."""
        self._put_off = PutOff()
        self._lent: set[MessageId] = set()
        """Of these there is a copy at the switch, for their callers to hear."""

    def trouble(self) -> str:
        """What keeps messages from being brought into safety now, for people; "" if nothing does."""
        return next(iter(self._wrong.values()), "")

    async def run(self) -> None:
        """Until cancelled. What goes wrong is tried again: a message is never given up for a fault of ours."""
        besides = [asyncio.create_task(each) for each in (self._watch(), self._keep_cleared())]
        try:
            await self._tried(SHIELDING, self._shield)
            tries = 0
            while True:
                self._news.clear()
                whole = await self._round()
                tries = 0 if whole else min(tries + 1, len(AGAIN_S))
                pause = AGAIN_S[tries - 1] if tries else LOOK_EVERY_S
                try:
                    async with asyncio.timeout(pause):
                        await self._news.wait()
                except TimeoutError:
                    pass
        finally:
            for each in besides:
                each.cancel()

    async def _watch(self) -> None:
        """Say when there is something to do: a message more or less, or the node is back."""
        seen = None
        async for snapshot in self._plane.subscribe():
            state = snapshot.state
            connected = state.nodes.get(self._node, False)
            if connected and not self._connected:
                self._look_at = 0.0
            if state.messages is not seen or connected is not self._connected or self._unneeded():
                seen, self._connected = state.messages, connected
                self._news.set()

    async def _round(self) -> bool:
        """Keep and look. False if something is left to be tried again soon."""
        if not self._connected:
            return True
        whole = True
        loop = asyncio.get_running_loop()
        if loop.time() >= self._look_at:
            whole = await self._tried(LOOKING, self._look)
            self._look_at = loop.time() + LOOK_EVERY_S if whole else 0.0
        waiting = self._plane.state.messages
        for message in waiting.values():
            if message.node == self._node:
                whole &= await self._each(message.id, self._keep, message)
        for lent in self._unneeded():
            whole &= await self._each(lent, self._forget_copy, lent)
        there = {*WORK, *waiting, *self._found, *self._lent}
        self._wrong = {what: why for what, why in self._wrong.items() if what in there}
        self._put_off.only(there)
        return whole

    async def _each(self, what: str, work: Callable[P, Awaitable[bool]], *args: P.args, **kwargs: P.kwargs) -> bool:
        """One of many. What a fault of ours keeps from being done is not to be tried again soon: it costs a line in the
        log each time."""
        return self._put_off.waits(what) or await self._tried(what, work, *args, **kwargs)

    async def _tried(self, what: str, work: Callable[P, Awaitable[bool]], *args: P.args, **kwargs: P.kwargs) -> bool:
        """Do it; whatever goes wrong is said once, and keeps nobody else's message waiting."""
        if not self._may_work():
            return False
        ours = False
        try:
            done = await work(*args, **kwargs)
        except (OSError, CcplaneError) as error:
            trouble = f"{what}: {error}"
            ours = isinstance(error, CcplaneError) and error.code == UNDECIDED
        except Exception as error:
            trouble, ours = f"{what}: {error!r}", True
            log.exception("a message could not be kept; it is tried again", what=what)
        else:
            self._wrong.pop(what, None)
            self._put_off.done(what)
            return done
        if trouble != self._wrong.get(what):
            log.warning("a message is not in safety yet; it is tried again", what=what, reason=trouble)
            self._wrong[what] = trouble
        if ours and what not in WORK:
            self._put_off.put_off(what)
            return True
        return False

    async def _shield(self) -> bool:
        """Voices are for the owner alone, also those that an earlier ccplane put there."""
        await to_thread(make_private_folder, self._folder)
        await to_thread(self._folder.chmod, 0o700)
        return True

    async def _keep_cleared(self) -> None:
        """Beside the rounds: a database that does not answer holds up no message."""
        while True:
            cleared = await self._tried(CLEARING, self._clear)
            await asyncio.sleep(CLEAR_EVERY_S if cleared else LOOK_EVERY_S)

    async def _clear(self) -> bool:
        """Whoever was cut off between the fact that a message is deleted and the deletion of its sound is helped."""
        try:
            async for file in self._deleted():
                await to_thread(forget_sound, self._folder, file)
        except StoreError:
            return False  # said by the part `database`
        return True

    # ------------------------------------------------------------------------------------------------------ keeping

    async def _keep(self, message: Message) -> bool:
        """Bring it into safety, or say that it is none. False if its recording is not over yet."""
        file = place_of(message)
        target = self._folder / file
        if not await to_thread(target.exists):
            if not isinstance(await self._ask(GetLiveRecording(message.recording)), Gone):
                return False
            await self._plane.written()  # a plane that has forgotten it would look for it at the switch
            if message.review and message.contact in self._plane.state.contacts:
                self._lent.add(message.id)
                await self._ask(CopyRecording(message.recording, review_of(message.id)))
            if not await self._spool.take(message.recording, target):
                await self._plane.ask(MessageUnusable(message.id, Unusable.NOTHING_RECORDED))
                return True
        sound = await to_thread(examine, target)
        reason = _fault(sound)
        if sound is not None and reason is None:
            sound = await to_thread(trimmed, target, sound)
            await self._plane.ask(MessageKept(message.id, file, sound.ms, sound.bytes))
        else:
            await self._plane.ask(MessageUnusable(message.id, reason or Unusable.NO_SOUND_FILE))
            await to_thread(target.unlink, missing_ok=True)
        await self._spool.forget(message.recording)
        return True

    def _unneeded(self) -> list[MessageId]:
        """Those of which there is a copy at the switch, and whose callers have gone."""
        live = self._plane.state.contacts
        return [each for each in self._lent if (place := place_of_message(each)) is None or place[0] not in live]

    async def _forget_copy(self, message: MessageId) -> bool:
        await self._spool.forget(review_of(message))
        self._lent.discard(message)
        return True

    async def _ask(self, operation: Operation[T]) -> Outcome[T]:
        switch = self._executor.switch
        return Unknown("disconnected") if switch is None else await switch.send(operation, HOUSE)

    # ------------------------------------------------------------------------------------------------------ finding

    async def _look(self) -> bool:
        """What the fallback had, and what was recorded while our memory was lost. Files first, then who still lives: a
        call whose file was seen and that is not there any more has ended, and its file is whole."""
        calls, recorded = await self._spool.calls(), await self._spool.recorded()
        self._found = frozenset(call.channel for call in calls) | {each.message for each in recorded}
        whole = True
        self._lent |= set(await self._spool.reviewed())
        for call in await self._over(calls) if calls else ():
            whole &= await self._each(call.channel, self._take_over, call)
        for each in recorded:
            whole &= await self._each(each.message, self._find, each)
        return whole

    async def _over(self, calls: Sequence[FallbackCall]) -> Sequence[FallbackCall]:
        """Those that the switch does not have any more; none if it does not say."""
        found = await self._ask(ListChannels())
        if not isinstance(found, Done):
            return ()
        live = {channel.id for channel in found.value}
        return [call for call in calls if call.channel not in live]

    async def _take_over(self, call: FallbackCall) -> bool:
        left = message_id(contact_id(self._node, call.channel))
        if left in self._plane.state.messages:
            await self._plane.written()  # its files are all that a plane which has forgotten it would have
        else:
            await self._plane.ask(
                FallbackCallFound(
                    node=self._node,
                    channel=call.channel,
                    number_dialled=call.number_dialled,
                    caller=call.caller,
                    arrived_at=call.arrived_at,
                    ended_at=call.ended_at,
                    recording=call.recording,
                )
            )
        await self._spool.forget_call(call)
        return True

    async def _find(self, recorded: Recorded) -> bool:
        """A recording whose end nobody told."""
        message, at = recorded
        if message in self._plane.state.messages or (at is not None and self._now() - at < UNTOLD_MS):
            return True
        if isinstance(await self._ask(GetLiveRecording(recording_of(message))), Gone):
            await self._plane.ask(RecordingFound(self._node, message, at or self._now()))
        return True


def _fault(sound: Sound | None) -> Unusable | None:
    """Why this is no message, None if it is one."""
    if sound is None:
        return Unusable.NO_SOUND_FILE
    if sound.ms < SHORTEST_MS:
        return Unusable.TOO_SHORT
    return Unusable.SILENT if sound.silent else None
