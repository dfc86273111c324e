"""When a service that fails is left alone for a while, so that callers don't all wait for what won't come. Pure.

Closed: it is asked. So many failures one after the other open the circuit: it is not asked for a while. Then it is half
open: one request is let through, and by what comes of it the circuit closes, or stays open for as long again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Circuit:
    """Of one look-up. Times in ms of a clock that never runs backwards."""

    failed: int = 0
    """Requests one after the other."""
    open_until: int | None = None
    trying: bool = False
    """The one request that is let through is under way."""

    def state(self, now: int) -> str:
        """`closed`, `open` or `half-open`."""
        if self.open_until is None:
            return "closed"
        return "open" if now < self.open_until else "half-open"

    def lets_through(self, now: int) -> bool:
        """Whether it may be asked now."""
        return self.open_until is None or (now >= self.open_until and not self.trying)


CLOSED = Circuit()


def asked(circuit: Circuit) -> Circuit:
    """After a request that it let through began."""
    return replace(circuit, trying=circuit.open_until is not None)


def answered(_: Circuit) -> Circuit:
    """After the service did what it should."""
    return CLOSED


def failed(circuit: Circuit, now: int, most: int, rest_ms: int) -> Circuit:
    """After it did not. While the circuit is open that is told of requests alone that began before: nothing changes."""
    if circuit.open_until is not None and not circuit.trying:
        return circuit
    count = circuit.failed + 1
    opens = circuit.trying or count >= most
    return Circuit(count, now + rest_ms if opens else None)


def left(circuit: Circuit) -> Circuit:
    """After nobody waited for the answer any more: nothing is known."""
    return replace(circuit, trying=False)
