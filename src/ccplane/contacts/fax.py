"""Faxes as programs ask for them, and what comes of it. (One from the end of its transmission on: faxing.py.)"""

from __future__ import annotations

import msgspec

from ccplane.ids import FaxId


class ReceiveFax(msgspec.Struct, frozen=True, tag=True):
    """Receive a fax from the caller, for so long at most."""

    box: str
    longest_ms: int


class SendFax(msgspec.Struct, frozen=True, tag=True):
    """Send the caller a fax, for so long at most. `name`: what the site calls it; `pages`: of that content, at the
    switch."""

    name: str
    pages: str
    longest_ms: int


class FaxSent(msgspec.Struct, frozen=True, tag=True):
    """The caller's machine has said that it has all of it. `station`: what it calls itself, perhaps nothing."""

    fax: FaxId
    pages: int
    station: str = ""


class FaxTaken(msgspec.Struct, frozen=True, tag=True):
    """A fax has come, whole, and is in safety. `station`: what the other machine calls itself, perhaps nothing."""

    fax: FaxId
    pages: int
    station: str = ""


class NoFax(msgspec.Struct, frozen=True, tag=True):
    """No fax has come, or gone, or not all of it: `pages` did; those that came are kept. `reason` says why:
    no-fax-machine, interrupted, too-long, …"""

    reason: str
    pages: int = 0


FaxVerb = ReceiveFax | SendFax
FaxResult = FaxTaken | NoFax
SentResult = FaxSent | NoFax
