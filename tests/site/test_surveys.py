"""ivr/surveys.toml, and `survey` of a queue: what may stand there, and what is told of what may not."""

from __future__ import annotations

import pytest

from ccplane.settings import HOME
from ccplane.site import parse, read
from ccplane.site.survey import AfterTalk
from tests.site.sites import faults

DEMO = read(HOME)
ONE = '[a]\n[[a.questions]]\nname = "x"\nkind = "nps"\nprompt = "how-satisfied"\n'
ASKS = {"ari_apps/rated_support.py": 'async def main(call):\n    await call.survey("a")\n'}


def with_queue(asked):
    return DEMO | {"acd/queues.toml": DEMO["acd/queues.toml"].replace("[support]\n", f"[support]\n{asked}\n", 1)}


@pytest.mark.parametrize(("toml", "told"), [
    ("[a]\n", "a.questions: is missing"),
    ("[a]\nquestions = []\n", "a.questions"),
    (ONE.replace("nps", "stars"), "kind: is one of `satisfaction`, `nps`, `yes-no` and `comment`"),
    (ONE.replace("nps", "comment"), "are comments alone"),
    (ONE.replace("how-satisfied", "how-satisfide"), "there is no prompt `how-satisfide`"),
    (ONE + ONE.removeprefix("[a]\n"), "two questions are called 'x'"),
    (ONE.replace("[a]\n", "[a]\nthanks = \"nope\"\n"), "there is no prompt `nope`"),
    (ONE.replace("[a]\n", "[a]\ntries = 0\n"), "a.tries"),
])  # fmt: skip
def test_each_mistake_is_told(toml, told):
    found = faults(DEMO | {"ivr/surveys.toml": toml} | ASKS)
    assert any(told in str(each) and str(each).startswith("ivr/surveys.toml") for each in found), found


@pytest.mark.parametrize(("asked", "told"), [
    ('survey = { name = "after-cal" }', "there is no survey `after-cal`; did you mean `after-call`?"),
    ('survey = { name = "after-call", share = 2 }', "support.survey.share"),
    ('survey = { name = "after-call", share = 0 }', "support.survey.share"),
    ('survey = { share = 0.5 }', "support.survey.name: is missing"),
])  # fmt: skip
def test_each_mistake_of_a_queue_is_told_with_the_queue(asked, told):
    found = faults(with_queue(asked))
    assert any(told in str(each) and str(each).startswith("acd/queues.toml") for each in found), found


def test_a_survey_that_a_program_names_and_there_is_none_of_is_told_with_the_program():
    (fault,) = faults(DEMO | {"ari_apps/rated_support.py": 'async def main(call):\n    await call.survey("a")\n'})
    assert str(fault).startswith("ari_apps/rated_support.py:2: call.survey: there is no survey `a`")


def test_what_a_queue_asks_of_whom():
    site = parse(with_queue('survey = { name = "after-call", share = 0.5, talk = "20s", quiet = "7d" }'))
    assert site.after_talks == {"support": AfterTalk("after-call", 0.5, 20_000, 7 * 86_400_000)}
