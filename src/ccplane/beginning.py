"""What a plane begins with: the schema, the lease, the people. From Postgres; without it from what the outbox kept.

Law 10: once there has been a beginning, none of ours waits for Postgres; what was left out is caught up on when it
answers. The one exception: who has been told by Postgres that another plane leads waits until it hears otherwise.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final, NamedTuple

import structlog

from ccplane.asterisk.execute import Executor
from ccplane.asterisk.provision import Provisioned
from ccplane.core.inputs import PeopleRead
from ccplane.errors import StoreError, SwitchError
from ccplane.log.outbox import Outbox
from ccplane.log.outbox_file import Recovered
from ccplane.pins import Pins
from ccplane.plane import Plane
from ccplane.postgres.lease import Lease, ignore
from ccplane.postgres.migrate import migrate
from ccplane.postgres.overlays import Laid, decode_overlays, encode_overlays, overlays
from ccplane.postgres.people import Person, decode_people, encode_people, import_agents, people
from ccplane.postgres.pool import DATABASE_ERRORS, Database, as_store_error, is_away
from ccplane.postgres.seats import Desk, decode_desks, desks, encode_desks, import_seats
from ccplane.settings import Settings
from ccplane.site import Site
from ccplane.vitals import PhoneBook

log = structlog.get_logger()

OVERLAYS: Final = "overlays"
"""Under which they are kept in the outbox."""
TRY_LEASE_EVERY_S: Final = 2.0
TRY_POSTGRES_EVERY_S: Final = 2.0


class Begun(NamedTuple):
    """What a plane begins with. `with_postgres`: or with what the outbox kept of the last time, people and all."""

    persons: tuple[Person, ...]
    epoch: int
    with_postgres: bool
    desks: tuple[Desk, ...] = ()
    overlays: tuple[Laid, ...] = ()


async def begin(
    settings: Settings, site: Site, outbox: Outbox, recovered: Recovered, database: Database, lease: Lease
) -> Begun:
    """People and epoch: from Postgres, or without it from what the outbox kept of the last time (law 10)."""
    try:
        await database.check()
    except StoreError as error:
        return _without_postgres(error, outbox, recovered, lease)
    try:
        epoch = await _schema_and_lease(settings, lease, recovered.epoch)
        persons, seats = await people_of(site, outbox, database)
        laid = await overlays(database)
        outbox.put_note(OVERLAYS, encode_overlays(laid))
        return Begun(persons, epoch, True, seats, laid)
    except StoreError as error:
        if not is_away(error):
            raise
        return _without_postgres(error, outbox, recovered, lease)


async def prepared(settings: Settings, site: Site, database: Database) -> Begun:
    """What a successor can do beside the plane that leads: the schema, the people. StoreError without Postgres."""
    await _migrated(settings)
    await import_agents(database, site.agents)
    await import_seats(database, site.seats)
    return Begun(await people(database), 0, False, await desks(database))


def _without_postgres(error: StoreError, outbox: Outbox, recovered: Recovered, lease: Lease) -> Begun:
    kept = outbox.note("people")
    if kept is None:
        raise StoreError(
            "postgres-needed-once",
            f"At its first start ccplane needs Postgres, to keep its people in. {error.sentence}",
        ) from error
    log.warning("Postgres is away; going on with the people and the epoch of the last time", error=str(error))
    if not lease.held:  # it may have gone away after that
        lease.go_on(recovered.epoch)
    laid = decode_overlays(outbox.note(OVERLAYS))
    return Begun(decode_people(kept), lease.epoch, False, decode_desks(outbox.note("seats")), laid)


async def _schema_and_lease(settings: Settings, lease: Lease, epoch: int) -> int:
    """The schema, then the lease. The lease also where there are no tables to be had from Postgres now, before that is
    raised: it may still give it, or say who leads."""
    try:
        await _migrated(settings)
    except StoreError as error:
        if is_away(error):
            with suppress(StoreError):
                await _first_taken(lease, epoch)
        raise
    return await _first_taken(lease, epoch)


async def _migrated(settings: Settings) -> None:
    try:
        await migrate(settings.database_url)
    except DATABASE_ERRORS as error:
        raise as_store_error(error, settings.database_url) from error


async def people_of(site: Site, outbox: Outbox, database: Database) -> tuple[tuple[Person, ...], tuple[Desk, ...]]:
    """All of them and their seats, those the site's files name for the first time included; kept for a start without
    Postgres."""
    await import_agents(database, site.agents)
    await import_seats(database, site.seats)
    persons, seats = await people(database), await desks(database)
    outbox.put_note("people", encode_people(persons))
    outbox.put_note("seats", encode_desks(seats))
    return persons, seats


async def _first_taken(lease: Lease, epoch: int) -> int:
    """The lease, now or when its holder gives it up. StoreError if Postgres is away; but once it has named another
    leader that one leads on without it, so we wait."""
    try:
        return await lease.take(epoch)
    except StoreError as error:
        if error.code != "lease-held":
            raise
    return await taken(lease, epoch)


async def taken(lease: Lease, epoch: int) -> int:
    """The lease, once it can be had: another plane may still hold it for a few seconds, or lead for good."""
    said = False
    while True:
        try:
            return await lease.take(epoch)
        except StoreError as error:
            if error.code != "lease-held" and not is_away(error):
                raise
            if not said:
                log.warning("waiting for the lease", reason=str(error))
                said = True
        await asyncio.sleep(TRY_LEASE_EVERY_S)


async def catch_up(
    settings: Settings,
    site: Site,
    outbox: Outbox,
    database: Database,
    plane: Plane,
    phones: PhoneBook,
    pins: Pins,
    executor: Executor,
    after_s: float = 0.0,
    tell: Callable[[str], None] = ignore,
) -> None:
    """After a beginning without Postgres: what is done there otherwise, once it answers. No call waits for it.

    Tried again whatever goes wrong, since nothing else would do it before the next start; `tell` is told why it went
    wrong each time, and nothing once it has gone well.
    """

    async def once() -> None:
        await database.check()
        await _migrated(settings)
        persons, seats = await people_of(site, outbox, database)
        phones.hold(persons, seats)
        pins.hold(persons)
        plane.post(PeopleRead(tuple(person.profile for person in persons), tuple(desk.seat for desk in seats)))
        if executor.switch is not None:
            pushed = Provisioned()
            with suppress(SwitchError):  # a connection that is lost now is followed by one that provisions
                pushed = await phones.push(executor.switch)
            if pushed.trouble:
                raise SwitchError("phones-not-pushed", pushed.trouble)

    said = ""
    await asyncio.sleep(after_s)
    while True:
        try:
            await once()
            break
        except Exception as error:
            tell(str(error) or repr(error))
            said = _told_once(error, said)
        await asyncio.sleep(TRY_POSTGRES_EVERY_S)
    tell("")
    log.info("Postgres answers; its people are taken over")


def _told_once(error: Exception, said: str) -> str:
    """Log why it could not be caught up on, unless that is what was said last; what is said now."""
    if isinstance(error, StoreError) and error.code == "postgres-unreachable":  # that others say
        return said
    foreseen = isinstance(error, StoreError)
    now = str(error) if foreseen else repr(error)
    if now != said:
        trace = None if foreseen else error  # a fault of ours: where it happened, too
        log.error("Postgres answers, but its schema and people could not be taken over yet", error=now, exc_info=trace)
    return now
