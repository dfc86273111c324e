"""Days of campaigns: the same pacing that dials live keeps its budget of drops, and its agents busy."""

from __future__ import annotations

import pytest

from ccplane.simulate.dialling import Campaign, Policy, simulated

pytestmark = pytest.mark.slow
HOUR_MS = 3_600_000


def together(campaign, policy, days):
    """Occupancy, and the share of drops of all days."""
    found = [simulated(campaign, policy, seed) for seed in range(days)]
    answers, drops = sum(each.answers for each in found), sum(each.drops for each in found)
    return sum(each.occupancy for each in found) / days, drops / answers


def test_the_same_seed_is_the_same_day_and_each_line_comes_to_an_end():
    campaign = Campaign(agents=12, day_ms=HOUR_MS)
    day = simulated(campaign, Policy.PREDICTIVE, 1)
    assert day == simulated(campaign, Policy.PREDICTIVE, 1) != simulated(campaign, Policy.PREDICTIVE, 2)
    assert day.answers <= day.dialled
    assert day.talks + day.drops <= day.answers <= day.talks + day.drops + 12
    assert 0 < day.occupancy < 1


def test_progressive_drops_nobody_and_wastes_agents():
    campaign = Campaign(agents=20, day_ms=2 * HOUR_MS)
    occupancy, drops = together(campaign, Policy.PROGRESSIVE, 2)
    assert drops == 0.0
    assert occupancy < together(campaign, Policy.PREDICTIVE, 2)[0] - 0.1


@pytest.mark.parametrize("agents", [12, 24])
def test_it_keeps_under_the_limit_and_agents_busier_than_one_who_learns_nothing(agents):
    campaign = Campaign(agents=agents, day_ms=3 * HOUR_MS)
    busy, drops = together(campaign, Policy.PREDICTIVE, 2)
    assert drops <= campaign.limits.limit
    assert busy > together(campaign, Policy.MEMORYLESS, 2)[0]


def test_when_half_as_many_answer_from_one_moment_on_the_limit_is_kept():
    campaign = Campaign(agents=14, day_ms=4 * HOUR_MS, chance=lambda at: 0.25 if at < 2 * HOUR_MS else 0.125)
    twice = Campaign(agents=14, day_ms=4 * HOUR_MS, chance=lambda at: 0.125 if at < 2 * HOUR_MS else 0.25)
    for each in (campaign, twice):
        assert all(simulated(each, Policy.PREDICTIVE, seed).drop_share <= each.limits.limit for seed in range(2))
