"""The site's folders read again while calls go on (law 11): all of it or nothing, and no call is dropped by it.

What can fail comes first: reading, prompts, people. Then one input puts the rules in force, also for who waits already;
a contact that has begun keeps its own site, by hash. Overlays hold on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import lru_cache

import structlog

from ccplane.asterisk.execute import Executor
from ccplane.asterisk.prompts import render
from ccplane.asterisk.provision import Provisioned
from ccplane.beginning import people_of
from ccplane.core import State
from ccplane.core.inputs import PeopleRead, SiteRead
from ccplane.errors import RequestError, SiteError, SwitchError
from ccplane.http.ports import FileChange, SiteTold
from ccplane.log.outbox import Outbox
from ccplane.pins import Pins
from ccplane.plane import Plane
from ccplane.postgres.pool import Database
from ccplane.settings import Settings
from ccplane.site import Site, SiteFaults, parse, read
from ccplane.site.overlays import Overlay, laid
from ccplane.vitals import PhoneBook

log = structlog.get_logger()


class Sites:
    """The site of a hash: the one in force, or one under which a contact that lives on has begun."""

    def __init__(self, current: Site, state: Callable[[], State], demo_agents: int) -> None:
        self._known = {current.hash: current}

        @lru_cache(maxsize=16)
        def earlier(digest: str) -> Site:
            return parse(state().sites[digest], demo_agents)

        self._earlier = earlier
        self._state = state

    def __call__(self, digest: str) -> Site:
        return self._known.get(digest) or self._earlier(digest)

    def current(self) -> Site:
        """The one in force."""
        return self(self._state().site)

    def add(self, site: Site) -> None:
        """One that is about to be in force; those that nobody keeps to are forgotten."""
        kept = {digest: known for digest, known in self._known.items() if digest in self._state().sites}
        self._known = kept | {site.hash: site}


class Reload:
    """One at a time, and none beside an edit. `why_not`: why it cannot be just now, or nothing. `fault`: of the folder,
    so that the plane began with the site that was in force before."""

    def __init__(
        self,
        settings: Settings,
        sites: Sites,
        plane: Plane,
        database: Database,
        outbox: Outbox,
        phones: PhoneBook,
        pins: Pins,
        executor: Executor,
        why_not: Callable[[], str],
        one_at_a_time: asyncio.Lock,
        overlays: Callable[[], tuple[Overlay, ...]],
        fault: SiteError | None = None,
    ) -> None:
        self._settings, self._sites, self._plane, self._why_not = settings, sites, plane, why_not
        self._database, self._outbox, self._phones, self._pins = database, outbox, phones, pins
        self._executor = executor
        self._one_at_a_time, self._overlays = one_at_a_time, overlays
        self._phones_trouble = ""
        self._fault = fault

    def trouble(self) -> str:
        """What keeps the folder from being the site in force since the start; empty if it is, or could be."""
        return "" if self._fault is None else _in_words(self._fault)

    async def reload(self) -> SiteTold:
        """What has changed, once it is in force and acknowledged. SiteFaults with every fault, StoreError without
        Postgres, SetupError if a prompt can't be made: then nothing was changed."""
        async with self._one_at_a_time:
            if why := self._why_not():
                raise RequestError("cannot-reload", f"The site cannot be read again now: {why}.")
            files, site = await self._read()
            before = self._plane.state
            if site.hash == before.site and not self._phones_trouble and self._fault is None:
                return SiteTold(site.hash, (), 0)
            made = await render(site, self._settings.sounds_dir, self._settings.site)
            await self._take_people(site)
            self._sites.add(site)
            changed = changes(before.sites.get(before.site, {}), files)
            await self._plane.ask(SiteRead(site.hash, site.rules, files))
            self._fault = None
            log.info("the site was read again", site=site.hash, changed=[each.file for each in changed])
            return SiteTold(site.hash, changed, made, self._phones_trouble)

    async def _read(self) -> tuple[dict[str, str], Site]:
        try:
            return await asyncio.to_thread(_read, self._settings, self._overlays())
        except SiteError as fault:
            if self._fault is not None:
                self._fault = fault
            raise

    async def _take_people(self, site: Site) -> None:
        """New agents and seats; what was in the files before is Postgres's to say."""
        persons, seats = await people_of(site, self._outbox, self._database)
        self._phones.hold(persons, seats)
        self._pins.hold(persons)
        profiles = tuple(person.profile for person in persons)
        await self._plane.ask(PeopleRead(profiles, tuple(desk.seat for desk in seats)))
        if self._executor.switch is not None:
            try:
                pushed = await self._phones.push(self._executor.switch)
            except SwitchError as error:  # the next connection pushes them
                pushed = Provisioned(failed={"all": str(error)})
            self._phones_trouble = pushed.trouble


def _read(settings: Settings, overlays: tuple[Overlay, ...]) -> tuple[dict[str, str], Site]:
    files = laid(read(settings.site), overlays)
    return files, parse(files, settings.demo_agents)


def _in_words(fault: SiteError) -> str:
    """The first of the faults: whoever mends it asks `ccplane check` for the others."""
    faults = fault.faults if isinstance(fault, SiteFaults) else (fault,)
    others = f" (and {len(faults) - 1} more: ccplane check)" if len(faults) > 1 else ""
    return f"{faults[0]}{others}; the site before it is in force. Mend the file, then `ccplane reload`"


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[FileChange, ...]:
    """Which files are new, gone, or other than they were."""
    found = []
    for file in sorted(before.keys() | after.keys()):
        if file not in before:
            found.append(FileChange(file, "new"))
        elif file not in after:
            found.append(FileChange(file, "gone"))
        elif before[file] != after[file]:
            found.append(FileChange(file, "changed"))
    return tuple(found)
