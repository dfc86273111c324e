"""ari_apps/: what the call does. Programs are judged here without running a line of them."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from functools import partial
from typing import Final

from ccplane.contacts.announce import way_of
from ccplane.errors import SiteError
from ccplane.site.faults import Findings, did_you_mean
from ccplane.site.names import Reference
from ccplane.site.program_words import judge_words
from ccplane.site.verbs import KNOWN, VERBS, not_there

NAMED_BY: Final = {
    "menu": "menu",
    "queue": "queue",
    "callback": "queue",
    "arrange_callback": "queue",
    "play": "prompt",
    "gather": "prompt",
    "confirm": "prompt",
    "record_message": "prompt",
    "run": "program",
    "ask_agent": "prompt",
    "ask_pin": "prompt",
    "while_waiting": "prompt",
    "set_language": "language",
    "hours": "hours",
    "look_up": "look-up",
    "survey": "survey",
    "voicemail": "box",
    "send_fax": "fax",
}
"""Verbs whose first argument is a name, and of what; of prompts each argument."""
PROMPTED: Final = {"gather": ("silence", "invalid"), "record_message": ("review",)}
"""And those of their keywords that are names of prompts."""
NAMED_BY_KEYWORD: Final = {
    "menu": {"name": "menu"},
    "queue": {"name": "queue"},
    "callback": {"queue": "queue"},
    "arrange_callback": {"queue": "queue"},
    "while_waiting": {"keys": "queue"},
    "transfer": {"number": "outside", "agent": "agent", "queue": "queue"},
    "conference": {"ask": "prompt"},
}
"""Keywords that are names, of whatever verb, and of what."""
AS_THE_NUMBERS: Final = "queue of the number"
"""What a transfer to an agent refers to that names no queue itself."""

FORBIDDEN: Final = {
    *(
        "aiohttp",
        "asyncio",
        "httpx",
        "random",
        "requests",
        "secrets",
        "socket",
        "subprocess",
        "threading",
        "time",
        "uuid",
    ),
}
"""Modules a program has no use for: it runs again over its journal, and must then take the same course."""


def judge_program(path: str, source: str, findings: Findings) -> list[Reference]:
    """Faults of one program; what it names by literal text is given back, to be looked up once all is read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source, path)
            compile(tree, path, "exec", dont_inherit=True)  # also finds a `return` outside a function
    except SyntaxError as error:
        findings.faults.append(_fault(path, error.lineno or 0, "not-python", f"not valid Python: {error.msg}"))
        return []
    except (ValueError, RecursionError, MemoryError) as error:
        findings.faults.append(_fault(path, 0, "not-python", f"not valid Python: {error}"))
        return []
    findings.warnings += _forbidden(path, tree)
    main = _main(path, tree, findings)
    if not isinstance(main, ast.AsyncFunctionDef):
        return []
    call = [*main.args.posonlyargs, *main.args.args][0].arg
    findings.faults += judge_words(tree, source, call, partial(_fault, path))
    for line, name in not_there(tree, call):
        sentence = f"a call has nothing of this name{did_you_mean(name, VERBS | KNOWN)}"
        findings.faults.append(_fault(path, line, "no-such-verb", sentence, f"{call}.{name}"))
    return list(_names(path, tree, call, findings))


def computes(source: str, verb: str) -> bool:
    """Whether a program uses a verb with a name that does not stand in it: then which ones it means is not known."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True
    return any(
        isinstance(node.func, ast.Attribute)
        and node.func.attr == verb
        and not (node.args and isinstance(node.args[0], ast.Constant))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    )


def _forbidden(path: str, tree: ast.Module) -> Iterator[SiteError]:
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom))
    for node in imports:
        modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names]
        for module in modules:
            if module.partition(".")[0] in FORBIDDEN:
                sentence = "a program has no clock, chance or network but by its verbs; it would not survive a restart"
                yield _fault(path, node.lineno, "not-replayable", sentence, f"import {module}")


def _main(path: str, tree: ast.Module, findings: Findings) -> ast.AST | None:
    """`async def main(call)`, or None and the fault is told."""
    found = [
        each for each in tree.body if isinstance(each, ast.AsyncFunctionDef | ast.FunctionDef) and each.name == "main"
    ]
    if not found:
        findings.faults.append(_fault(path, 0, "no-main", "a program needs `async def main(call: Call) -> None:`"))
        return None
    main = found[-1]
    if isinstance(main, ast.FunctionDef):
        sentence = "is not async; write `async def main(call: Call) -> None:`"
        findings.faults.append(_fault(path, main.lineno, "main-not-async", sentence, "main"))
        return None
    if not _takes_one(main.args):
        sentence = "takes exactly one argument, the call: `async def main(call: Call) -> None:`"
        findings.faults.append(_fault(path, main.lineno, "main-arguments", sentence, "main"))
        return None
    return main


def _takes_one(arguments: ast.arguments) -> bool:
    positional = len(arguments.posonlyargs) + len(arguments.args)
    needed = positional - len(arguments.defaults)
    keywords_needed = any(default is None for default in arguments.kw_defaults)
    return positional >= 1 and needed <= 1 and not keywords_needed


def _names(path: str, tree: ast.AST, call: str, findings: Findings) -> Iterator[Reference]:
    """By verbs of the call, wherever in the file: `main` may hand it on to a function beside it."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=verb), args=arguments, keywords=others) if (
                owner == call and (verb in NAMED_BY or verb in NAMED_BY_KEYWORD)
            ):
                blame = partial(_tell, path, node.lineno, f"{call}.{verb}", findings)
                warn = partial(_warn, path, node.lineno, f"{call}.{verb}", findings)
                kinds = NAMED_BY_KEYWORD.get(verb, {})
                if verb == "transfer" and {"agent", "queue"} & {each.arg for each in others} == {"agent"}:
                    yield Reference(AS_THE_NUMBERS, verb, warn, by_program=True)
                for each in others:
                    match each.value:
                        case ast.Constant(value=str(name)) if each.arg in kinds and name:
                            told = warn if kinds[each.arg] == "agent" else blame
                            yield Reference(kinds[each.arg], name, told, by_program=True)
                        case ast.Dict(values=ways) if each.arg in kinds:
                            yield from (Reference("queue", to, blame, by_program=True) for to in _queues(ways))
                if verb not in NAMED_BY:
                    continue
                named = arguments if NAMED_BY[verb] == "prompt" else arguments[:1]
                given = [*named, *(each.value for each in others if each.arg in PROMPTED.get(verb, ()))]
                names = [each.value for each in given if isinstance(each, ast.Constant)]
                for name in (name for name in names if isinstance(name, str) and name):
                    if not (NAMED_BY[verb] == "prompt" and name.startswith("sound:")):
                        told = warn if NAMED_BY[verb] == "box" else blame
                        yield Reference(NAMED_BY[verb], name, told, by_program=True)


def _queues(ways: list[ast.expr]) -> Iterator[str]:
    """Of what keys lead to, the queues."""
    for each in ways:
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and (to := way_of(each.value).queue):
            yield to


def _tell(path: str, line: int, key: str, findings: Findings, code: str, sentence: str) -> None:
    findings.faults.append(_fault(path, line, code, sentence, key))


def _warn(path: str, line: int, key: str, findings: Findings, code: str, sentence: str) -> None:
    """Of people: they may be known to Postgres alone. Of boxes: messages are kept in any."""
    findings.warnings.append(_fault(path, line, code, sentence, key))


def fault_at(path: str, code: str, sentence: str, line: int = 0, key: str = "") -> SiteError:
    """A finding about a whole program, or about a line of it."""
    return _fault(path, line, code, sentence, key)


def _fault(path: str, line: int, code: str, sentence: str, key: str = "") -> SiteError:
    return SiteError(code, sentence, path=path, line=line, key=key)
