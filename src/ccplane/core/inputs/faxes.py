"""What the switch and the keeper say of faxes: begun, over, and brought into safety."""

from __future__ import annotations

from ccplane.core.inputs.input import Input
from ccplane.ids import ContactId, FaxId


class FaxUp(Input, frozen=True):
    """Our fax machine is up, and can be brought into the caller's room."""

    fax: FaxId


class FaxJoined(Input, frozen=True):
    """Our fax machine is in the caller's room."""

    fax: FaxId


class FaxSilent(Input, frozen=True):
    """Asked for it: no page has begun to come."""

    fax: FaxId


class FaxEnded(Input, frozen=True):
    """Our fax machine is gone: it is done, or somebody hung up."""

    fax: FaxId


class FaxRefused(Input, frozen=True):
    """The switch definitely made no fax machine."""

    fax: FaxId
    reason: str


class FaxMissing(Input, frozen=True):
    """Looked for after a gap: there is no such machine, and there never was."""

    fax: FaxId


class FaxKept(Input, frozen=True):
    """A fax lies safely in ccplane's folder of faxes, or there is nothing of it (`pages` 0, `file` "").

    `complete`: the other machine has said that this is all; else `reason` is why not.
    """

    fax: FaxId
    pages: int
    complete: bool
    reason: str = ""
    station: str = ""
    bytes: int = 0
    file: str = ""


class FaxFetched(Input, frozen=True):
    """Somebody fetches a fax."""

    fax: FaxId
    contact: ContactId
    by: str


class FaxDeletionAsked(Input, frozen=True):
    """Somebody deletes a fax."""

    fax: FaxId
    contact: ContactId
    by: str
