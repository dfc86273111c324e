"""`ccplane check`: everything that can be said of a site without running it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ccplane.errors import SiteError
from ccplane.site.dialplan import lacking
from ccplane.site.faults import in_order
from ccplane.site.files import read_what_can_be
from ccplane.site.parse import examine
from ccplane.site.site import Site


@dataclass(frozen=True)
class Report:
    """What was found. `site` is there if nothing is wrong; warnings are odd but work."""

    faults: tuple[SiteError, ...]
    warnings: tuple[SiteError, ...]
    site: Site | None

    @property
    def ok(self) -> bool:
        return not self.faults

    def lines(self) -> list[str]:
        """One line each, as an editor understands it (`file:line: …`), faults before warnings."""
        warnings = (
            SiteError(each.code, f"warning: {each.sentence}", path=each.path, line=each.line, key=each.key)
            for each in self.warnings
        )
        return [str(each) for each in (*self.faults, *warnings)]


def check(directory: Path, demo_agents: int | None = None) -> Report:
    """Judges the site in a folder, offline. A file that cannot be read is a fault beside those in the others."""
    files, unreadable = read_what_can_be(directory)
    if not files:
        return Report(in_order(unreadable), (), None)
    site, findings = examine(files, demo_agents)
    faults = in_order([*unreadable, *findings.faults])
    warnings = in_order([*findings.warnings, *lacking(directory)])
    return Report(faults, warnings, None if faults else site)
