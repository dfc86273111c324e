"""The benchmark of the simulator measures what it says: on a small centre, and the peer comes to the same counts."""

from __future__ import annotations

from bench import simulation


def test_a_small_centre_is_measured_and_a_look_at_everybody_gives_the_same_counts():
    made = simulation.run(agents=30, calls=1500)
    assert made["same_counts"]
    assert made["calls"] > 1200
    assert made["hour_calls"] > 100
