"""What the operator gave every command: the settings, and the folders of the site that they name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ccplane.errors import SetupError, StoreError

if TYPE_CHECKING:
    from ccplane.settings import Settings
    from ccplane.site import Site


def given_settings() -> Settings:
    from ccplane.settings import load

    return load()


def given_site(settings: Settings) -> Site:
    from ccplane import site

    return site.parse(site.read(settings.site), settings.demo_agents)


@contextmanager
def given_database(settings: Settings) -> Iterator[str]:
    """The URL of the Postgres that a command reads: SetupError, with what to do, where it is that of `make run` and
    nothing runs."""
    from ccplane.postgres.embedded import EmbeddedPostgres

    ours = "" if settings.database_url else EmbeddedPostgres(settings.postgres_dir).url()
    try:
        yield settings.database_url or ours
    except StoreError as error:
        if not ours or error.code != "postgres-unreachable":
            raise
        sentence = (
            f"No Postgres is running for {settings.runtime}, and CCPLANE_DATABASE_URL is not set: start ccplane "
            f"(`make run`, or `ccplane run --local`), or set it. ({error})"
        )
        raise SetupError("no-database", sentence) from error
