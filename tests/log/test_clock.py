"""The site's clock (law 12)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ccplane.log.clock import SiteClock, boot_id, boottime

MS = 1_000_000


class Machine:
    """A wall clock that jumps, a boot clock that does not, and notes that outlive a plane."""

    def __init__(self, wall=1_800_000_000_000, since_boot=5_000, boot="first"):
        self.wall, self.since_boot, self.boot = wall, since_boot, boot
        self.notes = {}

    def note(self, key):
        return self.notes.get(key)

    def put_note(self, key, data):
        self.notes[key] = data

    def clock(self, last_at=0):
        return SiteClock.open(
            self, last_at, boot=self.boot, elapsed=lambda: self.since_boot * MS, wall=lambda: self.wall
        )

    def passes(self, ms):
        self.wall += ms
        self.since_boot += ms


def test_it_begins_at_the_wall_clock_and_runs_by_the_boot_clock():
    machine = Machine()
    clock = machine.clock()
    assert clock.now() == 1_800_000_000_000
    machine.wall -= 3_600_000
    machine.since_boot += 250
    assert clock.now() == 1_800_000_000_250


def test_a_restart_on_the_same_boot_takes_up_the_anchor_whatever_the_wall_clock_says():
    machine = Machine()
    before = machine.clock()
    machine.passes(1_000)
    last = before.now()
    machine.wall += 60_000
    machine.since_boot += 40
    assert machine.clock(last).now() == last + 40


def test_another_boot_begins_anew_but_never_before_the_last_fact():
    machine = Machine()
    last = machine.clock().now()
    machine.boot, machine.since_boot, machine.wall = "second", 10, last - 5_000
    clock = machine.clock(last)
    assert clock.now() == last
    machine.since_boot += 7
    assert clock.now() == last + 7


def test_an_anchor_of_the_future_of_this_boot_is_not_believed():
    machine = Machine()
    machine.clock()
    machine.since_boot -= 4_000
    assert machine.clock(5).now() == machine.wall


def test_reanchoring_follows_the_wall_clock_forward_and_is_remembered():
    machine = Machine()
    clock = machine.clock()
    machine.wall += 1_500
    assert clock.behind_wall() == 1_500
    assert clock.reanchor(machine.wall) == 1_500
    assert clock.now() == machine.wall
    assert machine.clock(clock.now()).now() == machine.wall


def test_reanchoring_never_goes_back():
    machine = Machine()
    clock = machine.clock()
    now = clock.now()
    assert clock.reanchor(now - 10_000) == 0
    machine.since_boot += 1
    assert clock.now() == now + 1


@given(
    st.lists(
        st.tuples(st.sampled_from(["time", "jump", "restart", "reboot", "reanchor"]), st.integers(-10_000, 10_000))
    )
)
def test_at_never_decreases_whatever_happens_to_machine_and_plane(events):
    machine = Machine()
    clock, last = machine.clock(), 0
    for what, ms in events:
        match what:
            case "time":
                machine.passes(abs(ms))
            case "jump":
                machine.wall += ms
            case "restart":
                clock = machine.clock(last)
            case "reboot":
                machine.boot, machine.since_boot = machine.boot + "'", abs(ms)
                clock = machine.clock(last)
            case "reanchor":
                clock.reanchor(machine.wall)
        now = clock.now()
        assert now >= last
        last = now


def test_the_real_machine_has_a_boot_and_a_clock():
    assert len(boot_id()) == 36
    assert 0 < boottime() <= boottime()


def test_where_the_last_fact_is_ahead_of_the_anchor_it_stands_there_until_time_has_come_up_with_it():
    machine = Machine()
    began = machine.clock().now()
    clock = machine.clock(last_at=began + 86_400_000)
    assert clock.now() == began + 86_400_000, "a day ahead: it never runs backwards"
    machine.passes(1_000)
    assert clock.now() == began + 86_400_000
    machine.passes(86_400_000)
    assert clock.now() == began + 86_401_000
