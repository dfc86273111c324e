"""What `ccplane check` finds in a program's own words, which Python would tell of once a caller comes there."""

from __future__ import annotations

import pytest

from ccplane.site import parse
from tests.site.sites import TOP, a_site, faults, the_fault


def a_program(body: str, outside: str = "") -> str:
    return f"from ccplane import Call, Served\n{outside}\nasync def main(call: Call) -> None:\n    {body}\n"


@pytest.mark.parametrize(
    ("body", "key", "said"),
    [
        ("await call.meun('main')", "call.meun", "a call has nothing of this name; did you mean `menu`?"),
        ("print(call.arived)", "call.arived", "a call has nothing of this name; did you mean `arrived`?"),
        ("call.play('welcome')", "call.play", "is not awaited, so nothing is done: write `await call.play(…)`"),
        ("if call.confirm('welcome'): pass", "call.confirm", "is not awaited, so nothing is done"),
        ("choice = call.menu('main'); print(choice.key)", "call.menu", "is not awaited, so nothing is done"),
        ("print(call.menu('main').key)", "call.menu", "is not awaited, so nothing is done"),
        ("Pressed", "Pressed", "is not imported: `from ccplane import Pressed`"),
        ("Timed_out", "Timed_out", "nothing of this name is defined; did you mean `TimedOut`?"),
        ("print(quux)", "quux", "nothing of this name is defined"),
    ],
)
def test_a_word_that_would_fail_the_call_is_a_fault_with_its_line(body, key, said):
    fault = the_fault(front=a_program(body), main="prompt = 'welcome'\nno_input = '1'\n[keys]\n1 = {}\n")
    assert (fault.path, fault.line, fault.key) == ("ari_apps/front.py", 4, key)
    assert fault.sentence.startswith(said)


def test_the_pages_example_is_told_as_the_page_says():
    page = (TOP / "docs/programs.md").read_text().split("## What `ccplane check` finds in one")[1]
    source, told = (part.split("```")[0] for part in (page.split("```python\n")[1], page.split("```text\n")[1]))
    assert [str(each) for each in faults(a_site(front=source))] == told.splitlines()


def test_all_of_ccplane_at_once_defines_nothing_else():
    assert the_fault(front=a_program("Timedout", "from ccplane import *")).key == "Timedout"


def test_a_verb_in_a_function_that_takes_the_call_is_judged_as_in_main():
    helper = "async def ask(call: Call) -> None:\n    await call.plya('welcome')\n"
    assert the_fault(front=a_program("await ask(call)", helper)).key == "call.plya"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("from ccplane import Servd", "ccplane has no `Servd`; did you mean `Served`?"),
        ("import no_such_library", "there is no such module; other systems are asked by `call.look_up`"),
        ("from no_such_library.parts import one", "there is no such module; other systems are asked by `call.look_up`"),
    ],
)
def test_an_import_of_what_is_not_there_is_a_fault(line, said):
    told = faults(a_site(front=a_program("pass", line)))
    assert [(each.line, each.sentence) for each in told] == [(2, said)]


@pytest.mark.parametrize(
    ("body", "outside"),
    [
        ("later = call.play('welcome'); await later", ""),
        ("await both(call.play('welcome'))", "async def both(one): await one"),
        ("later = call.play('welcome'); await both(later)", "async def both(one): await one"),
        ("match await call.queue('support'):\n        case Served(agent): print(agent)", ""),
        ("print([each for each in range(3)], __name__, __file__, len(''))", ""),
        ("print((lambda a, *b, **c: a)(1), (one := 2), one)", "MOST: int = 3"),
        ("try:\n        1 / 0\n    except ZeroDivisionError as error:\n        print(error)", ""),
        ("print(MOST)", "def fill():\n    global MOST\n    MOST = 3\nfill()"),
        ("print(dumps({}))", "from json import *"),
        ("print(Pressed)", "from ccplane import *"),
        ("print(fast)", "try:\n    import no_such_library as fast\nexcept ImportError:\n    fast = None"),
        ("async with call.while_waiting('welcome'):\n        await call.queue('support')", ""),
        ("print(call.number.queue, call.customer, call.site.hours)", ""),
    ],
)
def test_what_python_allows_and_works_is_no_fault(body, outside):
    parse(a_site(front=a_program(body, outside)))


def test_annotations_that_are_put_off_need_no_import():
    parse(a_site(front="from __future__ import annotations\nasync def main(call: Call) -> Nothing: ...\n"))
    assert {each.key for each in faults(a_site(front="async def main(call: Call) -> None: ...\n"))} == {"Call"}


def test_a_backslash_that_means_nothing_is_python_and_no_warning_of_ours():
    parse(a_site(front="'\\What it is.'\nasync def main(call):\n    await call.answer()\n"))
