"""What the plane asks of AMI: that which ARI can't do (dual-channel recording, NOTIFY to a phone, the phones' latency).

The live one is `ami.Ami`; tests use `testing.fake_ami`. Whoever needs an action takes an `Actions` and reads the
outcome; there is always one, in bounded time, and never an exception.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from ccplane.asterisk.outcomes import Outcome

Action = Mapping[str, str | Sequence[str]]
"""Headers of an action, `{"Action": "MixMonitor", "Channel": …}`; several values make several lines of that name.
The ActionID is the client's own."""

Message = Mapping[str, str]
"""What AMI said, a response or an event: names in lower case; a header that came several times is one value of several
lines (a line break can't stand in a value)."""


class Actions(Protocol):
    """Takes AMI's actions. Refused with status 0: it never left us (`closed`, `fenced`, `backlog`, what is wrong with
    it). Gone: there is no such channel. Unknown: it may have been carried out or not, and is never sent again."""

    async def ask(self, action: Action) -> Outcome[Message]:
        """One action, and its one response."""
        ...

    async def collect(self, action: Action, until: str) -> Outcome[list[Message]]:
        """An action that is answered by a list of events, the last of which is named `until`; without that one."""
        ...
