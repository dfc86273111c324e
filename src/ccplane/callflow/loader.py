"""Turns a program's source into its `main`. Each call gets its own module: nothing leaks from one caller to another."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from functools import lru_cache
from types import CodeType
from typing import Any

from ccplane.errors import ProgramError
from ccplane.ids import ProgramName
from ccplane.site import Site

Main = Callable[..., Coroutine[Any, Any, Any]]
"""Takes the `Call`, and what another program gives it."""


def load(site: Site, name: ProgramName) -> Main:
    """The program's `main`; ProgramError if the site has no such program or it does not define one."""
    program = site.programs.get(name)
    if program is None:
        known = ", ".join(site.programs)
        raise ProgramError("no-such-program", f"there is no program {name!r}; ari_apps/ has {known}")
    module: dict[str, Any] = {"__name__": f"ari_apps.{name}", "__file__": program.path}
    exec(_compiled(program.path, program.source), module)
    main = module.get("main")
    if not inspect.iscoroutinefunction(main):
        raise ProgramError("no-main", f"{program.path} must define `async def main(call)`")
    return main


@lru_cache(maxsize=256)
def _compiled(path: str, source: str) -> CodeType:
    return compile(source, path, "exec")
