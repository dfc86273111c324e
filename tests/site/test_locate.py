"""A key's line is the line it stands on, however the TOML is written."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccplane.site.locate import Lines, Path, line_of


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("a = 1\nb = 2", ("b",), 2),
        ("# note\n[t]\n\nx = 1", ("t", "x"), 4),
        ("[t]\n[t.u]\nx = 1", ("t", "u", "x"), 3),
        ("a.b.c = 1\na.b.d = 2", ("a", "b", "d"), 2),
        (
            "[t]\nsteps = [\n  { for = 1 },\n  \n  # two\n  { for = 2, skills = { s = 3 } },\n]",
            ("t", "steps", 1, "skills", "s"),
            6,
        ),
        ("[[t]]\nx = 1\n[[t]]\nx = 2", ("t", 1, "x"), 4),
        ("[[t]]\n[t.u]\nx = 1\n[[t]]\n[t.u]\nx = 2", ("t", 1, "u", "x"), 6),
        ('s = """\nb = 1\n"""\nb = 2', ("b",), 4),
        ("s = '''\nb = ''1\n'''\nb = 2", ("b",), 4),
        ('s = """a"""""\nb = 2', ("b",), 2),
        ('"a.b" = 1\na.b = 2', ("a", "b"), 2),
        ('"\\u0061b" = 1\nb = 2', ("ab",), 1),
        ('x = "# [no] = comment \\" "\nb = 2 # c = 3\nc = 4', ("c",), 3),
        ("a = 1\r\nb = 2\r\n", ("b",), 2),
    ],
)
def test_the_line_is_found(text: str, path: Path, line: int):
    tomllib.loads(text)
    assert line_of(text, path) == line


def test_what_is_not_there_is_looked_for_in_the_table_around_it():
    assert line_of("\n[t]\nx = 1", ("t", "missing", "deeper")) == 2


def test_what_is_nowhere_is_on_the_first_line():
    assert line_of("x = 1", ("missing",)) == 1
    assert line_of("", ("missing",)) == 1


# ------------------------------------------------------------------ property: TOML is written, and where is remembered

KEYS = st.one_of(
    st.from_regex(r"[A-Za-z0-9_-]{1,6}", fullmatch=True),
    st.sampled_from(["a.b", "=", "# no", "[x]", 'say "hi"', "键", "it's", " "]),
)
SCALARS = st.sampled_from(
    [
        "1",
        "-2.5",
        "true",
        "1979-05-27T07:32:00Z",
        '""',
        '"# = [ ] { } ,"',
        "'\\'",
        '"\\"\\\\"',
        "'''it''s'''",
        '"""\n[t]\na = 1\n"""',
        "'''\n\n]'''",
        '"""a\\\n   b"""',
        '"""q"""""',
    ]
)
BREAKS = st.sampled_from(["", "\n", " # , ]\n", "\n\n  "])


class Writer:
    """Writes TOML as `draw` decides, and notes each path's line as it is written."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw, self.text, self.lines = draw, "", {}

    def put(self, text: str) -> None:
        self.text += text

    def note(self, path: Path) -> None:
        self.lines.setdefault(path, self.text.count("\n") + 1)

    def key(self, name: str) -> None:
        bare = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
        quoted = '"' + name.replace('"', '\\"') + '"'
        self.put(name if bare and self.draw(st.booleans()) else quoted)

    def pairs(self, path: Path, depth: int) -> None:
        for name in self.draw(st.lists(KEYS, unique=True, max_size=3)):
            self.put(self.draw(st.sampled_from(["", "\n", "  ", "# [t]\n"])))
            self.pair((*path, name), depth)
            self.put(self.draw(st.sampled_from(["\n", " # c = 1\n", "\r\n"])))

    def pair(self, path: Path, depth: int) -> None:
        self.note(path)
        self.key(path[-1])
        if depth and self.draw(st.booleans()):
            path = (*path, "dotted")
            self.note(path)
            self.put(self.draw(st.sampled_from([".", " . "])) + "dotted")
        self.put(self.draw(st.sampled_from(["=", " = "])))
        self.value(path, depth)

    def value(self, path: Path, depth: int) -> None:
        kind = self.draw(st.sampled_from(["scalar", "array", "table"])) if depth else "scalar"
        if kind == "scalar":
            self.put(self.draw(SCALARS))
        elif kind == "array":
            self.array(path, depth)
        else:
            self.inline(path, depth)

    def array(self, path: Path, depth: int) -> None:
        self.put("[")
        for index in range(count := self.draw(st.integers(0, 3))):
            self.put(self.draw(BREAKS))
            self.note((*path, index))
            self.value((*path, index), depth - 1)
            self.put(self.draw(BREAKS) + ("," if index < count - 1 or self.draw(st.booleans()) else ""))
        self.put(self.draw(BREAKS) + "]")

    def inline(self, path: Path, depth: int) -> None:
        self.put("{ ")
        for index, name in enumerate(self.draw(st.lists(KEYS, unique=True, max_size=3))):
            self.put(", " if index else "")
            self.pair((*path, name), depth - 1)
        self.put(" }")

    def sections(self) -> None:
        for name in self.draw(st.lists(st.sampled_from(["one", "two", "three"]), unique=True)):
            path: Path = ("section " + name,)
            for index in range(count := self.draw(st.integers(0, 2))):
                self.header("[[", path, (*path, index))
                self.header("[", (*path, "inner part"), (*path, index, "inner part"))
            if not count:
                self.header("[", path, path)

    def header(self, brackets: str, names: Path, path: Path) -> None:
        if brackets == "[[":
            self.note(path[:-1])
        self.note(path)
        self.put(brackets)
        for index, name in enumerate(names):
            self.put("." if index else "")
            self.key(name)
        self.put(brackets.replace("[", "]") + "\n")
        self.pairs(path, 2)


@st.composite
def written_toml(draw: st.DrawFn) -> tuple[str, dict[Path, int]]:
    writer = Writer(draw)
    writer.pairs((), 2)
    writer.sections()
    return writer.text, writer.lines


def paths_in(value: object, path: Path = ()) -> Iterator[Path]:
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        yield from paths_in(each, (*path, key))


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(written_toml())
def test_every_key_of_any_toml_is_found_on_the_line_it_was_written(document: tuple[str, dict[Path, int]]):
    text, written = document
    found = Lines(text)
    assert {path: found.of(path) for path in paths_in(tomllib.loads(text))} == written
