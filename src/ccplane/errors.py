"""Every error ccplane raises on purpose, split by whose fault it is.

CcplaneError
├── SiteError       a file of the operator's: path, line, key
├── ProgramError    a program in ari_apps/ did what it must not
├── SwitchError     Asterisk refused, vanished or contradicts us
├── StoreError      Postgres or the outbox cannot do its work
├── RequestError    an API client asked for what cannot be
├── IllegalMove     our own fault: a state machine was asked for a transition its table does not have
├── SetupError      this machine cannot run what was asked: a port taken, no rights, no network, a missing program
└── MachineError    the machine refused where we did not expect it: a full disk, no rights

Each carries a stable `code` ("no-such-queue"), a sentence that says what is wrong, where, and what to do, and its
facts as keyword attributes. HTTP status codes are mapped in one place, `http/problems.py`; a command that ends with an
error has its `exit_code`: 2 if the operator can put it right, else 1.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any


class CcplaneError(Exception):
    """The root. `code` is stable and machine-readable, `facts` are the particulars."""

    exit_code = 1

    def __init__(self, code: str, sentence: str, /, **facts: Any) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.facts = facts

    def __str__(self) -> str:
        return self.sentence


class SiteError(CcplaneError):
    """A fault in the operator's files. Printed as `path:line: key: sentence`."""

    exit_code = 2

    def __init__(self, code: str, sentence: str, /, *, path: Path | str, line: int = 0, key: str = "") -> None:
        super().__init__(code, sentence, path=str(path), line=line, key=key)
        self.path = str(path)
        self.line = line
        self.key = key

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else self.path
        return f"{where}: {self.key}: {self.sentence}" if self.key else f"{where}: {self.sentence}"


class ProgramError(CcplaneError):
    """A program did what it must not: awaited something that is no verb, changed its course on a replay."""


class SwitchError(CcplaneError):
    """Asterisk refused us, is not there, or contradicts what it said."""


class StoreError(CcplaneError):
    """Postgres or the outbox cannot do its work."""


class RequestError(CcplaneError):
    """An API client asked for something that does not exist or is not allowed."""

    exit_code = 2


class IllegalMove(CcplaneError):
    """A state machine was asked for a transition that its table does not have. Nothing was changed."""

    def __init__(self, machine: str, state: object, fact: object) -> None:
        name = type(fact).__name__
        super().__init__(
            "illegal-move",
            f"{machine}: no transition from {state} by {name}",
            machine=machine,
            state=str(state),
        )


class SetupError(CcplaneError):
    """This machine cannot run what was asked; the sentence says what to do about it."""

    exit_code = 2


class MachineError(CcplaneError):
    """The machine refused where nothing better is known to say: a full disk, no rights. Made of an OSError."""

    def __init__(self, error: OSError) -> None:
        where = f" ({error.filename})" if error.filename else ""
        super().__init__("machine-refused", f"This machine refused: {error.strerror}{where}.", errno=error.errno)
