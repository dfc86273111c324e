"""What the operator gave every command: the settings, and the folders of the site that they name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ccplane.settings import Settings
    from ccplane.site import Site


def given_settings() -> Settings:
    from ccplane.settings import load

    return load()


def given_site(settings: Settings) -> Site:
    from ccplane import site

    return site.parse(site.read(settings.site), settings.demo_agents)
