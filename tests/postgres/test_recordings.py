"""Rows of recordings say what the facts say, in whatever batches; lists go by time, filters and pages."""

from __future__ import annotations

import random

import pytest

from ccplane.contacts import recordings as r
from ccplane.contacts.recordings import RecordingState
from ccplane.ids import RecordingId
from ccplane.postgres.contacts import contact
from ccplane.postgres.recordings import Sought, recording, recordings
from tests.postgres.histories import START, a_history
from tests.postgres.test_projections import rows, store

pytestmark = pytest.mark.postgres

SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 6))]
OF_STATE = {
    RecordingState.ASKED: "asked",
    RecordingState.FAILED: "failed",
    RecordingState.RECORDING: "recording",
    RecordingState.PAUSED: "paused",
}


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_recordings_row_says_what_its_facts_say(db, seed):
    centre = a_history(seed, steps=600)
    facts = [fact for fact in centre.facts if isinstance(fact, r.RecordingFact | r.KeptFact)]
    await store(db, centre.facts, random.Random(seed).sample(range(1, len(centre.facts)), 60))
    found = {row["id"]: row for row in await rows(db, "recording")}
    assert found.keys() == {fact.recording for fact in facts}
    for live in (each.tape for each in centre.state.contacts.values() if each.tape):
        assert found[live.id]["state"] == OF_STATE[live.state]
    for name, row in found.items():
        of = [fact for fact in facts if fact.recording == name]
        kinds = [type(fact).__name__ for fact in of]
        assert row["plays"] == kinds.count("RecordingPlayed")
        assert row["incomplete"] == ("RecordingIncomplete" in kinds)
        assert (row["started_at"] is None) == ("RecordingStarted" not in kinds)
        assert (row["stored_at"] is None) == ("RecordingStored" not in kinds)
        if "RecordingStored" in kinds:
            assert (row["state"], row["opus"]) == ("stored", f"{name}.opus")
        elif "RecordingEnded" in kinds and "RecordingStarted" not in kinds:
            assert row["state"] == "failed"
        for fact in of:
            if isinstance(fact, r.RecordingEnded):
                assert (row["expected_ms"], row["paused_ms"]) == (fact.ms, fact.paused_ms)
    assert {"RecordingStarted", "RecordingEnded"} <= {type(fact).__name__ for fact in facts}


async def test_a_file_of_which_nothing_else_is_known_has_a_row_too(db):
    kept = r.RecordingStored(
        at=START, contact="c-ast1-1.1", recording="r-c-ast1-1.1-2", ms=5, bytes=7, wav="", opus="o.opus"
    )
    await store(db, [kept])
    row = await recording(db, RecordingId("r-c-ast1-1.1-2"))
    assert (row.contact, row.state, row.agent, row.first_at) == ("c-ast1-1.1", "stored", None, START)
    assert await recording(db, RecordingId("r-none")) is None


async def test_they_are_listed_the_latest_first_by_filters_and_pages(db):
    centre = a_history(2, steps=600)
    await store(db, centre.facts)
    every = await recordings(db, Sought(), limit=500)
    assert len(every) > 6
    assert [(each.first_at, each.id) for each in every] == sorted(
        ((each.first_at, each.id) for each in every), reverse=True
    )
    first = await recordings(db, Sought(), limit=3)
    rest = await recordings(db, Sought(), after=(first[-1].first_at, first[-1].id), limit=500)
    assert [*first, *rest] == every
    one = every[2]
    for sought in (
        Sought(agent=one.agent), Sought(queue=one.queue), Sought(contact=one.contact), Sought(state=one.state),
        Sought(since=one.first_at), Sought(until=one.first_at + 1),
    ):  # fmt: skip
        found = await recordings(db, sought, limit=500)
        assert one in found
        for name in ("agent", "queue", "contact", "state"):
            if wanted := getattr(sought, name):
                assert {getattr(each, name) for each in found} == {wanted}
    assert [each.id for each in (await contact(db, one.contact)).recordings if each.id == one.id]
