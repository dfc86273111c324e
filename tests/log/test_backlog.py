"""What waits for Postgres: an alarm while there is time, in words that say what to do."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import structlog

from ccplane.log.backlog import MB, Backlog, Level, free_bytes, lasting, level

GB = 1024 * MB


class World:
    """An outbox of a GB at the most, on a disk with plenty, and a clock that a test moves."""

    def __init__(self, max_bytes=GB, free=100 * GB):
        self.free, self.now = free, 0.0
        stats = SimpleNamespace(unshipped=0)
        self.outbox = SimpleNamespace(bytes_on_disk=0, bytes_spare=0, stats=stats, path=Path("/nowhere/outbox"))
        self.backlog = Backlog(self.outbox, max_bytes, free=self.asked, now=lambda: self.now)

    def asked(self, folder):
        assert folder == Path("/nowhere")
        if self.free is None:
            raise OSError("stale file handle")
        return self.free

    def looks(self, *, size, unshipped=0, spare=0, after=2.0):
        self.now += after
        self.outbox.bytes_on_disk, self.outbox.bytes_spare = size, spare
        self.outbox.stats.unshipped = unshipped
        return self.backlog.look()


def test_an_ordinary_day_has_no_word_to_say():
    world = World()
    for size in (8 * MB, 9 * MB, 8 * MB):
        standing = world.looks(size=size, unshipped=40)
    assert (standing.level, world.backlog.words()) == (Level.AMPLE, "")
    assert standing.limit == GB


def test_half_and_nine_tenths_are_alarms_that_say_how_long_the_rest_will_do():
    world = World()
    world.looks(size=0)
    assert world.looks(size=512 * MB, unshipped=900_000, after=3600).level is Level.HALF_GONE
    assert world.backlog.words() == (
        "half of the room for facts is gone: 512 of 1024 MB are left, enough for 60 min at the present rate; "
        "900000 facts wait for Postgres. Bring Postgres back."
    )
    assert world.looks(size=930 * MB, unshipped=1_700_000, after=3600).level is Level.ALMOST_FULL
    assert world.backlog.words().startswith("almost all of the room for facts is gone: 94 of 1024 MB are left")


def test_an_alarm_is_logged_once_when_it_begins_once_when_it_rises_and_when_it_is_over():
    world = World()
    with structlog.testing.capture_logs() as logged:
        for size in (100, 520, 530, 505, 495, 500, 930, 925, 940, 400, 100):
            world.looks(size=size * MB)
    assert [(each["log_level"], each["event"]) for each in logged] == [
        ("warning", "the room for facts gets short"),
        ("warning", "the room for facts gets short"),
        ("info", "there is room for facts again"),
    ]


def test_what_can_be_written_again_is_room():
    """After a backlog the file is long for a while, and empty."""
    standing = World().looks(size=900 * MB, spare=880 * MB)
    assert (standing.used, standing.left, standing.level) == (20 * MB, 1004 * MB, Level.AMPLE)


def test_a_disk_that_has_less_than_the_bound_is_what_counts():
    world = World(free=300 * MB)
    standing = world.looks(size=20 * MB)
    assert (standing.limit, standing.level) == (320 * MB, Level.HALF_GONE)
    assert "300 of 1024 MB are left (the disk has no more)" in world.backlog.words()
    assert "Make room on that disk" in world.backlog.words()
    world.free = 60 * MB
    assert world.looks(size=20 * MB).level is Level.ALMOST_FULL
    world.free = 0
    assert world.looks(size=20 * MB).left == 0


def test_a_disk_that_cannot_be_asked_is_no_alarm():
    world = World(free=None)
    assert world.looks(size=20 * MB).level is Level.AMPLE


def test_while_postgres_catches_up_it_is_said_how_long_that_takes():
    world = World()
    for waiting in (720_000, 710_000, 700_000):
        standing = world.looks(size=400 * MB, unshipped=waiting)
    assert standing.to_go_s == 140
    assert world.backlog.progress() == "catching up: 700000 facts to go, about 2 min"
    for waiting in range(700_000, 900_000, 2_000):
        standing = world.looks(size=400 * MB, unshipped=waiting)
    assert standing.to_go_s is None
    assert world.looks(size=400 * MB, unshipped=0).to_go_s == 0


@pytest.mark.parametrize("before", list(Level))
def test_an_alarm_does_not_come_and_go_at_its_threshold(before):
    assert level(0.48, before) is (Level.AMPLE if before is Level.AMPLE else Level.HALF_GONE)
    assert level(0.44, before) is Level.AMPLE
    assert level(0.87, before) is (Level.ALMOST_FULL if before is Level.ALMOST_FULL else Level.HALF_GONE)


def test_durations_are_for_people():
    assert [lasting(each) for each in (5, 89, 300, 5_400, 12_000, 200_000)] == [
        "5 s",
        "89 s",
        "5 min",
        "1 h 30 min",
        "3 h 20 min",
        "2 d",
    ]


def test_the_real_disk_has_room(tmp_path):
    assert free_bytes(tmp_path) > 0
