"""docs/programs.md is true: each example on it runs, on the fake switch, and does what the page says."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ccplane.callflow.saying import Date, Digits, Money, Number, Time, words
from ccplane.contacts import facts as c
from ccplane.contacts.look_ups import NotFound
from ccplane.settings import HOME
from ccplane.site import parse
from ccplane.site.site import sound_of_said
from ccplane.testing import Rehearsal, answers, rehearse, rejects, rings_for_ever, run
from ccplane.testing.fake_faxes import Sheets
from ccplane.testing.fake_people import Behaviour

PAGE = (HOME / "docs" / "programs.md").read_text()
EXAMPLES = dict(re.findall(r"^### `(\w+)`\n\n```python\n(.*?)```", PAGE, re.MULTILINE | re.DOTALL))
(OUTSIDE,) = re.findall(r"^```python\n(match await call.transfer\(number.*?)```", PAGE, re.MULTILINE | re.DOTALL)
NAMES = {
    "your-balance", "on", "order", "no-such-order", "nothing-pressed", "you-entered", "right-1-wrong-2", "apology",
    "how-was-it", "your-code", "say-your-name", "keep-1-again-2-discard-3", "leave-a-message", "thank-you",
}  # fmt: skip
FILES = {
    "acd/queues.toml": "[support]\nskills = { support = 1 }\n",
    "acd/agents.toml": "[demo]\nfrom = 1001\ncount = 1\nskills = { support = 5 }\n",
    "acd/site.toml": 'timezone = "Asia/Shanghai"\n',
    "acd/dialling.toml": 'program = "sorry"\ntrunk = "trunk"\ncaller_id = "4000"\n[transfers]\nallow = ["555"]\n',
    "ivr/numbers.toml": 'default = "sorry"\n[4001]\nprogram = "example"\n',
    "ivr/prompts.toml": "".join(f'[{name}]\nen = "{name}"\nzh-CN = "{name}"\n' for name in sorted(NAMES)),
    "ivr/surveys.toml": "[after-call]\n[[after-call.questions]]\n"
    'name = "satisfied"\nkind = "satisfaction"\nprompt = "how-was-it"\n',
    "ivr/main.toml": 'prompt = "order"\nno_input = "1"\n[keys]\n1 = { queue = "support" }\n',
    "ivr/faxes/price-list.pdf": "0123456789abcdef" * 2,
    "ari_apps/sorry.py": "async def main(call):\n    await call.hang_up(41)\n",
    "ari_apps/which_order.py": "from ccplane import *\n\nasync def main(call, question='order'):\n"
    "    keyed = await call.gather(question, length=4)\n    return keyed.keys if isinstance(keyed, Pressed) else ''\n",
}


def program(body: str) -> str:
    return "from ccplane import *\n\nasync def main(call):\n    " + body.strip().replace("\n", "\n    ") + "\n"


class Heard:
    """What became of a call to a number that an example takes."""

    def __init__(self, centre: Rehearsal, sounds: Sequence[str]) -> None:
        self._names = {each.uri: each for each in parse(FILES | SAYS).all_prompts()}
        self.uris = list(sounds)
        self.sounds = [self._names[each].text if each in self._names else each for each in sounds]
        self.facts = centre.facts

    def data(self) -> dict[str, str]:
        return {fact.name: fact.value for fact in self.facts if isinstance(fact, c.DataSet)}


SAYS = {"ari_apps/example.py": program("await call.play(Number(1))")}


async def asked_anew(centre: Rehearsal, after: int) -> int:
    """Wait until keys are gathered by a later step than that; which one it is."""
    async for snapshot in centre.plane.subscribe():
        for contact in snapshot.state.contacts.values():
            if contact.gathering and contact.step > after:
                return contact.step
    raise AssertionError("the plane is gone")


def call_of(
    verb: str,
    *presses: str,
    files: dict[str, str] | None = None,
    outside: Behaviour | None = None,
    agent: Behaviour | None = None,
    finds: Any = None,
    then: str = "",
    sends: Sheets | None = None,
    takes: Sheets | None = None,
) -> Heard:
    """The example of this verb, or this program, called by somebody who presses these keys, each when they are asked
    anew. `outside`, `agent`: what somebody who is called there, and 1001, do; `finds`: what a look-up
    finds; `then`: pressed five seconds after the last of the keys;
    `sends`, `takes`: what their fax machine does."""

    async def scene() -> Heard:
        site = FILES | {"ari_apps/example.py": program(EXAMPLES.get(verb, verb))} | (files or {})
        async with rehearse(site) as centre:
            centre.sign_in("1001")
            centre.switch.phone("1001", agent)
            centre.look_ups["orders"] = finds
            centre.switch.outside("5551234", outside)
            call = centre.switch.call("4001")
            call.sends, call.takes = sends, takes
            step = 0
            for keys in presses:
                step = await asked_anew(centre, after=step)
                call.press(keys)
            if then:
                await asyncio.sleep(5.01)
                call.press(then)
            if verb == "menu" or files is HOURS:
                await centre.becomes("1001", "talking")
                call.hang_up()
            await call.over(within=600)
            assert centre.plane.faults == 0
            assert not centre.said(c.ProgramFailed)
            return Heard(centre, call.heard)

    return run(scene())


def test_every_value_on_the_page_is_said_as_it_stands_there():
    rows = re.findall(r"^\| `((?:Number|Money|Date|Time|Digits)\(.*?\))` \| (.*?) \| (.*?) \|$", PAGE, re.MULTILINE)
    assert len(rows) == 7
    kinds = {"Number": Number, "Money": Money, "Date": Date, "Time": Time, "Digits": Digits}
    for code, english, chinese in rows:
        value = eval(code, kinds)
        assert " ".join(words(value, "en")) == english
        assert "".join(words(value, "zh-CN")) == chinese


def test_play_says_prompts_and_values_in_order():
    heard = call_of("play").sounds
    assert heard[0] == "your-balance"
    assert heard[1:10] == ["one", "thousand", "two", "hundred", "and", "four", "yuan", "and", "fifty"]
    assert heard[11] == "on"


def test_menu_leads_to_the_queue():
    (queued,) = [fact for fact in call_of("menu", "1").facts if isinstance(fact, c.ContactQueued)]
    assert queued.queue == "support"


def test_gather_takes_what_is_of_the_pattern_and_asks_again_for_what_is_not():
    assert call_of("gather", "471234").data() == {"order": "471234"}
    assert call_of("gather", "123456", "654321", "123450").data() == {"not an order": "123450"}
    silent = call_of("gather")
    assert silent.data() == {}
    assert silent.sounds == ["order", *["nothing-pressed", "order"] * 2]


def test_answer_takes_the_call():
    assert [fact for fact in call_of("answer").facts if isinstance(fact, c.CallerAnswered)]


def test_hang_up_ends_it_with_its_cause():
    (ended,) = (fact for fact in call_of("hang_up").facts if isinstance(fact, c.ContactEnded))
    assert (ended.by, ended.cause) == (c.EndedBy.PROGRAM, 17)


def test_say_is_heard_as_a_sound_of_its_own():
    heard = call_of("say")
    assert heard.uris[0] == sound_of_said("en", "Your flight leaves from gate 12.")
    assert heard.uris[2] == sound_of_said("zh-CN", "请稍候。")


def test_ring_back_takes_the_call_only_after_that_time():
    facts = call_of("ring_back").facts
    (began,) = (fact.at for fact in facts if isinstance(fact, c.ProgramStarted))
    (taken,) = (fact.at for fact in facts if isinstance(fact, c.CallerAnswered))
    assert 3_000 <= taken - began < 3_100


def test_hold_plays_music_until_its_key_or_its_end():
    heard = call_of("hold")
    assert heard.sounds == ["music:default"]
    assert heard.data() == {}


def test_record_message_gives_the_message_that_was_left():
    heard = call_of("record_message")
    (left,) = (fact for fact in heard.facts if isinstance(fact, c.MessageLeft))
    assert heard.data() == {"message": left.message}
    assert left.box == "sales"
    assert heard.sounds == ["say-your-name", "beep", *["keep-1-again-2-discard-3"] * 2], (
        "nothing is pressed: it is kept"
    )


def test_voicemail_asks_records_and_thanks():
    assert call_of("voicemail").sounds == ["leave-a-message", "beep", "thank-you"]


def test_send_fax_sends_what_the_site_has_or_says_what_has_not_gone():
    sent = call_of("send_fax", takes=Sheets(2, "+49 30"))
    assert sent.data() == {"fax sent": "2 pages"}
    (delivered,) = (fact for fact in sent.facts if isinstance(fact, c.FaxDelivered))
    assert (delivered.name, delivered.pages, delivered.station) == ("price-list", 2, "+49 30")
    assert call_of("send_fax", takes=Sheets(3, fails_after=1)).data() == {
        "fax not sent": "transmission-failed, after 1 pages"
    }


def test_receive_fax_gives_the_pages_or_says_why_there_are_not_all():
    assert call_of("receive_fax", sends=Sheets(3, "+49 30")).data() == {"fax": "3 pages"}
    assert call_of("receive_fax", sends=Sheets(20)).data() == {"fax": "20 pages"}
    assert call_of("receive_fax").data() == {"no fax": "no-fax-machine, after 0 pages"}
    failed = call_of("receive_fax", sends=Sheets(3, fails_after=1))
    assert failed.data() == {"no fax": "transmission-failed, after 1 pages"}
    (stored,) = (fact for fact in failed.facts if isinstance(fact, c.FaxStored))
    assert (stored.box, stored.pages, stored.complete) == ("orders", 1, False)


def test_served_is_a_contact_that_has_served_itself():
    (ended,) = (fact for fact in call_of("served").facts if isinstance(fact, c.ContactEnded))
    assert ended.self_served


def test_set_data_is_with_the_contact():
    assert call_of("set_data").data() == {"order": "4711"}


def test_set_language_is_heard():
    heard = call_of("set_language")
    assert [fact.language for fact in heard.facts if isinstance(fact, c.LanguageSet)] == ["zh-CN"]
    assert heard.uris == [parse(FILES | SAYS).sound("order", "zh-CN")]


def test_confirm_is_true_for_yes_alone():
    assert call_of("confirm", "1").data() == {"order": "4711"}
    assert call_of("confirm", "2").data() == {}
    unanswered = call_of("confirm")
    assert unanswered.data() == {}
    assert unanswered.sounds == ["you-entered", "four", "seven", "one", "one", "right-1-wrong-2"] * 2


QUEUED = {"ivr/numbers.toml": FILES["ivr/numbers.toml"] + 'queue = "support"\n'}


def test_transfer_rings_that_agent_alone_and_is_a_talk_of_the_numbers_queue():
    heard = call_of("transfer", files=QUEUED, agent=answers(hang_up_after=9.0))
    assert heard.data() == {"talked with": "1001"}
    (started,) = [fact for fact in heard.facts if isinstance(fact, c.TalkStarted)]
    assert started.queue == "support"
    assert call_of("transfer", files=QUEUED, agent=rejects(486)).data() == {"not put through": "busy"}
    assert call_of("transfer", files=QUEUED, agent=rings_for_ever()).data() == {"not put through": "no-answer"}


def test_transfer_talks_with_somebody_outside_or_says_why_not():
    assert call_of(OUTSIDE, outside=answers(hang_up_after=9.0)).data() == {"talked": "9"}
    assert call_of(OUTSIDE, outside=rejects(486)).data() == {"not put through": "busy"}
    assert call_of(OUTSIDE, outside=rejects(404)).data() == {"not put through": "unreachable"}
    rung = call_of(OUTSIDE, outside=rings_for_ever())
    assert rung.data() == {"not put through": "no-answer"}
    (called,) = [fact for fact in rung.facts if isinstance(fact, c.PartyCalled)]
    (missed,) = [fact for fact in rung.facts if isinstance(fact, c.CallMissed)]
    assert missed.at - called.at == 20_000
    nowhere = {"acd/dialling.toml": FILES["acd/dialling.toml"].replace("555", "556"), "ari_apps/example.py": COMPUTED}
    assert call_of(OUTSIDE, files=nowhere).data() == {"not put through": "not-allowed-prefix"}


COMPUTED = program(OUTSIDE.replace('"5551234"', '"555" + "1234"'))
"""Written so `check` cannot see that it is not allowed."""


def test_conference_asks_for_the_code_plays_music_to_who_is_alone_and_ends_by_its_key():
    alone = call_of("conference", "47", then="#")
    assert alone.sounds == ["your-code", "music:default"]
    assert alone.data() == {"met": "5 s, until key"}
    assert call_of("conference", "11", "22", "33").data() == {"not met": "wrong-pin"}


HOURS = {"ivr/hours.toml": '[main]\nmon-sun = "00:00-24:00"\n'}
FAIR = {"ivr/hours.toml": '[main]\nmon-sun = "00:00-24:00"\ndays.2026-01-01 = { hours = "closed", reason = "fair" }\n'}


def test_hours_says_whether_it_is_open_and_why_not():
    (queued,) = [fact for fact in call_of("hours", files=HOURS).facts if isinstance(fact, c.ContactQueued)]
    assert queued.queue == "support"
    closed = call_of("hours", files=FAIR)
    assert closed.data() == {"closed": "fair"}
    assert closed.sounds == ["apology"]


LOOK_UPS = {"ivr/lookups.toml": '[orders]\nurl = "https://shop.example/{order}"\n'}


def test_look_up_gives_what_a_service_knows():
    assert call_of("look_up", files=LOOK_UPS, finds={"state": "sent"}).data() == {"state": "sent"}
    assert call_of("look_up", files=LOOK_UPS, finds=NotFound()).sounds == ["no-such-order"]


def test_survey_gives_the_answers_or_says_that_there_are_none():
    assert call_of("survey", "4").data() == {"satisfied": "4"}
    assert call_of("survey").data() == {"satisfied": "unknown"}


def test_run_gives_what_the_other_program_returns():
    assert call_of("run", "1234").data() == {"order": "1234"}


def test_every_verb_of_the_page_has_an_example_that_is_run_here():
    assert set(re.findall(r"^### `(\w+)`$", PAGE, re.MULTILINE)) == set(EXAMPLES)
    tested = Path(__file__).read_text()
    assert not [verb for verb in EXAMPLES if f'call_of("{verb}"' not in tested]
