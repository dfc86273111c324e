"""The state tables as diagrams for people: `python -m tests.core.diagrams` writes docs/state-machines.md anew."""

from __future__ import annotations

from pathlib import Path

from ccplane.agents.agent import AT_REST, LINE, WORK, LineState, Work
from ccplane.contacts.callback import CALLBACK, CallbackState
from ccplane.contacts.contact import PHASE, Phase
from ccplane.contacts.faxing import FAX, FaxState
from ccplane.contacts.message import MESSAGE, MessageState
from ccplane.contacts.offer import OFFER, OfferState
from ccplane.contacts.owed import OWED, OwedState
from ccplane.contacts.own_call import CALL, CallState
from ccplane.contacts.recordings import RECORDING, RecordingState
from ccplane.contacts.talk import TALK, TalkState

DOC = Path(__file__).resolve().parents[2] / "docs" / "state-machines.md"
MACHINES = {
    "Contact": (PHASE, Phase.IN_PROGRAM, "A contact ends only from `in-program`: what is open is closed first."),
    "Offer": (OFFER, OfferState.MADE, "One attempt to give one contact to one agent."),
    "Talk": (TALK, TalkState.UP, "A phone that vanishes in mid-talk has ten seconds to come back."),
    "Own call": (CALL, CallState.CALLED, "A call that an agent makes, as the other party's phone sees it."),
    "Recording": (RECORDING, RecordingState.ASKED, "One talk has one; `ended` waits for the switch to confirm it."),
    "Callback": (
        CALLBACK,
        CallbackState.ASKED,
        "A customer who is called back. While it is `waiting` a contact without a channel stands in the line for them.",
    ),
    "Message": (MESSAGE, MessageState.LEFT, "What a caller said, from its end: in safety, or found to be none."),
    "Owed message": (OWED, OwedState.NEW, "A message in a box of acd/voicemail.toml, until somebody has answered it."),
    "Fax": (FAX, FaxState.OVER, "What a caller sends, from the end of its transmission: in safety, or nothing of it."),
    "Agent at work": (
        WORK,
        Work.IDLE,
        "What an agent does. What they want and what their phone can are axes of their own.",
    ),
    "Open line": (LINE, LineState.NONE, "What an always-on seat keeps open to its desk phone between calls."),
}


def mermaid(table, first):
    """A state table as a mermaid diagram; states from which nothing leads end."""
    lines = ["stateDiagram-v2", f"    [*] --> {name(first)}"]
    for state, row in table.items():
        lines += [f"    {name(state)} --> {name(after)}: {fact.__name__}" for fact, after in row.items()]
        lines += [] if row else [f"    {name(state)} --> [*]"]
    return "\n".join(lines)


def name(state):
    return state.value.replace("-", "_")


def document():
    """The whole page."""
    parts = [
        "# State machines",
        "Drawn from the tables in the code (`contacts/contact.py`, `contacts/offer.py`, `contacts/talk.py`, "
        "`contacts/own_call.py`, `contacts/recordings.py`, `contacts/message.py`, `contacts/faxing.py`, "
        "`contacts/callback.py`, `agents/agent.py`); a test "
        "holds this page to them. "
        "Each arrow is a fact. Any other fact in a state raises `IllegalMove` and changes nothing.",
    ]
    for title, (table, first, sentence) in MACHINES.items():
        parts += [f"## {title}", sentence, f"```mermaid\n{mermaid(table, first)}\n```"]
    rows = "\n".join(f"| {intent} | {phone} | {word} |" for (intent, phone), word in AT_REST.items())
    parts += [
        "## What is shown of an agent",
        "While an agent works, the work is shown; at rest, what they want and what their phone can say it:",
        f"| intent | phone | shown |\n|---|---|---|\n{rows}",
        "Whoever is shown ready may be offered a contact, but not while they rest after a miss, nor before each leg of "
        "theirs that we hung up is gone at the switch (`LegDropped`, `LegCleared`; looked for in a survey after 3 s, "
        "or in the one after a gap, `LegsSought`): the phone may still be in that call. A phone that hangs up itself "
        "is free at once. At an always-on seat a phone without an open line counts as gone.",
    ]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    DOC.write_text(document(), encoding="utf-8")
