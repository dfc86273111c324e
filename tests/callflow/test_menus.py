"""Menus of several levels: back, repeat, operator, language, and everyone arrives somewhere."""

from __future__ import annotations

from ccplane.callflow.pressing import ROUNDS
from ccplane.contacts.contact import Choice
from ccplane.contacts.verbs import EnterQueue, Gather, HangUp
from ccplane.core import commands as do
from ccplane.site import parse
from tests.callflow.line import FILES, Line

PROMPTS = (
    "main",
    "sub",
    "what",
    "silent",
)
MAIN = """prompt = "main"
invalid = "what"
silence = "silent"
tries = 2
wrong_tries = 3
no_input = "1"
give_up = "0"
operator = "sales"
[keys]
1 = { queue = "support", name = "help" }
2 = { menu = "sub", name = "more" }
8 = { language = "zh-CN" }
0 = { action = "operator" }
"*" = { action = "repeat" }
"#" = { action = "back" }
"""
SUB = """prompt = "sub"
no_input = "1"
[keys]
1 = { queue = "sales", name = "bills" }
2 = { menu = "main" }
3 = { language = "zh-CN", queue = "support" }
4 = { voicemail = "support", name = "message" }
"#" = { action = "back" }
"""
SITE = FILES | {
    "ivr/main.toml": MAIN,
    "ivr/sub.toml": SUB,
    "ivr/prompts.toml": "".join(f'[{name}]\nen = "{name}"\nzh-CN = "{name}"\n' for name in PROMPTS),
    "ari_apps/main.py": 'async def main(call):\n    choice = await call.menu("main")\n'
    "    if choice.voicemail:\n        await call.hang_up(33)\n    await call.queue(choice.queue)\n",
    "ari_apps/sorry.py": "async def main(call):\n    await call.hang_up(99)\n",
}


class MenuLine(Line):
    """A call whose program asks by the menu `main`."""

    def put(self, source, **programs):
        site = parse(SITE)
        self.sites[site.hash] = self.whole = site
        return site

    def press(self, keys):
        for key in keys:
            self.presses(key)
        return self

    def silent(self):
        self.sounds_end()
        self.wake()
        return self

    def heard(self):
        """The names of the prompts that were asked last."""
        sounds = self.played()[-1]
        names = {self.whole.sound(name, language): name for name in PROMPTS for language in ("en", "zh-CN")}
        return [names[each] for each in sounds]

    def way(self):
        return self.contact("x").path


def a_call():
    return MenuLine().call()


def test_given_a_sub_menu_when_its_key_is_pressed_then_it_is_heard_and_its_keys_hold():
    line = a_call().press("2")
    assert line.heard() == ["sub"]
    line.press("3")
    assert line.verb == EnterQueue("support")
    assert line.way() == (Choice("main", "2", "more"), Choice("sub", "3"))


def test_given_a_sub_menu_when_back_is_pressed_then_the_one_before_is_heard():
    assert a_call().press("2#").heard() == ["main"]


def test_given_the_first_menu_when_back_is_pressed_then_it_is_heard_again():
    assert a_call().press("#").heard() == ["main"]


def test_given_repeat_then_the_same_is_heard_and_no_choice_is_noted():
    line = a_call().press("2#*")
    assert line.heard() == ["main"]
    assert [each.key for each in line.way()] == ["2", "#"]


def test_given_operator_then_the_queue_that_is_said_to_be_it():
    line = a_call().press("0")
    (choice,) = [fact for fact in line.facts if type(fact).__name__ == "MenuChosen"]
    assert (choice.menu, choice.key, choice.name) == ("main", "0", "operator")
    assert [fact.verb for fact in line.facts if type(fact).__name__ == "StepStarted"][-2] == EnterQueue("sales")


def test_given_a_language_then_the_menu_is_heard_again_in_it_and_so_is_all_that_follows():
    line = a_call().press("8")
    assert line.verb.sounds == (line.whole.sound("main", "zh-CN"),)
    line.press("2")
    assert line.verb.sounds == (line.whole.sound("sub", "zh-CN"),)
    assert [each.language for each in line.commands if isinstance(each, do.PlaySounds)] == ["en", "zh-CN", "zh-CN"]


def test_given_a_language_with_a_queue_then_both():
    line = a_call().press("23")
    assert (line.contact("x").language, line.verb) == ("zh-CN", EnterQueue("support"))


def test_given_a_mailbox_then_the_program_decides():
    assert a_call().press("24").verb == HangUp(33)


def test_given_silence_then_its_own_prompt_and_its_own_tries():
    line = a_call().silent()
    assert line.heard() == ["silent", "main"]
    line.silent()
    assert line.verb == EnterQueue("support")
    assert line.way() == (Choice("main", "1", "help"),)


def test_given_wrong_keys_then_their_own_prompt_their_own_tries_and_their_own_end():
    line = a_call().press("5")
    assert line.heard() == ["what", "main"]
    line.silent().press("5")
    assert line.heard() == ["what", "main"]
    line.press("5")
    assert line.way() == (Choice("main", "0", "operator"),)


def test_given_who_knows_the_way_when_all_keys_come_at_once_then_only_the_first_menu_was_heard():
    line = a_call().press("21")
    assert [len(sounds) for sounds in line.played()][:1] == [1]
    assert [each.name for each in line.way()] == ["more", "bills"]


def test_given_who_goes_round_and_round_then_they_are_sent_on_and_the_program_does_not_fail():
    line = a_call().press("*" * (ROUNDS - 1))
    assert isinstance(line.verb, Gather)
    line.press("*")
    assert not line.raised
    assert not isinstance(line.verb, Gather)


def test_given_a_caller_deep_in_the_menus_when_the_plane_dies_then_they_stand_there_again():
    line = a_call().press("82")
    before = line.contact("x")
    line.dies_and_comes_back()
    after = line.contact("x")
    assert not line.raised
    assert (after.step, after.verb, after.path, after.language) == (
        before.step,
        before.verb,
        before.path,
        "zh-CN",
    )
    line.press("3")
    assert line.verb == EnterQueue("support")
