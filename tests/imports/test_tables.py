"""Whatever a file has in it: its rows, or faults by row and column, and nothing else."""

from __future__ import annotations

import json
from datetime import date

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from ccplane.days import Calendar, Since
from ccplane.http.figures import BODY
from ccplane.imports.judged import judged
from ccplane.imports.kinds import KINDS, Where
from ccplane.imports.load import as_csv, cells
from ccplane.imports.tables import Misread, from_csv, from_json
from ccplane.postgres.outside import Known

WHERE = Where(Calendar([Since(0, "Europe/Berlin")]), Known(frozenset({"1001", "=1", "'x"}), frozenset({"sales"})))
SCHEDULES = KINDS["schedules"]


def read(data, kind=SCHEDULES, form=from_csv):
    try:
        return judged(form(data, kind), kind, WHERE)
    except Misread as error:
        return error


@given(st.binary(max_size=300), st.sampled_from(sorted(KINDS)), st.sampled_from([from_csv, from_json]))
@example(b'agent,from,to,activity\n"', "schedules", from_csv)
@example(b"agent,from,to,activity\n\x00", "schedules", from_csv)
@example(b'[{"agent": ' + b"9" * 5_000 + b"}]", "schedules", from_json)
@example(b'[{"agent": "\\ud800"}]', "schedules", from_json)
def test_whatever_it_is_there_are_faults_and_no_exception(data, kind, form):
    found = read(data, KINDS[kind], form)
    assert found.faults


words = st.sampled_from(
    ["1001", "=1", "2026-11-23 09:00", "2026-03-29 02:30", "work", "", " ", "'x", "9" * 30, 'ä;,\t"\n']
)


@given(st.lists(st.lists(words, max_size=5), max_size=6), st.sampled_from([",", ";", "\t"]))
def test_rows_of_anything_are_judged_one_by_one(rows, separator):
    lines = [separator.join(["agent", "from", "to", "activity"]), *(separator.join(row) for row in rows)]
    found = read("\n".join(lines).encode())
    assert found.faults or found.rows


agents = st.sampled_from(sorted(WHERE.known.agents))


@given(st.dictionaries(st.tuples(agents, st.dates(date(2020, 1, 1), date(2030, 1, 1))), st.integers(0, 90_000)))
def test_what_was_written_is_read_again(paid):
    kind = KINDS["paid_hours"]
    rows = [(agent, day, seconds * 1000) for (agent, day), seconds in paid.items()]
    told = [cells(row, kind, WHERE.calendar) for row in rows]
    for lang in ("en", "zh-CN"):
        found = read(as_csv("paid_hours", told, lang).encode(), kind)
        assert found.rows == rows
        assert bool(found.faults) is not bool(rows)
    assert judged(from_json(msgspec.json.encode(told), kind), kind, WHERE).rows == rows


def test_the_examples_of_the_api_are_without_fault():
    content = BODY["content"]
    rows = json.dumps(content["application/json"]["example"]).encode()
    of_json, of_csv = read(rows, form=from_json), read(content["text/csv"]["example"].encode())
    assert (of_json.faults, of_csv.faults) == ([], [])
    assert of_json.rows == of_csv.rows != []
