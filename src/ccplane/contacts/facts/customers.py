"""What people do with customers: they live in Postgres, and what was changed, and by whom, is told here."""

from __future__ import annotations

from ccplane.ids import AgentId, ContactId
from ccplane.laws import Fact


class CustomerChanged(Fact, frozen=True, kw_only=True):
    """What is known of this number was changed by somebody. `what`: which of it, by name; "deleted" for all of it."""

    number: str
    what: tuple[str, ...]
    by: str


class CustomersImported(Fact, frozen=True, kw_only=True):
    """So many were taken over at once."""

    count: int
    by: str


class CallMarked(Fact, frozen=True, kw_only=True):
    """A call was harassment, says who had it. `marks`: so many calls of this number were, within the site's time.
    `blocked_until`: their calls are not taken until then (ms), since that is often enough; None: they are."""

    contact: ContactId
    number: str
    marks: int
    agent: AgentId | None = None
    by: str = ""
    note: str = ""
    blocked_until: int | None = None


CustomerFact = CustomerChanged | CustomersImported | CallMarked
