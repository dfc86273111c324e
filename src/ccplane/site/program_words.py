"""The words a program uses: verbs that it does not await, what it imports, and names that nothing defines.

Python tells of these one at a time, when a caller comes to the line. Here all are told before, without running one.
"""

from __future__ import annotations

import ast
import builtins
import difflib
import symtable
import sys
import warnings
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Final

from ccplane.errors import SiteError
from ccplane.site.faults import did_you_mean
from ccplane.site.verbs import VERBS

AWAITED: Final = VERBS - {"while_waiting"}
UNKNOWABLE: Final = frozenset({"globals", "exec", "eval", "vars", "locals"})
"""Who uses these may define names that do not stand in the file."""

Fault = Callable[[int, str, str, str], SiteError]
"""Line, code, sentence, key."""


def judge_words(tree: ast.Module, source: str, call: str, fault: Fault) -> Iterator[SiteError]:
    """Faults of a program that is valid Python. `call`: what its `main` calls the call."""
    yield from _imports(tree, fault)
    yield from _undefined(tree, source, fault)
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and _takes_call(function, call):
            yield from _not_awaited(function, call, fault)


# ── the call ──


def _takes_call(function: ast.FunctionDef | ast.AsyncFunctionDef, call: str) -> bool:
    """Whether this name is the call in there: an argument, of no other kind, that is not given another meaning."""
    taken = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    kinds = [each.annotation for each in taken if each.arg == call]
    other = any(isinstance(node, ast.Name) and node.id == call and _binds(node) for node in ast.walk(function))
    return bool(kinds) and (kinds[0] is None or "Call" in ast.unparse(kinds[0])) and not other


def _binds(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store | ast.Del)


def _not_awaited(function: ast.FunctionDef | ast.AsyncFunctionDef, call: str, fault: Fault) -> Iterator[SiteError]:
    later = [node.value for node in ast.walk(function) if isinstance(node, ast.Await | ast.Return)]
    handed = [each for node in ast.walk(function) if isinstance(node, ast.Call) for each in node.args]
    awaited = {each.id for each in (*later, *handed) if isinstance(each, ast.Name)}
    for parent, node in _within(function):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=name)) if (
                owner == call and name in AWAITED and _left_alone(parent, node, awaited)
            ):
                sentence = f"is not awaited, so nothing is done: write `await {call}.{name}(…)`"
                yield fault(node.lineno, "not-awaited", sentence, f"{call}.{name}")


def _within(function: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    """All that stands in it, each with what it stands in; functions in it are judged for themselves."""
    for child in ast.iter_child_nodes(function):
        yield function, child
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _within(child)


def _left_alone(parent: ast.AST, node: ast.AST, awaited: set[str]) -> bool:
    """Whether a verb's coroutine is surely never awaited, where it stands: what is handed on may well be."""
    match parent:
        case ast.Expr() | ast.Attribute() | ast.Match() | ast.If() | ast.While() | ast.Compare() | ast.BoolOp():
            return True
        case ast.UnaryOp() | ast.BinOp() | ast.Subscript() | ast.FormattedValue():
            return True
        case ast.IfExp(test=test):
            return test is node
        case ast.NamedExpr(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
            return name not in awaited  # `verb = call.play("x")`, and then `await verb`
        case _:
            return False


# ── names ──


def _imports(tree: ast.Module, fault: Fault) -> Iterator[SiteError]:
    """What is imported and is not there: each call would fail before its first verb. Who tries may do without."""
    tried = {id(each) for node in ast.walk(tree) if isinstance(node, ast.Try) for each in ast.walk(node)}
    for node in (each for each in ast.walk(tree) if id(each) not in tried):
        match node:
            case ast.ImportFrom(module="ccplane", level=0):
                for name in (each.name for each in node.names):
                    if name != "*" and name not in offered() and find_spec(f"ccplane.{name}") is None:
                        sentence = f"ccplane has no `{name}`{_near(name, offered())}"
                        yield fault(node.lineno, "no-such-import", sentence, "")
            case ast.Import() | ast.ImportFrom(level=0):
                whole = [node.module or ""] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names]
                for module in whole:
                    if not _is_there(module.partition(".")[0]):
                        sentence = "there is no such module; other systems are asked by `call.look_up`"
                        yield fault(node.lineno, "no-such-import", sentence, f"import {module}")


def _is_there(module: str) -> bool:
    try:
        return module in sys.modules or find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def offered() -> frozenset[str]:
    """What programs import from ccplane: it says so itself, and is loaded long since."""
    return frozenset(sys.modules["ccplane"].__all__)


def _undefined(tree: ast.Module, source: str, fault: Fault) -> Iterator[SiteError]:
    """Names that no line of the file defines: Python tells of them only once a caller comes there."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a backslash that means nothing: it has been compiled before
        tables = list(_tables(symtable.symtable(source, "program", "exec")))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    froms = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    stars = {node.module for node in froms if any(each.name == "*" for each in node.names)}
    if stars - {"ccplane"} or names & UNKNOWABLE:
        return
    outer, *inner = tables
    defined = {each.get_name() for each in outer.get_symbols() if each.is_assigned() or each.is_imported()}
    defined |= offered() if stars else set()
    defined |= {each.get_name() for table in inner for each in table.get_symbols() if _defines(each)}
    used = {each.get_name() for table in inner for each in table.get_symbols() if each.is_global()}
    used |= {each.get_name() for each in outer.get_symbols() if each.is_referenced()}
    lacking = used - defined - set(dir(builtins)) - {"__file__", "__name__"}
    told = set[str]()
    for node in _by_line(tree):
        if node.id in lacking and node.id not in told:
            told.add(node.id)
            if node.id in offered():
                sentence = f"is not imported: `from ccplane import {node.id}`"
            else:
                sentence = f"nothing of this name is defined{_near(node.id, defined | offered())}"
            yield fault(node.lineno, "undefined-name", sentence, node.id)


def _defines(symbol: symtable.Symbol) -> bool:
    return symbol.is_declared_global() and (symbol.is_assigned() or symbol.is_imported())


def _tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _tables(child)


def _by_line(tree: ast.Module) -> list[ast.Name]:
    """Names that are looked up when the program runs: with annotations put off, those in annotations are not."""
    put_off = any(
        isinstance(node, ast.ImportFrom)
        and node.module == "__future__"
        and any(each.name == "annotations" for each in node.names)
        for node in tree.body
    )
    skipped = {id(name) for node in ast.walk(tree) for name in _annotated(node)} if put_off else set()
    names = (each for each in ast.walk(tree) if isinstance(each, ast.Name) and id(each) not in skipped)
    return sorted((each for each in names if isinstance(each.ctx, ast.Load)), key=lambda each: each.lineno)


def _annotated(node: ast.AST) -> Iterator[ast.AST]:
    for field in ("annotation", "returns"):
        value = getattr(node, field, None)
        if isinstance(value, ast.AST):
            yield from ast.walk(value)


def _near(wrong: str, known: frozenset[str] | set[str]) -> str:
    """What was meant, if one is near; a list of all would be long."""
    near = difflib.get_close_matches(wrong.lower(), [each.lower() for each in known], n=1, cutoff=0.6)
    return did_you_mean(wrong, known) if near else ""
