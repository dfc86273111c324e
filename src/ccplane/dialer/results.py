"""What came of a line that was dialled, by what the network says of it.

Q.850 causes as in ITU-T Q.850, SIP codes as in RFC 3261, RFC 8197 (607) and RFC 8688 (608). Where both are known the
SIP code decides: a gateway may have turned several of them into one cause (RFC 3398).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Result(StrEnum):
    """Of one line."""

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    UNAVAILABLE = "unavailable"
    """Switched off, or out of reach: another hour may be better."""
    REJECTED = "rejected"
    INVALID = "invalid"
    """There is no such number: never again."""
    CONGESTION = "congestion"
    """No line was free. It says nothing of the customer."""
    NETWORK = "network"
    """The trunk, or something behind it, failed. It says nothing of the customer."""

    @property
    def is_of_customer(self) -> bool:
        """Whether it counts as a try of theirs: a trunk that is down burns none."""
        return self not in (Result.CONGESTION, Result.NETWORK)


BY_SIP: Final[Mapping[int, Result]] = {
    403: Result.NETWORK,
    404: Result.INVALID,
    408: Result.NO_ANSWER,
    410: Result.INVALID,
    480: Result.UNAVAILABLE,
    484: Result.INVALID,
    485: Result.INVALID,
    486: Result.BUSY,
    487: Result.NO_ANSWER,
    600: Result.BUSY,
    603: Result.REJECTED,
    604: Result.INVALID,
    607: Result.REJECTED,
    608: Result.REJECTED,
}
"""403 is the trunk that does not let us call; 487 the end of our own ringing. All others from 400 on are NETWORK."""
BY_CAUSE: Final[Mapping[int, Result]] = {
    1: Result.INVALID,
    16: Result.NO_ANSWER,
    17: Result.BUSY,
    18: Result.NO_ANSWER,
    19: Result.NO_ANSWER,
    20: Result.UNAVAILABLE,
    21: Result.REJECTED,
    22: Result.INVALID,
    28: Result.INVALID,
    34: Result.CONGESTION,
    42: Result.CONGESTION,
    44: Result.CONGESTION,
}
"""16 before an answer is the end of our own ringing. All others are NETWORK."""
NO_LINE: Final = 503
"""With cause 34, 42 or 44 beside it no line was free; else something failed."""


def result_of(answered: bool, sip: int = 0, cause: int = 0) -> Result:
    """`sip`: the final code, `cause`: Q.850; 0 if it was not said."""
    if answered:
        return Result.ANSWERED
    if sip == NO_LINE:
        return Result.CONGESTION if BY_CAUSE.get(cause) is Result.CONGESTION else Result.NETWORK
    if sip >= 400:
        return BY_SIP.get(sip, Result.NETWORK)
    return BY_CAUSE.get(cause, Result.NETWORK)
