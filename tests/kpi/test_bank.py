"""A real bank's two months, folded as if they happened: what was counted live is what was counted from their log."""

from __future__ import annotations

import json
from functools import reduce

import pytest

from ccplane.kpi.board import Board, evolve
from ccplane.kpi.measures import MEASURES, Sums
from ccplane.simulate.bank import read_bank
from tests.kpi.bank import BANK, facts_of, golden_of
from tests.simulate.test_bank import DATA, MONTHS, needs_log


@pytest.mark.slow
@needs_log
@pytest.mark.parametrize("month", MONTHS)
def test_the_fold_of_a_months_facts_has_the_golden_counters_to_the_integer(month):
    golden = json.loads((DATA / "golden_kpis.json").read_text())["months"][month]
    log = read_bank(DATA / f"{month}.tsv.gz")
    counted = reduce(evolve, facts_of(log), Board.begun()).ever[BANK]
    made, patience_s = golden_of(golden), golden["patience_mle_s"]
    assert {name: getattr(counted, name) for name in made} == made
    patience = MEASURES["patience"](Sums(counters=counted))
    assert patience == pytest.approx(1_000 * patience_s, abs=0.6), "censored: who was answered would have waited on"
    assert counted.handled == sum(call.outcome == "AGENT" and call.talked > 0 for call in log.calls)
