"""Where a program stands: the line of ari_apps/ that awaits its verb."""

from __future__ import annotations

from collections.abc import Iterator
from types import FrameType
from typing import Any, Final

PROGRAMS: Final = "ari_apps/"
"""Where the code of programs says that it is from."""


def line_of(program: object) -> str:
    """`file:line`, the innermost that is a program's; "" if it awaits nothing."""
    ours = [each for each in _frames(program) if each.f_code.co_filename.startswith(PROGRAMS)]
    return f"{ours[-1].f_code.co_filename}:{ours[-1].f_lineno}" if ours else ""


def _frames(program: Any) -> Iterator[FrameType]:
    while hasattr(program, "cr_frame"):
        if program.cr_frame is not None:
            yield program.cr_frame
        program = program.cr_await
