"""The keeper of faxes by itself; with a switch: test_faxes.py."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from ccplane.asterisk.faxes import FaxKeeper
from ccplane.asterisk.outcomes import Gone
from ccplane.contacts.faxing import Fax
from ccplane.core.inputs import FaxKept
from ccplane.ids import ContactId, FaxId, NodeName, file_of_fax


class Nothing:
    """A plane and a switch where nothing happens."""

    def __init__(self) -> None:
        self.state, self.faxes = self, dict[str, object]()

    async def subscribe(self) -> AsyncIterator[object]:
        await asyncio.Event().wait()
        yield self


async def test_pages_of_a_fax_that_was_deleted_as_we_died_are_removed_and_no_others(
    tmp_path: Path,
) -> None:
    gone, kept, outside = (tmp_path / name for name in ("faxes/2026/01/02/a.pdf", "faxes/2026/01/02/b.pdf", "c.pdf"))
    for file in (gone, kept, outside):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"%PDF")
    told = asyncio.Event()

    async def deleted() -> AsyncIterator[str]:
        for file in ("../c.pdf", "2026/01/02/never.pdf", "2026/01/02/a.pdf"):
            yield file
        told.set()

    nothing = cast("Any", Nothing())
    keeper = FaxKeeper(
        node=NodeName("ast1"),
        plane=nothing,
        executor=nothing,
        spool=nothing,
        folder=tmp_path / "faxes",
        deleted=deleted,
    )
    running = asyncio.create_task(keeper.run())
    await asyncio.wait_for(told.wait(), 20)
    assert [each.exists() for each in (gone, kept, outside)] == [False, True, True]
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


class Switch:
    """Elsewhere: the machine is gone, nobody has left word, and of the fax there is nothing."""

    def __init__(self, kept: asyncio.Future[FaxKept]) -> None:
        fax = FaxId("f-c-ast1-1.1-1")
        known = Fax(
            id=fax,
            contact=ContactId("c-ast1-1.1"),
            box="b",
            node=NodeName("ast1"),
            caller="1",
            number_dialled="2",
            over_at=0,
        )
        self.switch, self.state, self.faxes = self, self, {fax: known}
        self.nodes = {"ast1": True}
        self.kept = kept
        self.done: list[str] = []

    async def subscribe(self) -> AsyncIterator[object]:
        await asyncio.Event().wait()
        yield self

    def send(self, asked: object, *_: object) -> asyncio.Future[Gone]:
        told: asyncio.Future[Gone] = asyncio.get_running_loop().create_future()
        told.set_result(Gone("no such thing"))
        self.done.append(type(asked).__name__)
        return told

    async def written(self) -> None:
        """At once."""

    async def take(self, recording: str, _: Path) -> bool:
        self.done.append(f"take {recording}")
        return False

    async def forget(self, recording: str) -> None:
        self.done.append(f"forget {recording}")

    async def ask(self, said: FaxKept) -> None:
        self.done.append("kept")
        self.faxes = {}
        self.kept.set_result(said)


async def test_what_is_in_safety_here_does_not_stay_at_the_switch(tmp_path: Path) -> None:
    async def none() -> AsyncIterator[str]:
        for each in ():
            yield each

    kept: asyncio.Future[FaxKept] = asyncio.get_running_loop().create_future()
    there = Switch(kept)
    every = cast("Any", there)
    keeper = FaxKeeper(
        node=NodeName("ast1"), plane=every, executor=every, spool=every, folder=tmp_path / "faxes", deleted=none
    )
    running = asyncio.create_task(keeper.run())
    said = await asyncio.wait_for(kept, 20)
    assert (said.pages, said.complete) == (0, False)
    spool = file_of_fax(said.fax)
    taken, forgotten, told = map(there.done.index, (f"take {spool}", f"forget {spool}", "kept"))
    assert taken < forgotten < told, "a crash in between takes what we have already"
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
