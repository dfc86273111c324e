"""A customer whom the centre knows by their number: what was known of them when they called."""

from __future__ import annotations

import msgspec


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """`credit_s`: their priority, in seconds of waiting, in every queue. `blocked`: why their calls are not taken, ""
    if they are."""

    number: str
    name: str = ""
    language: str | None = None
    credit_s: int = 0
    note: str = ""
    blocked: str = ""

    @property
    def vip(self) -> bool:
        """Whether they come earlier than others."""
        return self.credit_s > 0
