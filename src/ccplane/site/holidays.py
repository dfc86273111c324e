"""National holidays, from the `holidays` library: the one place that knows it (decision 24).

It computes most countries' far ahead, a few (India's, by the moon) to 2035. Which weekends are worked instead of a
holiday's neighbour (调休) is decreed anew each autumn: `worked_until` is the last that the calendar at hand knows.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import Final

import msgspec

from ccplane.site.faults import did_you_mean

YEARS: Final = range(2020, 2050)
"""As long as the zones' clocks are known for: site/hours.py."""
BEGINNING: Final = date(1970, 1, 1)


class Calendar(msgspec.Struct, frozen=True):
    """Days since 1970. `holidays`: with their names, in the country's own language."""

    holidays: tuple[tuple[int, str], ...]
    worked: tuple[int, ...]
    worked_because: str

    @property
    def worked_until(self) -> int | None:
        """The last weekend known to be worked; None in countries that have none."""
        return self.worked[-1] if self.worked else None


@lru_cache(maxsize=32)
def calendar_of(place: str) -> Calendar | None:
    """The calendar of a country or a part of one, "CN", "DE-BY"; None if the library has none."""
    import holidays  # 20 ms, and only sites with holidays need it

    country, _, part = place.partition("-")
    try:
        own = holidays.country_holidays(country).default_language  # else the machine's locale would decide
        with warnings.catch_warnings():  # some say that they know fewer years than we ask for
            warnings.simplefilter("ignore", UserWarning)
            found = holidays.country_holidays(country, subdiv=part or None, years=YEARS, language=own)
    except (NotImplementedError, ValueError, KeyError):
        return None
    worked = sorted(day for day in getattr(found, "weekend_workdays", ()) if day.year in YEARS)
    names = sorted((day, name) for day, name in found.items() if day.year in YEARS)
    because = "调休上班" if country == "CN" else "worked instead of a holiday"
    return Calendar(tuple((_number(day), name) for day, name in names), tuple(map(_number, worked)), because)


def countries(wrong: str) -> str:
    """A hint: what comes near, or how it is written."""
    hint = did_you_mean(wrong, _all())
    return hint if "did you mean" in hint else '; write the country\'s two letters, "CN", and a part of it "DE-BY"'


def _all() -> Iterator[str]:
    import holidays

    for country, parts in holidays.list_supported_countries(include_aliases=False).items():
        yield country
        yield from (f"{country}-{part}" for part in parts)


def _number(day: date) -> int:
    return (day - BEGINNING).days
