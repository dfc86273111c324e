"""What the wallboard draws of a day is what the figures of the past say."""

from __future__ import annotations

from collections import defaultdict

import msgspec
import pytest

from ccplane.kpi.slices import By, Grain
from ccplane.postgres.course import Courses
from ccplane.postgres.history import SliceStore
from tests.postgres.histories import QUEUES, a_history
from tests.postgres.test_projections import store

pytestmark = pytest.mark.postgres
EVER = (0, 1 << 50)
COUNTS = {"offered": "entered", "answered": "answered", "abandoned": "abandoned", "answered_within": "answered_within"}


@pytest.mark.parametrize("queues", [(), QUEUES[:1], QUEUES], ids=["all", "one", "each by its name"])
async def test_the_course_of_some_queues_is_the_sum_of_their_quarters(db, queues):
    centre, history = a_history(3, steps=250), SliceStore(db)
    await store(db, centre.facts, [50])
    await history.count(centre.now)
    expected = defaultdict(lambda: dict.fromkeys(COUNTS, 0))
    for each in await history.slices(*EVER, Grain.QUARTER, By.QUEUE, queues):
        for told, counted in COUNTS.items():
            expected[each.began_at][told] += getattr(each.counters, counted)
    found = await Courses(db).course(*EVER, queues)
    shown = {each.began_at: {name: msgspec.structs.asdict(each)[name] for name in COUNTS} for each in found}
    assert sum(each["offered"] for each in shown.values()) > 0
    assert {at: each for at, each in shown.items() if any(each.values())} == {
        at: each for at, each in expected.items() if any(each.values())
    }
    assert [each.began_at for each in found] == sorted(shown)
    assert found[-1].provisional
