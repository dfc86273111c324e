"""Surveys of callers: whom they are put to, what comes of them, and that docs/surveys.md is true."""

from __future__ import annotations

import asyncio
import re

import pytest

from ccplane.contacts import facts as c
from ccplane.contacts.surveys import Kind
from ccplane.facts import RepairMade
from ccplane.kpi.board import Board, evolve
from ccplane.settings import HOME
from ccplane.site import read
from ccplane.testing import a_site, answers, in_virtual_time

DEMO = read(HOME)
PAGE = (HOME / "docs" / "surveys.md").read_text()
(FILE,) = re.findall(r"\*\*`ivr/surveys.toml`\*\*\n\n```toml\n(.*?)```", PAGE, re.DOTALL)
(QUEUE,) = re.findall(r"^survey = .*$", PAGE, re.MULTILINE)
(EXAMPLE,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def with_program(body):
    source = "from ccplane import *\n\nasync def main(call):\n    " + body.strip().replace("\n", "\n    ") + "\n"
    return DEMO | {"ari_apps/rated_support.py": source, "ivr/surveys.toml": FILE}


def with_survey(asked):
    """The demo's support asks for it by itself, and no program does."""
    queues = DEMO["acd/queues.toml"].replace("[support]\n", f"[support]\n{asked}\n", 1)
    return DEMO | {"acd/queues.toml": queues}


def given(site):
    return [(fact.question, fact.kind, fact.value) for fact in site.centre.facts if isinstance(fact, c.SurveyAnswered)]


def said(site, kind):
    return [fact for fact in site.centre.facts if isinstance(fact, kind)]


@in_virtual_time
async def test_when_the_agent_hangs_up_first_the_caller_is_asked_and_the_agent_is_free():
    async with a_site(HOME) as site:
        await site.signs_in("1001", answers(hang_up_after=5))
        caller = await site.call("4013")
        await caller.hears("survey-intro", "how-satisfied")
        assert site.centre.plane.state.agents["1001"].shown == "ready"
        caller.presses("5")
        await caller.hears("would-you-recommend")
        caller.presses("10")
        await caller.hears("survey-thanks")
        await caller.is_gone()
        assert given(site) == [("satisfied", Kind.SATISFACTION, 5), ("recommends", Kind.NPS, 10)]
        (asked,) = said(site, c.SurveyAsked)
        assert (asked.queue, asked.talked_with, asked.questions) == ("support", "1001", 2)
        board = Board.begun()
        for fact in site.centre.facts:
            board = evolve(board, fact)
        counted = board.ever["support"]
        assert (counted.surveys_asked, counted.surveys_rated, counted.satisfaction_top, counted.nps_promoters) == (
            1, 1, 1, 1,
        )  # fmt: skip


@in_virtual_time
async def test_who_hangs_up_first_is_not_asked():
    async with a_site(HOME) as site:
        await site.signs_in("1001")
        caller = await site.call("4013")
        await caller.talks_with("1001")
        caller.hangs_up()
        await caller.is_gone()
        assert not said(site, c.SurveyAsked)


@pytest.mark.parametrize(("keys", "answered"), [((), 0), (("3",), 1), (("7", "2"), 1), (("3", "0#"), 2)])
@in_virtual_time
async def test_who_answers_nothing_more_is_asked_nothing_more(keys, answered):
    async with a_site(with_program('await call.queue("support")\n' + EXAMPLE)) as site:
        await site.signs_in("1001", answers(hang_up_after=5))
        caller = await site.call("4013")
        for number, key in enumerate(keys):
            await caller.hears("would-you-recommend" if number and answered > 1 else "how-satisfied")
            await asyncio.sleep(1)
            caller.presses(key)
        await caller.is_gone()
        assert len(given(site)) == answered
        assert len(said(site, c.SurveyAsked)) == 1
        assert not said(site, c.ProgramFailed)
        noted = {fact.name: fact.value for fact in said(site, c.DataSet)}
        assert noted == ({"satisfied": "3"} if answered == 2 else {"answered": str(answered)})


@in_virtual_time
async def test_who_hangs_up_in_the_middle_has_answered_what_they_have():
    async with a_site(HOME) as site:
        await site.signs_in("1001", answers(hang_up_after=5))
        caller = await site.call("4013")
        await caller.hears("how-satisfied")
        caller.presses("4")
        await caller.hears("would-you-recommend")
        caller.hangs_up()
        await caller.is_gone()
        assert [value for _, _, value in given(site)] == [4]
        assert not said(site, RepairMade)


@in_virtual_time
async def test_a_queue_asks_by_itself_after_a_talk_of_some_length():
    for talk, asked in ((30, 1), (10, 0)):
        async with a_site(with_survey(QUEUE.replace("0.3", "1.0"))) as site:
            await site.signs_in("1001", answers(hang_up_after=talk))
            caller = await site.call("4002")
            await caller.is_gone()
            assert len(said(site, c.SurveyAsked)) == asked


@in_virtual_time
async def test_a_contact_is_asked_once_whoever_asks():
    async with a_site(with_survey('survey = { name = "after-call" }')) as site:
        await site.signs_in("1001", answers(hang_up_after=5))
        caller = await site.call("4013")
        await caller.is_gone()
        assert len(said(site, c.SurveyAsked)) == 1
        assert [fact.result.why for fact in said(site, c.StepEnded) if hasattr(fact.result, "why")] == ["asked-already"]


@in_virtual_time
async def test_who_is_not_in_the_sample_hears_nothing_of_it():
    async with a_site(with_program('await call.queue("support")\nawait call.survey("after-call", share=0)')) as site:
        await site.signs_in("1001", answers(hang_up_after=5))
        caller = await site.call("4013")
        await caller.is_gone()
        assert not said(site, c.SurveyAsked)


@in_virtual_time
async def test_who_was_asked_lately_is_not_asked_again():
    queue = 'survey = { name = "after-call", quiet = "1h" }'
    async with a_site(with_survey(queue)) as site:
        await site.signs_in("1001", answers(hang_up_after=5))
        for number, passes, asked in (("13800138000", 10, 1), ("13800138000", 3_600, 1), ("13800138001", 10, 2)):
            caller = await site.call("4002", from_=number)
            await caller.is_gone()
            assert len(said(site, c.SurveyAsked)) == asked
            await site.passes(passes)
        caller = await site.call("4002", from_="13800138000")
        await caller.is_gone()
        assert len(said(site, c.SurveyAsked)) == 3


@in_virtual_time
async def test_a_comment_is_a_message_and_no_answer():
    comment = '\n[[after-call.questions]]\nname = "words"\nkind = "comment"\nprompt = "leave-a-message"\n'
    files = with_program('await call.queue("support")\n' + EXAMPLE)
    async with a_site(files | {"ivr/surveys.toml": FILE + comment}) as site:
        await site.signs_in("1001", answers(hang_up_after=5))
        caller = await site.call("4013")
        for question, key in (("how-satisfied", "4"), ("would-you-recommend", "10")):
            await caller.hears(question)
            caller.presses(key)
        await caller.hears("leave-a-message", "beep")
        caller.falls_silent()
        await caller.is_gone()
        assert [fact.box for fact in said(site, c.MessageLeft)] == ["after-call"]
        assert [(fact.nth, fact.of) for fact in said(site, c.SurveyAnswered)] == [(1, 2), (2, 2)]
        assert {fact.name for fact in said(site, c.DataSet)} == {"satisfied"}


@in_virtual_time
async def test_what_introduces_the_survey_is_heard_before_a_comment_that_comes_first():
    comment = '[[after-call.questions]]\nname = "words"\nkind = "comment"\nprompt = "leave-a-message"\n\n'
    survey = FILE.replace("[[after-call.questions]]", comment + "[[after-call.questions]]", 1)
    async with a_site(with_program(EXAMPLE) | {"ivr/surveys.toml": survey}) as site:
        caller = await site.call("4013")
        await caller.hears("survey-intro", "leave-a-message", "beep")
        caller.falls_silent()
        await caller.hears("how-satisfied")
        assert caller.heard.count("survey-intro") == 1
