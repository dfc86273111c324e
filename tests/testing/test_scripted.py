"""Scripted callers: what an operator's test says is what happens; where it is not, the test says why."""

from __future__ import annotations

import pytest

from ccplane import Digits, Money, Text
from ccplane.contacts.facts import FaxStored, MessageLeft
from ccplane.contacts.recordings import RecordingAsked
from ccplane.settings import HOME
from ccplane.site import SiteFaults, read
from ccplane.testing import a_site, in_virtual_time, rings_for_ever

DEMO = read(HOME)


def with_program(body: str) -> dict[str, str]:
    source = "from ccplane import *\n\nasync def main(call):\n    " + body.replace("\n", "\n    ") + "\n"
    return DEMO | {"ari_apps/straight_to_queue.py": source}


@in_virtual_time
async def test_a_caller_hears_presses_and_is_where_the_key_leads():
    async with a_site(HOME) as site:
        await site.signs_in("1001")
        caller = await site.call("4001", from_="13800138000")
        await caller.hears("welcome")
        caller.presses("2")
        await caller.is_in("support")
        await caller.talks_with("1001")


@in_virtual_time
async def test_the_same_key_twice_is_two_keys():
    body = 'match await call.gather("order-number", length=4):\n    case Pressed(order):\n        '
    async with a_site(with_program(body + 'await call.set_data("order", order)')) as site:
        caller = await site.call("4002")
        await caller.hears("order-number")
        caller.presses("11")
        caller.presses("00")
        await caller.noted("order", "1100")


@in_virtual_time
async def test_two_callers_are_told_apart():
    async with a_site(HOME) as site:
        await site.signs_in("1001", rings_for_ever())
        first, second = await site.call("4002"), await site.call("4003")
        await second.is_in("sales")
        await first.is_in("support")


@in_virtual_time
async def test_an_hour_passes_at_once_and_a_value_is_heard_word_by_word():
    body = (
        'await call.play("thank-you", Money("12.50", "CNY"))\nawait call.hold(3600)\nawait call.set_data("paid", "yes")'
    )
    async with a_site(with_program(body)) as site:
        caller = await site.call("4002")
        await caller.hears("thank-you", Money("12.50", "CNY"), "music:default")
        await site.passes(3601)
        await caller.noted("paid", "yes")
        assert (await caller.is_gone()).cause == 16


@in_virtual_time
async def test_a_message_that_is_left_and_the_end_by_the_program():
    async with a_site(HOME) as site:
        caller = await site.call("4001")
        await caller.hears("welcome")
        caller.presses("9")
        await caller.hears("leave-a-message", "beep")
        caller.falls_silent()
        await caller.hears("thank-you")
        await caller.is_gone()


@in_virtual_time
async def test_what_is_not_heard_is_told_with_all_that_was():
    async with a_site(HOME) as site:
        await site.signs_in("1001", rings_for_ever())
        caller = await site.call("4001")
        with pytest.raises(AssertionError) as told:
            await caller.hears("thank-you", within=30)
        sentence = str(told.value)
        assert sentence.startswith("the caller of 4001 did not hear «thank-you» within 30 s.\n  They heard: «welcome»,")
        assert "Program 'front_door' stands in queue 'anyone'" in sentence


@in_virtual_time
async def test_a_call_that_is_over_is_not_waited_for():
    async with a_site(with_program('await call.play("thank-you")')) as site:
        caller = await site.call("4002")
        with pytest.raises(AssertionError, match=r"is not in queue 'support', and the call(.|\n)*cause 16"):
            await caller.is_in("support")
        with pytest.raises(AssertionError, match="could not press '1': the call is over"):
            caller.presses("1")


@in_virtual_time
async def test_a_prompt_or_an_agent_that_there_is_none_of_is_told_at_once():
    async with a_site(HOME) as site:
        caller = await site.call("4001")
        with pytest.raises(AssertionError, match=r"no prompt 'welcom' in ivr/prompts.toml; did you mean 'welcome'"):
            await caller.hears("welcom")
        with pytest.raises(AssertionError, match="no agent '9999'"):
            await site.signs_in("9999")


def test_a_program_that_fails_fails_the_test_with_its_line():
    @in_virtual_time
    async def theirs():
        async with a_site(with_program("1 / 0")) as site:
            caller = await site.call("4002")
            await caller.hears("apology")

    with pytest.raises(AssertionError, match=r"straight_to_queue.py:4: ZeroDivisionError"):
        theirs()


@in_virtual_time
async def test_one_that_may_fail_is_asked_what_callers_hear_then():
    async with a_site(with_program("1 / 0"), may_fail=True) as site:
        await (await site.call("4002")).hears("apology")


@in_virtual_time
async def test_a_call_that_has_begun_goes_on_by_its_own_program_and_menus_over_a_reload():
    """The menu, too, is the one that they began with."""
    async with a_site(HOME) as site:
        before = await site.call("4001")
        await before.hears("welcome")
        menu = DEMO["ivr/main.toml"].replace('prompt   = "welcome"', 'prompt   = "more"')
        assert menu != DEMO["ivr/main.toml"]
        site.reloads(DEMO | {"ari_apps/front_door.py": DEMO["ari_apps/sorry.py"], "ivr/main.toml": menu})
        after = await site.call("4001")
        await after.hears("apology")
        await before.hears("welcome")  # once more, after silence: the old menu
        before.presses("9")
        await before.hears("leave-a-message")


def test_a_site_with_a_fault_is_not_begun():
    @in_virtual_time
    async def theirs():
        async with a_site(DEMO | {"acd/queues.toml": "[support]\nskils = 1\n"}):
            pass

    with pytest.raises(SiteFaults, match="skils"):
        theirs()


ROOM = {
    "acd/queues.toml": "[support]\nskills = { support = 1 }\n",
    "acd/agents.toml": "[demo]\nfrom = 1001\ncount = 1\nskills = { support = 5 }\n",
    "acd/site.toml": "",
    "ivr/numbers.toml": 'default = "meeting"\n',
    "ivr/prompts.toml": '[bye]\nen = "Goodbye."\n[full]\nen = "Full."\n',
    "ari_apps/meeting.py": "from ccplane import *\n\nasync def main(call):\n"
    '    met = await call.conference("board", most=3, ends_with="#")\n'
    '    await call.play("bye" if isinstance(met, Met) else "full")\n',
}


@in_virtual_time
async def test_callers_meet_in_a_conference_and_whoever_goes_the_others_talk_on():
    async with a_site(ROOM) as site:
        first = await site.call("1", from_="701")
        await first.hears("music:default")
        second = await site.call("1", from_="702")
        await first.meets("702")
        await second.meets("701")
        third = await site.call("1", from_="703")
        await first.meets("702", "703")
        fourth = await site.call("1", from_="704")
        await fourth.hears("full")
        first.hangs_up()
        await second.meets("703")
        second.presses("#")
        await second.hears("bye")
        await third.hears("music:default")


TOLD = ROOM | {
    "acd/dialling.toml": 'program = "put_through"\ntrunk = "trunk"\n[transfers]\nallow = ["555"]\n',
    "ivr/numbers.toml": 'default = "put_through"\n[22]\nprogram = "meeting"\n',
    "ivr/prompts.toml": ROOM["ivr/prompts.toml"] + '[recorded]\nen = "This call is recorded; 9: not."\n',
    "recordings/policy.toml": 'record = true\nconsent = "recorded"\nrefuse = "9"\n',
    "ari_apps/put_through.py": "from ccplane import *\n\nasync def main(call):\n"
    '    await call.transfer(number="5551234")\n',
}


@in_virtual_time
async def test_who_is_put_through_outside_or_meets_others_is_told_first_that_it_is_recorded_and_may_refuse():
    async with a_site(TOLD) as site:
        site.answers_outside("5551234")
        for number, whom in (("1", "5551234"), ("22", None)):
            told = await site.call(number, from_="701")
            refused = await site.call(number, from_="702")
            await told.hears("recorded")
            await refused.hears("recorded")
            refused.presses("9")
            await told.meets(whom or "702")
            await refused.meets(whom or "701")
            assert told.facts(RecordingAsked)
            assert not refused.facts(RecordingAsked)
            told.hangs_up()
            refused.hangs_up()
            await told.is_gone()
            await refused.is_gone()


@in_virtual_time
async def test_a_test_says_what_time_it_is_on_the_sites_clock():
    body = "shut = isinstance(await call.hours('main'), Closed)\nawait call.set_data('shut', str(shut))"
    files = with_program(body) | {
        "acd/site.toml": 'timezone = "Asia/Shanghai"\n',
        "ivr/hours.toml": '[main]\nmon = "09:00-17:00"\n',
    }
    for at, shut in (("2026-10-05T10:00", "False"), ("2026-10-05T17:00", "True"), ("2026-10-05T10:00Z", "True")):
        async with a_site(files, at=at) as site:
            caller = await site.call("4002")
            await caller.noted("shut", shut)


@in_virtual_time
async def test_a_caller_who_is_a_fax_machine_sends_its_pages_and_who_hangs_up_in_the_middle_has_sent_some():
    body = 'got = await call.receive_fax()\nawait call.set_data("got", f"{got.pages} {type(got).__name__}")\n'
    async with a_site(with_program(body + "await call.hold(9)")) as site:
        caller = await site.call("4002")
        caller.faxes(3, station="+49 30")
        await caller.noted("got", "3 FaxTaken")
        impatient = await site.call("4002")
        impatient.faxes(3)
        await site.passes(30)
        impatient.hangs_up()
        await site.passes(5)
        assert [(each.pages, each.complete) for each in site.centre.said(FaxStored)] == [(3, True), (1, False)]


@in_virtual_time
async def test_who_keys_a_number_of_nobody_is_told_so_and_leaves_no_message_that_nobody_hears():
    async with a_site(HOME) as site:
        caller = await site.call("4009")
        await caller.hears("whose-number")
        caller.presses("9999")
        await caller.hears("no-such-colleague", "welcome")
        assert not caller.facts(MessageLeft)


@in_virtual_time
async def test_a_text_that_no_file_has_is_heard_as_it_was_written():
    async with a_site(
        with_program('await call.say("Gate  twelve.")\nawait call.play(Text("请稍候。", "zh-CN"))')
    ) as site:
        caller = await site.call("4002")
        await caller.hears(Text("Gate twelve."), Text("请稍候。", "zh-CN"))
        assert caller.heard == ["Gate twelve.", "请稍候。"]
        with pytest.raises(AssertionError, match="did not hear «Gate 13»"):
            await caller.hears(Text("Gate 13"))


@in_virtual_time
async def test_the_words_of_arranging_a_callback_have_names_that_a_test_may_say():
    async with a_site(HOME) as site:
        caller = await site.call("4005", from_="5551234")
        await caller.hears("callback-offer")
        caller.presses("1")
        await caller.hears("callback-number", Digits("5551234"), "callback-right")
        caller.presses("2")
        await caller.hears("callback-key-number")
        assert "callback-right" in caller.heard


@in_virtual_time
async def test_a_program_that_stands_at_a_question_is_told_in_words():
    async with a_site(HOME) as site:
        caller = await site.call("4001")
        with pytest.raises(AssertionError, match=r"stands at step 1: it asks «welcome» 'Welcome\. For sales, press 1"):
            await caller.hears("nobody-free", within=2)
