"""What the plane says of itself: its beginning, what it has read, and the time."""

from __future__ import annotations

from ccplane.agents.facts import Profile, Seat
from ccplane.core.inputs.input import Input
from ccplane.ids import NodeName
from ccplane.routing.rules import Rules, SiteChange


class PlaneBegan(Input, frozen=True):
    """A plane begins, or goes on, under this epoch. `nodes`: those that it has; none: it does not say. `same_process`:
    what it was told to do before, it still does."""

    epoch: int
    version: str
    gap_ms: int
    nodes: tuple[NodeName, ...] = ()
    same_process: bool = False


class DrainAsked(Input, frozen=True):
    """No new call is to be taken from here on. `until`: leave then (ms), whatever is still up. `by`: who asks."""

    by: str
    until: int | None = None


class DrainCancelAsked(Input, frozen=True):
    """It shall stay, and take calls again. `by`: who asks."""

    by: str


class SiteRead(Input, frozen=True):
    """The operator's files were read. `files`: their text by path. Or they are the same, and `by` has made `changes` to
    what holds in their place."""

    site: str
    rules: Rules
    files: dict[str, str]
    by: str = ""
    changes: tuple[SiteChange, ...] = ()


class PeopleRead(Input, frozen=True):
    """The agents, and the seats that are not as by default, were read from Postgres."""

    agents: tuple[Profile, ...]
    seats: tuple[Seat, ...] = ()


class Tick(Input, frozen=True):
    """Time has come for something: `decide` looks at all deadlines that are due."""
