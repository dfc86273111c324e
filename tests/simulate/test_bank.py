"""The bank's log: read with care, counted to the integer, explained, and run again.

The log itself is not part of this project. Where it does not lie beside it (`../shared/data/anonymous_bank`, or
CCPLANE_BANK_DATA) the tests that need it are skipped, and those on rows of our own remain.
"""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from ccplane.cli import main
from ccplane.errors import SiteError
from ccplane.simulate import outcome as o
from ccplane.simulate.bank import CREDIT_S, counted, read_bank, recorded_days
from ccplane.simulate.chance import stream
from ccplane.simulate.order import Explained, explained
from ccplane.simulate.patience import Patience
from ccplane.simulate.recorded import Guesses, at_work
from ccplane.simulate.run import simulate

TOP = Path(__file__).parents[2]
DATA = Path(os.environ.get("CCPLANE_BANK_DATA") or TOP.parent / "shared" / "data" / "anonymous_bank")
if not DATA.exists():
    DATA = TOP.parents[1] / "shared" / "data" / "anonymous_bank"  # from a work tree beside it
FIRST_COME = TOP / "docs" / "scenarios" / "first-come.toml"
needs_log = pytest.mark.skipif(not DATA.exists(), reason=f"the bank's log is not there: {DATA}")
MONTHS = {"january": 29, "march": 31}

HEADING = (
    "vru+line\tcall_id\tpriority\ttype\tdate\tvru_entry\tvru_exit\tvru_time\tq_start\tq_exit\tq_time\toutcome\tser_start\t"
    "ser_exit\tser_time\tserver"
)


def row(call, came, waited, outcome, talked=0, server="NO_SERVER", priority=0, kind="PS"):
    def clock(at):
        return f"{at // 3600}:{at // 60 % 60:02}:{at % 60:02}"

    zero, answered = "0:00:00", outcome == "AGENT"
    queued = (clock(came), clock(came + waited)) if waited else (zero, zero)
    served = (clock(came + waited), clock(came + waited + talked)) if answered else (zero, zero)
    cells = ["AA0101", call, priority, kind, "990301", clock(came - 5), clock(came), 5, *queued, waited, outcome]
    return "\t".join(map(str, [*cells, *served, talked, server]))


def a_log(folder: Path, *rows: str) -> Path:
    file = folder / "log.tsv"
    file.write_text("\n".join([HEADING, *rows]) + "\n")
    return file


DAY = (
    row(1, 30_000, 0, "AGENT", 100, "ana"),
    row(2, 30_010, 90, "AGENT", 60, "ana"),
    row(3, 30_050, 0, "HANG"),
    row(4, 30_060, 20, "HANG"),
    row(5, 30_070, 0, "PHANTOM"),
    row(6, 30_080, 95, "AGENT", 30, "ana", priority=2),
)


@needs_log
@pytest.mark.parametrize("month", MONTHS)
def test_the_kpis_of_a_month_are_the_golden_ones_to_the_integer(month):
    golden = json.loads((DATA / "golden_kpis.json").read_text())["months"][month]
    log = read_bank(DATA / f"{month}.tsv.gz")
    made = counted(log.calls)
    assert log.rows == golden["records"]
    assert not log.unreadable
    assert sum(call.outcome == "PHANTOM" for call in log.calls) == golden["phantom"]
    assert made.entered == golden["offered"]
    assert made.answered == golden["answered"]
    assert made.abandoned == golden["abandoned_in_queue"]
    assert made.answered_within == golden["answered_le_20s"]
    assert counted(log.calls, 15_000).answered_within == golden["answered_le_15s"]
    assert made.abandoned_within == golden["abandoned_le_20s"]
    assert made.abandoned_short == golden["abandoned_le_5s"]
    assert made.answered_wait_ms == golden["sum_wait_answered_s"] * 1000
    rates = {
        "SL20_offered": o.service_level,
        "SL20_excl_short5": o.net_of_short,
        "SL20_excl_ab_within": o.excluding,
        "SL20_credit_ab": o.crediting,
        "SL20_answered_only": o.answered_only,
        "abandon_rate": o.abandonment,
        "abandon_rate_excl_short5": o.abandonment_net,
    }
    for name, rate in rates.items():
        assert rate(made).value == pytest.approx(golden[name], abs=6e-7), name
    assert o.asa_s(made).value == pytest.approx(golden["ASA_s"], abs=6e-4)


@needs_log
@pytest.mark.parametrize(("month", "by_priority", "first_come"), [("january", 0.788, 0.855), ("march", 0.890, 0.750)])
def test_priority_as_ninety_seconds_explains_march_and_first_come_explains_january(month, by_priority, first_come):
    days = recorded_days(read_bank(DATA / f"{month}.tsv.gz"))
    assert len(days) == MONTHS[month]
    for seconds, share in ((CREDIT_S, by_priority), (0, first_come)):
        total = Explained(0, 0)
        for day in days:
            total = total.plus(explained(day.stays, lambda stay, s=seconds: s if stay.kind == "priority-2" else 0))
        assert total.share == pytest.approx(share, abs=0.001)


@pytest.mark.slow
@needs_log
def test_a_day_run_again_has_the_same_callers_and_what_the_log_counted():
    log = read_bank(DATA / "march.tsv.gz")
    day = recorded_days(log)[0]
    assert day.name == "1999-03-01"
    was, ran = day.as_it_was(), simulate(day.again(Guesses([day]), 1))
    assert was.of() == counted(call for call in log.calls if call.date == "1999-03-01")
    assert was.of().entered == ran.of().entered
    assert ran == simulate(day.again(Guesses([day]), 1))
    assert abs(o.abandonment(ran.of()).value - o.abandonment(was.of()).value) < 0.1


@pytest.mark.slow
@needs_log
def test_replay_shows_log_before_and_after(tmp_path):
    picture = tmp_path / "day.svg"
    asked = ["replay", "1999-03-01", "--bank", str(DATA / "march.tsv.gz"), "--rules", str(FIRST_COME)]
    shown = CliRunner().invoke(main, [*asked, "--picture", str(picture)])
    assert shown.exit_code == 0, shown.output
    assert "the log" in shown.output
    assert "order: the rules before explain" in shown.output
    assert "order: the rules after explain" in shown.output
    assert picture.read_text().count('stroke="#c2571a"') >= 4
    told = json.loads(CliRunner().invoke(main, [*asked, "--json"]).stdout)
    assert told["difference"]["priority-2"]["asa"]["value"] > 0 > told["difference"]["priority-1"]["asa"]["value"]


def test_replay_runs_on_rows_of_our_own(tmp_path):
    shown = CliRunner().invoke(main, ["replay", "--bank", str(a_log(tmp_path, *DAY)), "--rules", str(FIRST_COME)])
    assert shown.exit_code == 0, shown.output
    assert "log.tsv: 1999-03-01, seed 1" in shown.output


def test_who_hung_up_in_the_menu_never_asked_for_a_person(tmp_path):
    made = counted(read_bank(a_log(tmp_path, *DAY)).calls)
    assert (made.entered, made.answered, made.abandoned, made.answered_wait_ms) == (4, 3, 1, 185_000)


def test_rows_that_cannot_be_read_are_counted_and_those_that_cannot_be_too(tmp_path):
    odd = [row(7, 30_000, -5, "HANG"), "half\ta row", row(8, 30_000, 5, "HANG").replace("990301", "990301\t1"), *DAY]
    odd.append(DAY[1].replace("\t90\t", "\tninety\t"))
    log = read_bank(a_log(tmp_path, *odd))
    assert log.unreadable == {"number of columns": 2, "a number or a time": 1}
    assert log.impossible == {"a negative time": 1}
    assert (log.rows, len(log.calls)) == (10, 7)


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\x1f\x8bbroken", b"\xff\xfe"])
def test_what_is_no_such_log_is_refused(tmp_path, content):
    file = tmp_path / "log.tsv.gz" if content[:2] == b"\x1f\x8b" else tmp_path / "log.tsv"
    file.write_bytes(content)
    with pytest.raises(SiteError):
        read_bank(file)


def test_packed_or_not_it_is_the_same(tmp_path):
    plain = a_log(tmp_path, *DAY)
    packed = tmp_path / "log.tsv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert read_bank(packed) == read_bank(plain)


def test_a_day_that_the_log_does_not_have_is_told(tmp_path):
    ended = CliRunner().invoke(main, ["replay", "1999-04-01", "--bank", str(a_log(tmp_path, *DAY))])
    assert ended.exit_code == 2
    assert "has no calls of 1999-04-01" in ended.output


def test_an_agent_who_takes_nobody_although_somebody_waits_is_not_free(tmp_path):
    (day,) = recorded_days(read_bank(a_log(tmp_path, *DAY)))
    wrapped = {stay.contact.split("/")[1]: stay.wrap_up_ms for stay in day.stays}
    assert wrapped == {"1": 0, "2": 15_000, "4": None, "6": None}


def test_who_waited_behind_nobody_says_nothing_of_the_order(tmp_path):
    (day,) = recorded_days(read_bank(a_log(tmp_path, *DAY)))
    assert explained(day.stays, lambda stay: 0) == Explained(1, 1)
    assert explained(day.stays, lambda stay: CREDIT_S if stay.kind == "priority-2" else 0) == Explained(1, 0)


def test_work_is_from_the_first_talk_to_the_last_without_long_gaps():
    talks = [("ana", 0, 10), ("ben", 5, 9), ("ana", 15, 20), ("ana", 100, 110), ("ana", 12, 13)]
    assert at_work(talks, 30) == [("ana", 0, 20), ("ana", 100, 110), ("ben", 5, 9)]


def test_patience_counts_those_who_were_answered_as_more_patient():
    """Textbook: 6 people; one leaves of 6 at 1, one of 4 at 3 (one was answered at 2), the last at 5."""
    seen = [(1000, True), (2000, False), (3000, True), (4000, False), (4000, False), (5000, True)]
    estimate = Patience.of(seen)
    assert estimate.waits == (1000, 3000, 5000)
    assert estimate.stayed == pytest.approx((5 / 6, 5 / 6 * 3 / 4, 0.0))


@given(st.lists(st.tuples(st.integers(0, 50), st.booleans()), max_size=30), st.integers(0, 60), st.integers())
def test_who_has_waited_so_long_waits_longer(seen, waited, seed):
    drawn = Patience.of(seen).longer_than(waited, stream(seed))
    assert drawn is None or drawn > waited
    assert drawn is None or (drawn, True) in seen
