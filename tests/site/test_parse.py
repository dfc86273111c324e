"""What the operator's files say, once they are without fault."""

from __future__ import annotations

import pytest

from ccplane.agents.facts import Membership
from ccplane.agents.wrap_up import WrapUp
from ccplane.contacts.facts import MissCause
from ccplane.errors import ProgramError
from ccplane.routing.misses import MissRule
from ccplane.routing.rules import Number, Queue, Step
from ccplane.site import Rendering, SeatEntry, parse, sound_of
from tests.site.sites import a_site, parsed


def test_a_queue_in_full():
    site = parsed(
        queues="""
[support]
strategy  = "longest-idle"
answer    = { percent = 90, within = "15s" }
ring      = "12s"
wrap_up   = "30s"
max_wait  = "3m"
weight    = "1m"
music     = "jazz"
steps     = [ { for = "20s", skills = { support = 5 } },
              { skills = { support = 3 } } ]
"""
    )
    assert site.rules.queues["support"] == Queue(
        name="support",
        steps=(Step({"support": 5}, 20_000), Step({"support": 3})),
        percent=90,
        within_ms=15_000,
        ring_ms=12_000,
        wrap_up_ms=30_000,
        max_wait_ms=180_000,
        weight_s=60,
        music="jazz",
    )


def test_a_queue_of_one_line_has_sensible_defaults():
    site = parsed(queues="[support]\nskills = { support = 1 }\n")
    assert site.rules.queues["support"] == Queue(name="support", steps=(Step({"support": 1}),))


def test_a_queue_may_ring_so_many_agents_at_once_or_all():
    site = parsed(queues="[support]\nskills = {}\nring_at_once = 3\n[all]\nskills = {}\nring_at_once = 'all'\n")
    assert [site.rules.queues[each].ring_at_once for each in ("support", "all")] == [3, None]


def test_a_step_may_ask_for_more_than_skills():
    site = parsed(
        queues="""
[support]
strict = 1
steps  = [ { for = "10s", last_agent = "30d" },
           { for = "10s", agents = ["1001", "1002"], language = true },
           { for = "20s", skills = { support = 3 }, any = [{ gold = 5 }, { silver = 2 }], language = true, level = 7 },
           { language = true } ]
""",
        agents='[demo]\nfrom = 1001\ncount = 3\nskills = { support = 5, gold = 5, silver = 5 }\nlanguages = ["en"]\n',
    )
    queue = site.rules.queues["support"]
    assert queue.strict == 1
    assert queue.steps == (
        Step({}, 10_000, last_agent_ms=30 * 86_400_000),
        Step({}, 10_000, agents=("1001", "1002"), language=True),
        Step({"support": 3}, 20_000, any_of=({"gold": 5}, {"silver": 2}), language=True, level=7),
        Step({}, language=True),
    )


def test_the_last_agent_may_be_asked_for_however_long_ago_that_was():
    steps = '[support]\nsteps = [ { for = "5s", last_agent = true }, { skills = {} } ]\n'
    [first, _] = parsed(queues=steps).rules.queues["support"].steps
    assert first.last_agent_ms == 3_650 * 86_400_000


def test_an_agent_has_languages_queues_and_capacity():
    agents = """
[1001]
languages = ["zh-CN", "en"]
queues    = { support = { level = 7, priority = 2 }, sales = 3 }

[1002]
capacity = { voice = 0 }
team = "night-shift"
wrap_up = { time = "1m", extend = "30s", most = "5m" }
"""
    ana, ben = parsed(agents=agents, queues="[support]\nskills = {}\n[sales]\nskills = {}\n").agents
    assert (ana.languages, ana.capacity) == (("zh-CN", "en"), {"voice": 1})
    assert ana.queues == {"support": Membership(level=7, priority=2), "sales": Membership(level=5, priority=3)}
    assert (ben.languages, ben.queues, ben.capacity) == ((), {}, {"voice": 0})
    assert (ana.team, ben.team) == ("", "night-shift")
    assert (ana.wrap_up, ben.wrap_up) == (None, WrapUp(60_000, 30_000, 300_000))
    assert ana.profile("PJSIP/1001").queues == ana.queues


def test_who_waits_in_a_queue_that_is_no_more_has_another_or_the_default_one():
    rules = parsed(
        queues="[support]\nskills = {}\n[sales]\nskills = {}\n",
        site='default_queue = "support"\nremoved_queues = { orders = "sales" }\n',
    ).rules
    assert [rules.queue_for(each) for each in ("sales", "orders", "gone")] == ["sales", "sales", "support"]
    assert parsed().rules.queue_for("gone") is None


def test_empty_skills_are_anyone():
    assert parsed(queues="[support]\nskills = {}\n").rules.queues["support"].widest.met_by({})


def test_a_number_has_a_program_and_perhaps_a_queue_a_language_and_an_attribution():
    site = parsed(
        numbers='default = "sorry"\n["+862112345678"]\nprogram = "front"\nqueue = "support"\nattribution = "spring"\n'
    )
    assert site.rules.numbers == {
        "+862112345678": Number(number="+862112345678", program="front", queue="support", attribution="spring")
    }


def test_a_number_may_name_whose_agents_answer_it_while_ccplane_is_away():
    numbers = 'default = "sorry"\n[4001]\nprogram = "front"\nfallback = "support"\n'
    assert parsed(numbers=numbers).rules.numbers["4001"].fallback == "support"


def test_numbers_that_name_no_language_have_the_sites():
    numbers = 'default = "sorry"\nlanguage = "zh-CN"\n[4001]\nprogram = "front"\n'
    site = parsed(numbers=numbers, prompts='[welcome]\nzh-CN = "您好"\n')
    assert site.rules.numbers["4001"].language == "zh-CN"


def test_any_other_number_goes_to_the_default_program_in_the_sites_language():
    assert parsed().number("5550000") == Number(number="5550000", program="sorry", language="en")


def test_agents_stand_one_by_one_or_many_at_once():
    site = parsed(agents='[1021]\nname = "Ana"\nskills = { support = 7 }\n[night]\nfrom = 998\ncount = 3\n')
    assert [(agent.id, agent.name, agent.skills) for agent in site.agents] == [
        ("998", "Agent 998", {}),
        ("999", "Agent 999", {}),
        ("1000", "Agent 1000", {}),
        ("1021", "Ana", {"support": 7}),
    ]


def test_seats_are_as_by_default_but_for_what_is_said():
    site = parsed(
        seats="[20010]\nshared = true\nauto_answer = true\n[2001]\nshared = true\n[1001]\nauto_answer = true\n"
    )
    assert site.seats == (
        SeatEntry("1001", auto_answer=True),
        SeatEntry("2001", shared=True),
        SeatEntry("20010", shared=True, auto_answer=True),
    )
    assert parsed().seats == ()


def test_the_count_of_demo_agents_can_be_overridden():
    assert [agent.id for agent in parse(a_site(), demo_agents=2).agents] == ["1001", "1002"]


def test_a_menu_has_its_keys_and_one_to_take_when_no_key_comes():
    menu = parsed(
        main='prompt = "welcome"\ntimeout = "4s"\ntries = 3\nno_input = "2"\n'
        '[keys]\n1 = { queue = "support" }\n2 = { program = "sorry" }\n"*" = {}\n'
    ).menu("main")
    assert (menu.timeout_ms, menu.tries, menu.invalid) == (4_000, 3, None)
    assert (menu.keys["1"].queue, menu.keys["1"].program) == ("support", None)
    assert (menu.keys["*"].queue, menu.keys["*"].program) == (None, None)
    assert menu.fallback == menu.entry("2")
    assert menu.fallback.program == "sorry"
    assert menu.entry("7") is None


def test_a_menu_may_have_texts_of_its_own():
    site = parsed(
        main='prompt = { en = "Press 1." }\ninvalid = "welcome"\nno_input = "1"\n[keys]\n1 = { queue = "support" }\n'
    )
    assert site.menu("main").prompt.sound("en") == sound_of("en", "Press 1.")
    assert Rendering(sound_of("en", "Press 1."), "en", "Press 1.") in site.all_prompts()


def test_a_prompt_is_played_by_name_and_a_sound_as_it_stands():
    site = parsed(prompts='[welcome]\nen = "Welcome."\nzh-CN = "您好"\n')
    assert site.sound("welcome", "zh-CN") == sound_of("zh-CN", "您好")
    assert site.sound("sound:beep", "en") == "sound:beep"


def test_a_prompt_that_lacks_a_language_is_heard_in_another_rather_than_not_at_all():
    assert parsed().sound("welcome", "zh-CN") == sound_of("en", "Welcome.")


def test_what_a_program_asks_for_in_vain_is_the_programs_fault():
    with pytest.raises(ProgramError) as prompt:
        parsed().sound("welcom", "en")
    with pytest.raises(ProgramError) as menu:
        parsed().menu("mian")
    assert (prompt.value.code, menu.value.code) == ("no-such-prompt", "no-such-menu")


def test_a_sounds_name_follows_from_language_and_text_alone():
    assert sound_of("en", "Welcome.") == sound_of("en", "Welcome.")
    assert sound_of("en", "Welcome.").startswith("sound:ccplane/en-")
    assert len({sound_of("en", "a"), sound_of("zh-CN", "a"), sound_of("en", "b")}) == 3


def test_a_text_that_is_said_twice_is_one_sound():
    site = parsed(prompts='[welcome]\nen = "Hello."\n[again]\nen = "Hello."\n')
    assert site.all_prompts() == (Rendering(sound_of("en", "Hello."), "en", "Hello."),)


def test_the_apology_is_in_the_sites_language():
    prompts = '[welcome]\nen = "Hi."\nzh-CN = "您好"\n[apology]\nen = "Sorry."\nzh-CN = "对不起"\n'
    assert parsed().apology is None
    assert parsed(prompts=prompts).apology == Rendering(sound_of("en", "Sorry."), "en", "Sorry.")


def test_rules_of_the_whole_site():
    rules = parsed(site='timezone = "Asia/Shanghai"\nmisses_until_pause = 2\nrest = "8s"\nring_cycle = "4s"\n').rules
    assert (rules.timezone, rules.misses_until_pause, rules.rest_ms, rules.ring_cycle_ms) == (
        "Asia/Shanghai",
        2,
        8_000,
        4_000,
    )


def test_what_follows_from_a_miss_may_differ_by_cause():
    site = """
[missed.no-answer]
rest = "10s"

[missed.auto-answer-failed]
after = "4s"
rest  = "1m"
limit = 1
"""
    rules = parsed(site=site).rules
    assert rules.missed == {
        MissCause.NO_ANSWER: MissRule(rest_ms=10_000),
        MissCause.AUTO_ANSWER_FAILED: MissRule(rest_ms=60_000, limit=1),
    }
    assert rules.auto_answer_ms == 4_000
    assert parsed().rules.missed == {}


def test_programs_are_kept_as_text_by_name():
    program = parsed().programs["front"]
    assert (program.path, program.source) == ("ari_apps/front.py", a_site()["ari_apps/front.py"])


def test_parsing_runs_no_line_of_a_program():
    parsed(front="raise SystemExit('I was run')\nasync def main(call):\n    pass\n")
