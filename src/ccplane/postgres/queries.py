"""SQL by name: each statement in queries/*.sql stands under `-- name --` and a line that says why it is as it is."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Final

HEADING: Final = re.compile(r"^-- ([a-z][a-z0-9_]*) --$", re.MULTILINE)


@cache
def queries() -> dict[str, str]:
    """All statements by name; a name used twice is refused."""
    found: dict[str, str] = {}
    for file in sorted(files(__package__).joinpath("queries").iterdir(), key=lambda each: each.name):
        if file.name.endswith(".sql"):
            _, *parts = HEADING.split(file.read_text("utf-8"))
            for name, statement in zip(parts[::2], parts[1::2], strict=True):
                if name in found:
                    raise ValueError(f"{file.name}: two statements are called {name}")
                found[name] = statement.strip()
    return found


def query(name: str) -> str:
    """The statement of this name."""
    return queries()[name]
