"""Verbs that only note something about the contact: its language, its way through the menus, what was entered.

They take no time and nothing at the switch; what they note is bounded, since it rides in every checkpoint.
"""

from __future__ import annotations

from typing import Final, assert_never

from ccplane.contacts import facts as c
from ccplane.contacts.contact import Contact
from ccplane.contacts.facts import MessageMark
from ccplane.contacts.surveys import AskSurvey, NoteAnswer
from ccplane.contacts.verbs import (
    Choose,
    Done,
    DropMessage,
    Failed,
    MarkServed,
    Note,
    NoteEmergency,
    Result,
    SetData,
    SetLanguage,
)
from ccplane.core import surveys
from ccplane.core.turn import Turn

DATA_MOST: Final = 20
NAME_LONGEST: Final = 40
VALUE_LONGEST: Final = 200
BY_CALLER: Final = "caller"
"""Who deleted a message that its own caller does not want."""


def noted(turn: Turn, contact: Contact, verb: Note) -> Result:
    """Note it; Failed, with the reason, if there is no room."""
    match verb:
        case SetLanguage(language=language):
            turn.happened(c.LanguageSet(at=turn.now, contact=contact.id, language=language))
        case Choose(menu=menu, key=key, name=name):
            turn.happened(c.MenuChosen(at=turn.now, contact=contact.id, menu=menu, key=key, name=name))
        case SetData(name=name, value=value):
            if name not in contact.data and len(contact.data) >= DATA_MOST:
                return Failed(f"there are {DATA_MOST} data of this contact already")
            value = value[:VALUE_LONGEST]
            turn.happened(c.DataSet(at=turn.now, contact=contact.id, name=name[:NAME_LONGEST], value=value))
        case MarkServed():
            if not contact.self_served:
                turn.happened(c.ServedByProgram(at=turn.now, contact=contact.id, program=contact.program))
        case DropMessage(message=message):
            turn.happened(
                c.MessageMarked(
                    at=turn.now, message=message, contact=contact.id, state=MessageMark.DELETED, by=BY_CALLER
                )
            )
        case NoteEmergency(emergency=emergency):
            turn.happened(c.EmergencyHeard(at=turn.now, contact=contact.id, emergency=emergency))
        case AskSurvey():
            return surveys.ask(turn, contact, verb)
        case NoteAnswer():
            return surveys.answered(turn, contact, verb)
        case _:
            assert_never(verb)
    return Done()
