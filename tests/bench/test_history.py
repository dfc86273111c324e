"""The benchmark of figures of the past finds every contact in them, and nothing to put right."""

from __future__ import annotations

import asyncio
from argparse import Namespace

import pytest

from bench import history


@pytest.mark.postgres
def test_a_few_calls_of_two_days_are_all_counted_and_made_again_the_same(tmp_path):
    made = asyncio.run(history.run(Namespace(contacts=400, days=2, work=tmp_path)))
    measured = {each["what"]: each["measured"] for each in made["checks"]}
    assert made["entered"] == 400
    assert measured["contacts that are in no figure"] == 0
    assert measured["contacts whose rows differ from their facts"] == 0
    assert measured["figures that changed by being made again"] == 0
    assert made["facts"] > 400 * 10
