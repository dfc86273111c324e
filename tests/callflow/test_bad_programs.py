"""A program that misbehaves harms its own call at most, and that caller is never left in silence."""

from __future__ import annotations

import sys
from time import perf_counter
from types import ModuleType

import pytest
from structlog.testing import capture_logs

from ccplane.callflow import runner
from ccplane.callflow.call import Call
from ccplane.contacts import facts as f
from ccplane.contacts.verbs import HangUp, Play
from ccplane.core import inputs as i
from ccplane.facts import decode, encode
from ccplane.site.verbs import KNOWN, VERBS
from tests.callflow.line import Line
from tests.core.floor import c

SORRY = "sound:ccplane/en-"


def hears_the_default(line):
    """The site's default program has taken the call, and says its sentence."""
    failed = [each for each in line.facts if isinstance(each, f.ProgramFailed)]
    assert len(failed) == 1
    assert line.contact("x").program == "sorry"
    assert isinstance(line.verb, Play)
    return failed[0]


@pytest.mark.parametrize(
    "body",
    [
        'raise ValueError("no")',
        "import sys; sys.exit(1)",
        "raise KeyboardInterrupt",
        "import asyncio; raise asyncio.CancelledError",
        "raise GeneratorExit",
        "1 / 0",
        "return 1 + None",
        'await call.queue("nowhere")',
        "await call.queue(None)",
        'await call.queue("sales", credit_s=86_401)',
        'await call.menu("nowhere")',
        'await call.play("nothing")',
        "await 5",
        "def again(): again()\nagain()",
    ],
)
def test_given_a_program_that_raises_anything_then_the_sites_default_takes_the_call(body):
    failed = hears_the_default(Line(body).call())
    assert failed.error
    assert failed.where.startswith("ari_apps/main.py:")


def test_given_a_program_that_raises_then_the_fact_says_what_and_where():
    failed = hears_the_default(Line('await call.answer()\n\nraise ValueError("no")').call_and_answer())
    assert failed.error == "ValueError: no"
    assert failed.where == "ari_apps/main.py:6"


async def test_given_a_program_that_awaits_something_foreign_then_it_is_stopped_and_named():
    for body in ("import asyncio; await asyncio.sleep(1)", "import asyncio; await asyncio.sleep(0)"):
        line = Line(body).call()
        failed = hears_the_default(line)
        assert "no verb" in failed.error
        assert failed.where == "ari_apps/main.py:4"


def test_given_a_program_that_awaits_a_verb_of_its_own_making_then_it_is_stopped():
    source = "class Odd:\n    def __await__(self):\n        yield 'odd'\nasync def main(call):\n    await Odd()\n"
    assert "awaited str" in hears_the_default(Line(source=source).call()).error


@pytest.mark.parametrize(
    "source",
    [
        "async def main(call)\n",
        "def main(call):\n    pass\n",
        "nothing = 1\n",
        "raise ValueError('at import')\nasync def main(call): ...\n",
        "import a_module_that_is_not_there\nasync def main(call): ...\n",
    ],
)
def test_given_a_program_that_cannot_even_begin_then_the_sites_default_takes_the_call(source):
    hears_the_default(Line(source=source).call())


def test_given_a_program_that_is_not_there_then_the_sites_default_takes_the_call():
    assert "no program 'main'" in hears_the_default(Line(source="").call()).error


def test_given_a_default_that_fails_too_then_the_call_is_ended_with_cause_41():
    line = Line("1 / 0", sorry="async def main(call):\n    1 / 0\n").call()
    assert line.verb == HangUp(41)
    assert len(line.raised) == 2


def test_given_a_default_that_fails_on_its_own_number_then_it_is_not_tried_again():
    line = Line(sorry="async def main(call):\n    1 / 0\n")
    line.arrives("x", number="unlisted")
    assert line.verb == HangUp(41)
    assert len(line.raised) == 1


@pytest.fixture
def little_patience(monkeypatch):
    monkeypatch.setattr(runner, "PATIENCE_S", 0.03)


@pytest.mark.parametrize(
    "body",
    [
        "while True: pass",
        "import time; time.sleep(60)",
        "import json\nwhile True: json.dumps(list(range(100)))",
        "while True:\n    try:\n        call.number\n    except: pass",
        "try:\n    while True: pass\nfinally:\n    await call.hang_up()",
    ],
)
@pytest.mark.usefixtures("little_patience")
def test_given_a_program_that_never_gives_way_then_it_is_interrupted_and_others_go_on(body):
    began = perf_counter()
    line = Line(body).call()
    assert perf_counter() - began < 20
    assert line.raised or line.verb == HangUp(16)
    line.arrives("y")
    assert line.contact("y") is not None


@pytest.mark.usefixtures("little_patience")
def test_given_a_module_that_never_ends_to_load_then_it_is_interrupted():
    line = Line(source="while True: pass\nasync def main(call): ...\n").call()
    assert "without awaiting a verb" in hears_the_default(line).error


def ends_quietly(line):
    """The caller leaves, and nothing more is asked for them."""
    line.inputs.clear()
    line.leaves("x")
    assert line.contact("x") is None
    assert [type(each) for each in line.inputs] == [i.CallerGone]


def test_given_a_program_with_a_finally_when_the_caller_leaves_then_it_runs():
    source = (
        "import ari_diary\nasync def main(call):\n    try:\n        await call.answer()\n"
        "    finally:\n        ari_diary.lines.append('tidied up')\n"
    )
    diary = ModuleType("ari_diary")
    diary.lines = []
    sys.modules["ari_diary"] = diary
    try:
        ends_quietly(Line(source=source).call())
    finally:
        del sys.modules["ari_diary"]
    assert diary.lines == ["tidied up"]


@pytest.mark.parametrize(
    "body",
    [
        "try:\n    await call.answer()\nexcept BaseException:\n    pass",
        "try:\n    await call.answer()\nexcept BaseException:\n    await call.play('welcome')",
        "try:\n    await call.answer()\nfinally:\n    await call.play('welcome')",
        "try:\n    await call.answer()\nfinally:\n    1 / 0",
        "try:\n    await call.answer()\nfinally:\n    import sys; sys.exit(1)",
        "try:\n    await call.answer()\nexcept Exception:\n    await call.play('welcome')",
    ],
)
def test_given_a_program_that_does_not_let_go_when_the_caller_leaves_then_it_is_let_go(body):
    ends_quietly(Line(body).call())


def test_given_a_program_that_does_not_let_go_when_the_plane_stops_then_it_stops_all_the_same():
    line = Line("try:\n    await call.answer()\nfinally:\n    await call.play('welcome')").call()
    line.runner.close()
    assert line.contact("x") is not None


def test_given_a_failure_while_a_prompt_plays_then_the_prompt_stops_for_the_default():
    line = Line('await call.play("welcome")').call()
    decision = line.take(i.ProgramRaised(c("x"), "changed its course", "replay"))
    assert "StopSounds" in [type(each).__name__ for each in decision.commands]
    hears_the_default(line)


def test_given_a_failure_while_the_call_is_being_ended_then_it_is_ended():
    line = Line("await call.hang_up()").call()
    assert not line.take(i.ProgramRaised(c("x"), "late", "x")).facts


@pytest.mark.parametrize(
    "body",
    [
        "while True: await call.play()",
        "await call.answer()\nwhile True: await call.answer()",
        'while True: await call.queue("sales")',
        "while True:\n    try: await call.play()\n    except Exception: pass",
    ],
)
def test_given_a_program_that_asks_for_ever_for_what_ends_at_once_then_it_is_stopped(body):
    line = Line(body)
    line.arrives("x", answered=True)
    failed = hears_the_default(line)
    assert "verbs within a second" in failed.error
    assert failed.where.startswith("ari_apps/main.py:")


def test_given_a_program_that_asks_again_and_again_as_time_passes_then_it_may():
    line = Line('while True: await call.play("welcome")').call()
    for _ in range(300):
        line.now += 100
        line.sounds_end()
    assert not line.raised


@pytest.mark.parametrize("step", ["begins", "goes on"])
def test_given_a_program_that_holds_up_all_calls_then_the_log_says_which_and_where(step, monkeypatch):
    line = Line("await call.answer()\nawait call.hang_up()")
    if step == "goes on":
        line.call()
    times = iter(range(0, 60, 6))
    monkeypatch.setattr(runner, "perf_counter", lambda: next(times) / 1000)
    with capture_logs() as said:
        line.call() if step == "begins" else line.take(i.CallerUp(c("x")))
    assert said[-1] == {
        "event": "a program held up all calls",
        "log_level": "warning",
        "program": "main",
        "where": "ari_apps/main.py:3" if step == "begins" else "ari_apps/main.py:4",
        "ms": 6.0,
    }


def test_given_a_program_that_gives_way_in_time_then_the_log_says_nothing(monkeypatch):
    line = Line("await call.answer()\nawait call.hang_up()")
    monkeypatch.setattr(runner, "perf_counter", lambda: 0)
    with capture_logs() as said:
        line.call()
    assert not said


@pytest.mark.parametrize(
    ("verb", "told"),
    [
        ('call.set_data("order", 5)', "Expected `str`, got `int`"),
        ('call.set_data("order", None)', "Expected `str`, got `null`"),
        ('call.gather("what", longest=2.5)', "Expected `int`, got `float`"),
        ('call.hang_up("busy")', "Expected `int`, got `str`"),
        ('call.set_data("order", "\\ud800")', "surrogates not allowed"),
    ],
)
def test_given_a_verb_that_the_log_could_not_be_read_with_then_the_program_fails_and_nothing_is_kept(verb, told):
    line = Line(f"await {verb}").call()
    assert told in line.raised[0].error
    assert line.contact("x").program == "sorry"
    for fact in line.facts:
        assert decode(encode(fact)) == fact


def test_check_knows_all_that_a_call_has_and_nothing_else():
    line = Line("await call.answer()").call()
    call = Call(line.contact("x"), line.site)
    public = {name for name in dir(call) if not name.startswith("_")}
    assert public == VERBS | KNOWN, "src/ccplane/site/verbs.py has to name what a program may use"
