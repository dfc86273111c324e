"""What the clients of ARI and AMI know about themselves. Plain numbers; whoever publishes metrics reads them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from ccplane.histogram import Histogram

LATENCIES_S: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.0, 3.0)


@dataclass(slots=True)
class AriStats:
    """One for the life of an `Ari`, over all its connections."""

    connected: bool = False
    connects: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    """Connections that ended, by reason."""
    refusals: Counter[str] = field(default_factory=Counter)
    """Tries to connect that failed, by error code."""
    received: Counter[str] = field(default_factory=Counter)
    """Events by type."""
    unknown: int = 0
    """Events of a type that we don't use."""
    undecodable: int = 0
    """Frames that are not what they should be: a changed Asterisk, or a fault of ours."""
    inbox_depth: int = 0
    inbox_peak: int = 0
    overflows: int = 0
    probe_rtt_s: float = 0.0
    """The last probe's way to Asterisk's event thread and back."""
    lag: Histogram = field(default_factory=lambda: Histogram(LATENCIES_S))
    """Seconds of that way, of all probes that came back."""
    probes_lost: int = 0
    stuck_s: float = 0.0
    """For how long the socket that has owed an answer the longest has."""
    renewed: int = 0
    """Command sockets that were made anew since they did not answer."""
    last_error: str = ""
    """Why there is no connection, for people."""
    sent: int = 0
    pending: int = 0
    late: int = 0
    """Answers that came after their deadline."""
    outcomes: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class PhoneStats:
    """What was heard of the phones."""

    latency: Histogram = field(default_factory=lambda: Histogram(LATENCIES_S))
    """Seconds that phones took to answer, each time it was told or listed."""


@dataclass(slots=True)
class AmiStats:
    """One for the life of an `Ami`, over all its connections."""

    connected: bool = False
    """Logged in."""
    since: float | None = None
    """Since when that is so, connected or not; monotonic seconds. None before the first try came to an end."""
    last_error: str = ""
    """Why it is not connected, for people."""
    connects: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    """Connections that ended, by reason."""
    refusals: Counter[str] = field(default_factory=Counter)
    """Tries to connect that failed, by error code."""
    events: Counter[str] = field(default_factory=Counter)
    """Events by name."""
    faults: int = 0
    """Exceptions of those who were told of events or logins."""
    sent: int = 0
    pending: int = 0
    late: int = 0
    """Answers, and items of lists, that came after their deadline."""
    outcomes: Counter[str] = field(default_factory=Counter)
    round_trips: Histogram = field(default_factory=Histogram)
    """Seconds from an action to the end of its answer, pings too."""
