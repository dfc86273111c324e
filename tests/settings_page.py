"""The settings as a page for operators: `python -m tests.settings_page` writes docs/settings.md anew."""

from __future__ import annotations

import ast
import inspect
import re
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

from pydantic.fields import FieldInfo

from ccplane.settings import HOME, PREFIX, Settings

DOC = HOME / "docs" / "settings.md"
HEAD = """# Settings

Environment variables, and nothing else; what an operator decides about calls is in the site's files
([site.md](site.md)). Every one has a default that works on one machine. One that is wrong, or whose name
nobody knows, is refused at the start and named. A path that does not begin with `/` begins where the command
is run. This page is made from `src/ccplane/settings.py`.

| variable | unless set | may be | means |
|---|---|---|---|
"""
TAIL = """| `CCPLANE_DEBIAN_MIRROR` | what apt uses here | URL | Where asterisk-docker/install.sh takes Debian from. |

Each command reads them where it runs: give `ccplane status` and the others what `make run` was given.
[guard.md](guard.md) has what a guard on a machine of its own needs.
"""


def document() -> str:
    said = docstrings()
    return HEAD + "".join(row(name, field, said[name]) for name, field in Settings.model_fields.items()) + TAIL


def docstrings() -> dict[str, str]:
    """The text below each field; without one, nothing."""
    (body,) = ast.parse(inspect.getsource(Settings)).body
    assert isinstance(body, ast.ClassDef)
    said = dict.fromkeys(Settings.model_fields, "")
    for field, text in pairwise(body.body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
            said[field.target.id] = " ".join(ast.literal_eval(text.value).split())
    return said


def row(name: str, field: FieldInfo, said: str) -> str:
    return f"| `{PREFIX}{name.upper()}` | {default(field)} | {may_be(field)} | {escaped(said)} |\n"


def default(field: FieldInfo) -> str:
    match field.default:
        case None | "":
            return ""
        case Path() as path:
            return f"`{path.relative_to(HOME)}` in ccplane's own folder" if path != HOME else "ccplane's own folder"
        case float() as number:
            return f"`{number:g}`"
        case other:
            return f"`{other}`"


def may_be(field: FieldInfo) -> str:
    limits: dict[str, Any] = {}
    for each in field.metadata:
        limits |= {key: value for key in ("ge", "le") if (value := getattr(each, key, None)) is not None}
    if limits:
        return f"{limits['ge']:g} to {limits['le']:g}" if limits["le"] < 1e6 else f"{limits['ge']:g} to {limits['le']}"
    if "Path" in str(field.annotation):
        return "path"
    return ", ".join(f"`{each}`" for each in get_args(field.annotation) if isinstance(each, str))


def escaped(text: str) -> str:
    """In a table of Markdown; other pages are linked."""
    return re.sub(r"docs/([\w-]+\.md)", r"[\1](\1)", text.replace("|", "\\|"))


if __name__ == "__main__":
    DOC.write_text(document(), encoding="utf-8")
