"""What programs await, and how they end."""

from __future__ import annotations

from ccplane.contacts.verbs import Verb
from ccplane.core.inputs.input import Input
from ccplane.ids import ContactId


class VerbAsked(Input, frozen=True):
    """A program awaits a verb. `step`: one more than the contact's last, or the open one, to take it up again."""

    contact: ContactId
    step: int
    verb: Verb
    where: str = ""
    """The line of the program that awaits it: file:line."""


class ProgramReturned(Input, frozen=True):
    """A program came to its end."""

    contact: ContactId


class ProgramRaised(Input, frozen=True):
    """A program raised, awaited what is no verb, or did not give way. `where`: file:line."""

    contact: ContactId
    error: str
    where: str
