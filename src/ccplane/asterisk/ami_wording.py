"""How an action is worded for AMI and how what it says is read. Nothing here knows a connection.

A value with a line break would be a header of its own, and a second action after two: it is refused before it is
worded. So is what Asterisk would not read whole: a line of 1,024 bytes and more is an error without a word about which
action it was, and of more than 128 headers the rest is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from panoramisk.actions import Action as Wording  # type: ignore[import-untyped]

from ccplane.asterisk.actions import Action, Message
from ccplane.asterisk.outcomes import Done, Gone, Outcome, Refused

LONGEST_LINE: Final = 1000
MOST_LINES: Final = 100

NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f]")
GONE: Final = ("no such channel", "channel does not exist", "channel not found")
DENIED: Final = "permission denied"


def fault_of(action: Action) -> str:
    """Why it can't be sent; empty if it can."""
    if not action.get("Action"):
        return "an action needs its name, as Action"
    lines = list(_lines(action))
    if len(lines) > MOST_LINES:
        return f"{len(lines)} lines are more than Asterisk reads"
    return next((fault for name, value in lines if (fault := _fault_of_line(name, value))), "")


def _lines(action: Action) -> list[tuple[str, str]]:
    return [(name, each) for name, value in action.items() for each in ([value] if isinstance(value, str) else value)]


def _fault_of_line(name: str, value: str) -> str:
    if not NAME.fullmatch(name):
        return f"{name!r} is no header's name"
    if name.lower() in ("actionid", "commandid"):
        return f"{name} is the client's own"
    if UNSAFE.search(value):
        return f"{name}: a line break or another control character can't stand in a value"
    try:
        length = len(name) + len(value.encode()) + 2
    except UnicodeEncodeError:
        return f"{name}: half of a character is no text"
    return f"{name}: longer than a line that Asterisk reads" if length > LONGEST_LINE else ""


def worded(action: Action, number: str) -> bytes:
    """As it goes over the wire; of an action that has no fault."""
    headers = {name: value if isinstance(value, str) else list(value) for name, value in action.items()}
    return str(Wording({**headers, "ActionID": number})).encode()


def plain(message: Mapping[str, Any]) -> Message:
    """panoramisk's message as ours; `content` is its own invention."""
    items = ((name.lower(), value) for name, value in message.items() if name != "content")
    return {name: value if isinstance(value, str) else "\n".join(value) for name, value in items}


def outcome_of(response: Message) -> Outcome[Message]:
    """AMI has no numbers: 400 stands for a definite no, 403 for a missing permission, as in ARI."""
    if response.get("response") in ("Success", "Follows", "Goodbye"):
        return Done(response)
    said = response.get("message", "")
    if said.lower().startswith(GONE):
        return Gone(said)
    return Refused(403 if said.lower().startswith(DENIED) else 400, said or response.get("response", ""))
