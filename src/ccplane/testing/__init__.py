"""Stand-ins, held to the real thing by the contract suite; shipped, so that operators test their programs too."""

from ccplane.testing.clock import FakeClock, run
from ccplane.testing.fake_ami import FakeAmi
from ccplane.testing.fake_asterisk import FakeAsterisk
from ccplane.testing.fake_people import answers, rejects, rings_for_ever, says_nothing
from ccplane.testing.rehearsal import Rehearsal, rehearse

__all__ = [
    "FakeAmi",
    "FakeAsterisk",
    "FakeClock",
    "Rehearsal",
    "answers",
    "rehearse",
    "rejects",
    "rings_for_ever",
    "run",
    "says_nothing",
]
