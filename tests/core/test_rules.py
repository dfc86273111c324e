"""The same files may mean other rules, to a version of ours that knows more."""

from __future__ import annotations

from msgspec.structs import replace

from ccplane.core import inputs as i
from ccplane.routing.hours import Day, Hours, Span
from ccplane.routing.rules import RulesLoaded
from tests.core.floor import a_floor


def test_rules_that_are_told_again_are_no_fact_but_those_that_a_newer_calendar_made_are():
    floor = a_floor()
    rules, digest, files = floor.state.rules, floor.state.site, dict(floor.state.sites[floor.state.site])
    assert not floor.take(i.SiteRead(digest, rules, files)).facts
    newer = replace(rules, hours={"main": Hours("main", (Span(0, 60),), days=(Day(20_736, (), "春节"),))})
    (told,) = floor.take(i.SiteRead(digest, newer, files)).facts
    assert isinstance(told, RulesLoaded)
    assert floor.state.rules.hours["main"].days[0].reason == "春节"
