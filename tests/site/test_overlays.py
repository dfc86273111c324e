"""Overlays lie over what the files say, before it is judged: a good one holds, a bad one has the file's own fault."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplane.site import SiteFaults, digest, parse
from ccplane.site.differences import Difference, between, of_people
from ccplane.site.overlays import FILE, Overlay, among, canonical, laid, place, without
from tests.site.sites import a_site, parsed

WEIGHT = "acd/queues.toml: support.weight"


def over(*overlays, **files):
    return laid(a_site(**files), [Overlay(path, value) for path, value in overlays])


def faults(files):
    with pytest.raises(SiteFaults) as told:
        parse(files)
    return [str(each) for each in told.value.faults]


def test_an_overlay_holds_in_the_place_of_what_the_file_says():
    queues = '[support]\nskills = { support = 1 }\nweight = "5s"\n'
    site = parse(over((WEIGHT, "60s"), ("acd/queues.toml: support.skills.support", 3), queues=queues))
    assert site.rules.queues["support"].weight_s == 60
    assert site.rules.queues["support"].widest.skills == {"support": 3}


def test_a_key_of_no_value_is_taken_away():
    queues = '[support]\nskills = {}\nmax_wait = "3m"\n'
    site = parse(over(("acd/queues.toml: support.max_wait", None), queues=queues))
    assert site.rules.queues["support"].max_wait_ms is None


def test_a_whole_queue_may_be_laid_and_a_step_by_its_number():
    steps = '[support]\nsteps = [ { for = "20s", skills = { support = 5 } }, { skills = {} } ]\n'
    site = parse(
        over(
            ("acd/queues.toml: night", {"skills": {}}),
            ("acd/queues.toml: support.steps[0].for", "5s"),
            queues=steps,
        )
    )
    assert site.rules.queues["night"].widest.skills == {}
    assert site.rules.queues["support"].steps[0].for_ms == 5_000


def test_what_is_wider_is_laid_first():
    queue = ("acd/queues.toml: support", {"skills": {}, "weight": "1s"})
    site = parse(over((WEIGHT, "2s"), queue))
    assert site.rules.queues["support"].weight_s == 2


def test_a_file_that_a_site_does_without_may_be_laid_over_too():
    files = a_site()
    del files["acd/site.toml"]
    assert parse(laid(files, [Overlay("acd/site.toml: rest", "9s")])).rules.rest_ms == 9_000


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("weight", "60", 'weight = "60"'),
        ("strategy", "longest-idel", 'strategy = "longest-idel"'),
        ("rng", 1, "rng = 1"),
    ],
)
def test_a_bad_overlay_has_the_very_fault_that_it_would_have_in_the_file(key, value, line):
    queues = f"[support]\nskills = {{ support = 1 }}\n{line}\n"
    [in_file] = faults(a_site(queues=queues))
    [laid_over] = faults(over((f"acd/queues.toml: support.{key}", value)))
    assert laid_over.partition(": ")[2] == in_file.partition(": ")[2]


def test_what_an_overlay_breaks_elsewhere_is_told_there():
    numbers = 'default = "sorry"\n\n[4001]\nprogram = "front"\n'
    [fault] = faults(over(("ivr/numbers.toml: 4001.queue", "gone"), numbers=numbers))
    assert fault.startswith("ivr/numbers.toml:3: 4001.queue: there is no queue `gone`")


def test_an_overlay_for_which_the_file_has_no_place_is_a_fault():
    [fault] = faults(over(("acd/queues.toml: sales.weight", "5s")))
    assert "an overlay lies here, and the file has no place for it" in fault
    assert faults(over(("acd/queue.toml: sales", {}))) == [
        "acd/queue.toml: nothing reads a file of this name; did you mean `queues.toml`?"
    ]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("support.weight", "bad-path"),
        ("acd/queues.toml", "bad-path"),
        ("acd/queues.toml: ", "bad-path"),
        ("acd/queues.toml: a..b", "bad-path"),
        ("acd/queues.toml: [0]", "bad-path"),
        ("/etc/queues.toml: a", "bad-path"),
        ("acd/../secrets.toml: a", "bad-path"),
        ("ari_apps/front.py: main", "bad-path"),
        ("acd/agents.toml: 1001.skills", "people-live-in-postgres"),
    ],
)
def test_a_path_that_is_none_is_refused(path, code):
    with pytest.raises(SiteFaults) as told:
        place(path)
    assert [each.code for each in told.value.faults] == [code]


def test_a_path_has_one_spelling():
    assert canonical('acd/queues.toml: "support".steps[1]."skills"') == "acd/queues.toml: support.steps[1].skills"


KEYS = st.lists(st.one_of(st.text("abc-_ .é", min_size=1, max_size=5), st.integers(0, 99)), max_size=4)


@given(first=st.text("abc", min_size=1, max_size=4), rest=KEYS)
def test_every_way_into_a_file_can_be_written_and_read_back(first, rest):
    from ccplane.site.locate import key

    assert place(f"acd/queues.toml: {key((first, *rest))}") == ("acd/queues.toml", (first, *rest))


def test_overlays_are_part_of_a_sites_hash_and_go_with_its_files():
    files = over((WEIGHT, "60s"))
    assert digest(files) != digest(a_site())
    assert among(files) == (Overlay(WEIGHT, "60s"),)
    assert without(files) == a_site()
    assert FILE not in laid(files, [])


def test_differences_are_told_key_by_key():
    before = a_site(queues='[support]\nskills = {}\nweight = "5s"\n')
    after = a_site(queues='[support]\nskills = {}\nring = "9s"\n', other="async def main(call):\n    pass\n")
    after["ari_apps/front.py"] += "\n"
    assert between(before, after) == (
        Difference("acd/queues.toml: support.weight", "5s", None),
        Difference("acd/queues.toml: support.ring", None, "9s"),
        Difference("ari_apps/front.py", "there", "otherwise"),
        Difference("ari_apps/other.py", None, "there"),
    )


def test_overlays_are_no_difference_of_the_files():
    assert between(over((WEIGHT, "60s")), a_site()) == ()


def test_agents_who_are_other_than_their_file_says_are_told():
    entries = parsed(agents='[1001]\nname = "Ana"\nskills = { support = 5 }\n[1002]\n').agents
    ana, ben = (each.profile(f"PJSIP/{each.id}") for each in entries)
    edited = ana.__class__(id=ana.id, name="Anna", skills={"support": 7}, endpoint=ana.endpoint)
    new = ana.__class__(id="1009", name="Zoe", skills={}, endpoint="PJSIP/1009")
    assert of_people(entries, {ana.id: edited, new.id: new}) == (
        Difference("acd/agents.toml: 1001.name", "Ana", "Anna"),
        Difference("acd/agents.toml: 1001.skills", {"support": 5}, {"support": 7}),
        Difference("acd/agents.toml: 1002", ben.name, None),
        Difference("acd/agents.toml: 1009", None, "Zoe"),
    )
