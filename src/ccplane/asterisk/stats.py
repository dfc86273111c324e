"""What the ARI client knows about itself. Plain numbers; whoever publishes metrics reads them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


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
    probes_lost: int = 0
    sent: int = 0
    pending: int = 0
    late: int = 0
    """Answers that came after their deadline."""
    outcomes: Counter[str] = field(default_factory=Counter)
