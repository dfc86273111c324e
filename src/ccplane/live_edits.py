"""The site's files are edited at run time without being written (law 11): overlays, in Postgres first, then in force.

What holds lies also in the outbox, so that a plane that starts without Postgres keeps to it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final

import msgspec
import structlog

from ccplane.asterisk.prompts import render
from ccplane.beginning import OVERLAYS
from ccplane.core.inputs import SiteRead
from ccplane.errors import CcplaneError, RequestError, SiteError, StoreError
from ccplane.http.ports import DiffTold, OverlayTold
from ccplane.log.outbox import Outbox
from ccplane.plane import Plane
from ccplane.postgres.overlays import Laid, encode_overlays, replace_overlays
from ccplane.postgres.pool import Database
from ccplane.reload import Sites
from ccplane.routing.rules import SiteChange
from ccplane.settings import Settings
from ccplane.site import SiteFaults, differences, overlays, parse, read
from ccplane.site.overlays import Overlay

log = structlog.get_logger()

AGAIN_S: Final = 15.0
EXPIRY: Final = "expiry"
"""Who lifts an overlay whose time is over."""


class Holding:
    """The overlays there are, and which of them hold now."""

    def __init__(self, every: Sequence[Laid], now: Callable[[], int]) -> None:
        self.every, self._now = tuple(every), now

    def __call__(self) -> tuple[Overlay, ...]:
        return tuple(each.overlay for each in self.every if each.holds(self._now()))


class LiveEdits:
    """One edit at a time, and none beside a reload. `why_not`: why there cannot be one just now, or nothing."""

    def __init__(
        self,
        settings: Settings,
        holding: Holding,
        sites: Sites,
        plane: Plane,
        database: Database,
        outbox: Outbox,
        now: Callable[[], int],
        why_not: Callable[[], str],
        one_at_a_time: asyncio.Lock,
    ) -> None:
        self._settings, self._holding, self._sites, self._plane = settings, holding, sites, plane
        self._database, self._outbox, self._now, self._why_not = database, outbox, now, why_not
        self._one_at_a_time = one_at_a_time
        self._news = asyncio.Event()
        self._trouble = ""

    def trouble(self) -> str:
        """What keeps an overlay from ending whose time is over; else empty."""
        return self._trouble

    def told(self) -> tuple[OverlayTold, ...]:
        """All that hold, by path, each with what its file says there."""
        now, state = self._now(), self._plane.state
        files = state.sites.get(state.site, {})
        every = sorted((each for each in self._holding.every if each.holds(now)), key=lambda each: each.path)
        return tuple(
            OverlayTold(
                path=each.path,
                value=each.value,
                file=overlays.value_at(overlays.said(files, each.overlay.file), each.overlay.at),
                by=each.by,
                since=each.since,
                until=each.until,
            )
            for each in every
        )

    async def put(self, edits: Sequence[Overlay], *, until: int | None, by: str) -> None:
        """All of them or none; once they are in force and acknowledged. SiteFaults with the very faults that files
        would have, StoreError without Postgres, RequestError "cannot-reload": then nothing was changed."""
        edits = [Overlay(overlays.canonical(each.path), each.value) for each in edits]
        async with self._one_at_a_time:
            now = self._now()
            new = {each.path: Laid(path=each.path, value=each.value, by=by, since=now, until=until) for each in edits}
            kept = [each for each in self._holding.every if each.path not in new and each.holds(now)]
            gone = [each.path for each in self._holding.every if not each.holds(now)]
            await self._change([*kept, *new.values()], tuple(new.values()), gone, list(new), by)

    async def lift(self, path: str, *, by: str) -> None:
        """What the file says holds again. RequestError "no-such-overlay", and as `put`."""
        path = overlays.canonical(path)
        async with self._one_at_a_time:
            now = self._now()
            if not any(each.path == path and each.holds(now) for each in self._holding.every):
                raise RequestError("no-such-overlay", "Nothing is laid over the file there.", path=path)
            kept = [each for each in self._holding.every if each.path != path]
            await self._change(kept, (), [path], [path], by)

    async def _change(
        self, after: Sequence[Laid], new: Sequence[Laid], gone: Sequence[str], touched: Sequence[str], by: str
    ) -> None:
        if why := self._why_not():
            raise RequestError("cannot-reload", f"The site cannot be changed now: {why}.")
        what = await self._judged(after, touched, by)
        await replace_overlays(self._database, new, gone)
        await self._in_force(after, what)

    async def _judged(self, after: Sequence[Laid], touched: Iterable[str], by: str) -> SiteRead:
        """The site in force, with these overlays instead. SiteFaults."""
        state, now = self._plane.state, self._now()
        before = state.sites.get(state.site, {})
        files = overlays.laid(before, [each.overlay for each in after if each.holds(now)])
        site = await asyncio.to_thread(parse, files, self._settings.demo_agents)
        await render(site, self._settings.sounds_dir, self._settings.site)
        self._sites.add(site)
        changes = tuple(SiteChange(path, _value(before, path), _value(files, path)) for path in touched)
        return SiteRead(site.hash, site.rules, files, by, changes)

    async def _in_force(self, after: Sequence[Laid], what: SiteRead) -> None:
        self._outbox.put_note(OVERLAYS, encode_overlays(after))
        self._holding.every = tuple(after)
        self._news.set()
        await self._plane.ask(what)
        log.info("the site was edited", by=what.by, what=[each.path for each in what.changes])

    async def run(self) -> None:
        """Lifts each when its time is over; until cancelled."""
        while True:
            until = [each.until for each in self._holding.every if each.until is not None]
            wait_s = max(0, min(until) - self._now()) / 1000 if until else None
            if wait_s == 0:
                wait_s = None if await self._expired() else AGAIN_S
                if wait_s is None:
                    continue
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._news.wait()
            self._news.clear()

    async def _expired(self) -> bool:
        """Lift those whose time is over; whether that could be done. Postgres need not be there: it hears of it with
        the next change, and whoever reads it looks at the time too."""
        async with self._one_at_a_time:
            now = self._now()
            gone = [each.path for each in self._holding.every if not each.holds(now)]
            kept = [each for each in self._holding.every if each.holds(now)]
            try:
                if self._why_not():
                    return False
                await self._in_force(kept, await self._judged(kept, gone, EXPIRY))
            except CcplaneError as error:
                fault = error.faults[0] if isinstance(error, SiteFaults) else error
                self._trouble = f"an overlay whose time is over holds on, for without it the site has a fault: {fault}"
                log.error("an overlay could not be lifted", error=str(error), paths=gone)
                return False
            self._trouble = ""
            with suppress(StoreError):
                await replace_overlays(self._database, (), gone)
            return True

    async def differences(self) -> DiffTold:
        """The overlays, what a reload would change, and who is other than acd/agents.toml has them."""
        state = self._plane.state
        force = state.sites.get(state.site, {})
        faults: tuple[str, ...] = ()
        folder: tuple[differences.Difference, ...] = ()
        people: tuple[differences.Difference, ...] = ()
        try:
            files = await asyncio.to_thread(read, self._settings.site)
            folder = await asyncio.to_thread(differences.between, force, files)
            wanted = overlays.laid(files, self._holding())
            site = await asyncio.to_thread(parse, wanted, self._settings.demo_agents)
            people = differences.of_people(site.agents, {each.id: each.profile for each in state.agents.values()})
        except SiteError as error:
            faults = tuple(str(each) for each in (error.faults if isinstance(error, SiteFaults) else (error,)))
        return DiffTold(self.told(), folder, people, faults)


def _value(files: dict[str, str], path: str) -> str | None:
    """What is in force there, as JSON; None if nothing is."""
    file, at = overlays.place(path)
    found: Any = overlays.value_at(overlays.effective(files, file), at)
    return None if found is None else msgspec.json.encode(found).decode()
