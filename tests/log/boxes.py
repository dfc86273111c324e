"""Facts to put into an outbox, and outboxes that a test need not close."""

from __future__ import annotations

from ccplane.facts import RepairMade


def facts(count, first=1, size=0):
    """Distinguishable ones, a ms apart."""
    return [
        RepairMade(at=1_000 + n, what=f"what {n}" + "x" * size, subject=str(n)) for n in range(first, first + count)
    ]
