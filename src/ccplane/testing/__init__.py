"""Stand-ins, held to the real thing by the contract suite; shipped, so that operators test their programs too."""

from ccplane.testing.clock import FakeClock, run
from ccplane.testing.fake_ami import FakeAmi
from ccplane.testing.fake_asterisk import FakeAsterisk
from ccplane.testing.fake_people import answers, rejects, rings_for_ever, says_nothing
from ccplane.testing.rehearsal import Rehearsal, rehearse
from ccplane.testing.scripted import Caller, ScriptedSite, a_site, in_virtual_time

__all__ = [
    "Caller",
    "FakeAmi",
    "FakeAsterisk",
    "FakeClock",
    "Rehearsal",
    "ScriptedSite",
    "a_site",
    "answers",
    "in_virtual_time",
    "rehearse",
    "rejects",
    "rings_for_ever",
    "run",
    "says_nothing",
]
