"""A box of acd/voicemail.toml as programs use it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

AGENTS: Final = "agents"
"""The table that is the box of every agent."""


@dataclass(frozen=True)
class BoxRule:
    """What a caller hears, by the names of prompts ("": nothing), and how long they may speak.

    `full`: said in place of the greeting when no more messages are taken; `review`: asks what shall become of theirs.
    """

    greeting: str
    thanks: str = ""
    full: str = ""
    review: str = ""
    longest_s: int = 180
    silence_s: int = 5
    attach: bool = False
    """Whether the sound is in the mails that tell of a message."""
