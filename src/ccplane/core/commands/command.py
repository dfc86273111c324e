"""The roots of what is to be done at the switch."""

from __future__ import annotations

import msgspec

from ccplane.ids import ContactId


class Command(msgspec.Struct, frozen=True):
    """The root of all commands."""


class ContactCommand(Command, frozen=True):
    """A command for one contact; all of one contact go the same way, in order."""

    contact: ContactId
