"""Faxes: a machine of ours in the caller's room."""

from __future__ import annotations

from ccplane.core.commands.command import ContactCommand
from ccplane.ids import FaxId


class BeginFax(ContactCommand, frozen=True):
    """Make a fax machine that receives, or sends these `pages`. It comes up by itself, and is brought into the room
    then."""

    fax: FaxId
    pages: str = ""


class JoinFax(ContactCommand, frozen=True):
    """Bring it into the caller's room."""

    fax: FaxId


class EndFax(ContactCommand, frozen=True):
    """Hang it up; gone is as good. What it has received stays."""

    fax: FaxId


class LookForFax(ContactCommand, frozen=True):
    """Find out whether a machine that is not there any more has ever been there."""

    fax: FaxId


class LookAtFax(ContactCommand, frozen=True):
    """Find out whether a page is coming, or has come."""

    fax: FaxId
