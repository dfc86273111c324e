"""The keeper of faxes: what is received at the switch is brought into safety here, as a PDF, with how it ended.

A fax whose transmission is over stands in the state until it is settled, so a crash at any point is made good by doing
the rest again: the file lies at the switch or in our folder, under a name that follows from the fax's id, and how it
ended stands in a variable of the switch until it is settled. A file is taken only once it is on disk that the fax is
over, and the switch's machine is gone, so that nobody writes to it any more.
"""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio import to_thread
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import structlog

from ccplane.asterisk.agreed import FAX_WORD
from ccplane.asterisk.execute import Executor
from ccplane.asterisk.messages import forget_sound
from ccplane.asterisk.operations import ForgetGlobalVariable, GetChannel, GetGlobalVariable
from ccplane.asterisk.outcomes import Done, Gone
from ccplane.asterisk.spool import Spool
from ccplane.asterisk.switch import HOUSE
from ccplane.contacts.faxing import Fax
from ccplane.core.inputs import FaxKept
from ccplane.errors import CcplaneError, StoreError, SwitchError
from ccplane.ids import FaxId, NodeName, far_half_of_fax, file_of_fax
from ccplane.plane import Plane
from ccplane.private import make_private_folder

log = structlog.get_logger()

AGAIN_S: Final = (0.05, 0.1, 0.2, 0.5, 1.0, 5.0, 15.0)
"""After a fax that could not be kept yet; the last repeats."""
IDLE_S: Final = 60.0
CLEAR_EVERY_S: Final = 3_600.0
CONVERTED_WITHIN_S: Final = 60.0
SUCCESS: Final = "SUCCESS"
REASONS: Final = {
    "TIMEOUT": "no-fax-machine",
    "HANGUP": "interrupted",
    "FILE_ERROR": "file-error",
    "INIT_ERROR": "fax-error",
    "MEMORY_ERROR": "fax-error",
    "CHANNEL_PROBLEM": "fax-error",
    "CHANNEL_INCOMPATIBLE": "fax-error",
}
"""Of what res_fax calls an error; anything else is a transmission that failed."""
FAILED: Final = "transmission-failed"
INTERRUPTED: Final = "interrupted"
"""Nobody left word: the switch itself has ended meanwhile."""


class Word(NamedTuple):
    """How a transmission ended, by the switch."""

    complete: bool
    reason: str
    station: str
    pages: int = 0
    """That have gone, or come."""


def word_of(text: str) -> Word:
    """What the dialplan's `ccplane-fax` has left in its variable: `SUCCESS|3||+49 30 1234`."""
    status, told, error, station = [*text.split("|", 3), "", "", ""][:4]
    pages = int(told) if told.isdecimal() else 0
    if status == SUCCESS:
        return Word(True, "", station.strip(), pages)
    return Word(False, REASONS.get(error, FAILED) if status else INTERRUPTED, station.strip(), pages)


def place_of(fax: Fax) -> str:
    """Where it is kept, in the folder of faxes: by the day on which it came, UTC."""
    came = datetime.fromtimestamp(fax.over_at / 1000, UTC)
    return f"{came:%Y/%m/%d}/{fax.id}.pdf"


class FaxKeeper:
    """Keeps the faxes that are received at one node."""

    def __init__(
        self,
        *,
        node: NodeName,
        plane: Plane,
        executor: Executor,
        spool: Spool,
        folder: Path,
        deleted: Callable[[], AsyncIterator[str]],
        may_work: Callable[[], bool] = lambda: True,
    ) -> None:
        """`deleted`: the files of all faxes that are marked deleted, StoreError if they can't be had. `may_work`:
        whether this plane leads the site."""
        self._node, self._plane, self._executor = node, plane, executor
        self._spool, self._folder, self._deleted, self._may_work = spool, folder, deleted, may_work
        self._news = asyncio.Event()
        self._wrong: dict[FaxId, str] = {}

    def trouble(self) -> str:
        """What keeps faxes from being brought into safety now, for people; "" if nothing does."""
        return next(iter(self._wrong.values()), "")

    async def run(self) -> None:
        """Until cancelled. What goes wrong is tried again: a fax is never given up for a fault of ours."""
        besides = [asyncio.create_task(each) for each in (self._watch(), self._keep_cleared())]
        try:
            tries = 0
            while True:
                self._news.clear()
                tries = 0 if await self._round() else min(tries + 1, len(AGAIN_S))
                try:
                    async with asyncio.timeout(AGAIN_S[tries - 1] if tries else IDLE_S):
                        await self._news.wait()
                except TimeoutError:
                    pass
        finally:
            for each in besides:
                each.cancel()

    async def _keep_cleared(self) -> None:
        """Whoever was cut off between the fact that a fax is deleted and the deletion of its pages is helped."""
        while True:
            cleared = True
            try:
                async for file in self._deleted():
                    await to_thread(forget_sound, self._folder, file)
            except StoreError:
                cleared = False  # said by the part `database`
            await asyncio.sleep(CLEAR_EVERY_S if cleared else IDLE_S)

    async def _watch(self) -> None:
        """Say when there is something to do: a fax more or less, or the node is back."""
        seen: object = None
        async for snapshot in self._plane.subscribe():
            state = snapshot.state
            now = (state.faxes, state.nodes.get(self._node, False))
            if now != seen:
                seen = now
                self._news.set()

    async def _round(self) -> bool:
        """All that is to be done now; False if something is left."""
        if not self._may_work():
            return not self._plane.state.faxes
        whole = True
        for fax in self._plane.state.faxes.values():
            if fax.node == self._node:
                whole &= await self._tried(fax)
        return whole

    async def _tried(self, fax: Fax) -> bool:
        try:
            done = await self._keep(fax)
        except (CcplaneError, OSError) as error:
            trouble = str(error)
        except Exception as error:
            trouble = repr(error)
            log.exception("a fax could not be kept; it is tried again", fax=fax.id)
        else:
            self._wrong.pop(fax.id, None)
            return done
        if self._wrong.get(fax.id) != trouble:
            log.warning("a fax is not in safety yet; it is tried again", fax=fax.id, reason=trouble)
            self._wrong[fax.id] = trouble
        return False

    async def _keep(self, fax: Fax) -> bool:
        """Bring it into safety, or say that there is nothing of it. False if its machine is not gone yet."""
        switch = self._executor.switch
        if switch is None or not isinstance(await switch.send(GetChannel(far_half_of_fax(fax.id)), HOUSE), Gone):
            return False
        told = await switch.send(GetGlobalVariable(f"{FAX_WORD}{fax.id}"), HOUSE)
        if not isinstance(told, Done | Gone):
            return False
        word = word_of(told.value.value if isinstance(told, Done) else "")
        if fax.sent:
            await self._plane.written()  # a plane that has forgotten it would look for its word
            await self._plane.ask(FaxKept(fax.id, word.pages, word.complete, word.reason, word.station))
            switch.send(ForgetGlobalVariable(f"{FAX_WORD}{fax.id}"), HOUSE)
            return True
        file = place_of(fax)
        pdf = self._folder / file
        tiff = pdf.with_suffix(".tif")
        await to_thread(make_private_folder, self._folder)
        if not await to_thread(tiff.exists):
            await self._plane.written()  # a plane that has forgotten it would look for it at the switch
            await self._spool.take(file_of_fax(fax.id), tiff)
        pages = await self._convert(tiff, pdf) if await to_thread(tiff.exists) else 0
        await self._spool.forget(file_of_fax(fax.id))  # from here on we have the only one
        size = (await to_thread(pdf.stat)).st_size if pages else 0
        complete = word.complete and pages > 0
        reason = word.reason or ("" if complete else FAILED)
        await self._plane.ask(FaxKept(fax.id, pages, complete, reason, word.station, size, file if pages else ""))
        await to_thread(tiff.unlink, missing_ok=True)
        switch.send(ForgetGlobalVariable(f"{FAX_WORD}{fax.id}"), HOUSE)
        return True

    async def _convert(self, tiff: Path, pdf: Path) -> int:
        """How many pages there are, in a process of its own."""
        converting = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "ccplane.asterisk.fax_pages", str(tiff), str(pdf)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(CONVERTED_WITHIN_S):
                said, complaint = await converting.communicate()
        except TimeoutError:
            raise SwitchError("fax-not-converted", f"no PDF came of {tiff} within {CONVERTED_WITHIN_S:g} s") from None
        finally:
            if converting.returncode is None:
                converting.kill()
        if converting.returncode:
            why = complaint.decode(errors="replace").strip().splitlines()[-1:] or [f"exit {converting.returncode}"]
            raise SwitchError("fax-not-converted", f"no PDF came of {tiff}: {why[0]}")
        pages: int = json.loads(said)["pages"]
        return pages
