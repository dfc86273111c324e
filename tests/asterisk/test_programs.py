"""What programs say and ask, by a real Asterisk: values word by word, texts made meanwhile, sounds that are missing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ccplane.asterisk.node import LocalNode
from ccplane.asterisk.prompts import file_of
from ccplane.settings import HOME
from ccplane.site import parse, read
from ccplane.testing.siplab import Call
from tests.asterisk.test_voicemail import fact, records
from tests.centre import Centre, open_centre

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]

SAYS = """from ccplane import Call, Number, Pressed, Text

async def main(call: Call) -> None:
    await call.say("A text that no file has.")
    keyed = await call.gather("which", Number(1204), Text("Another text."), timeout_s=20)
    await call.set_data("keyed", keyed.keys if isinstance(keyed, Pressed) else "")
    held = await call.hold(60, ends_with="#")
    await call.set_data("held", type(held).__name__)
    await call.hang_up()
"""
COUNTS = """from ccplane import Call, Digits, Number

async def main(call: Call) -> None:
    await call.gather(Digits("0123456789" * 6))
    await call.play(Number(1))
"""
RECORDS = """from ccplane import Call

async def main(call: Call) -> None:
    await call.ring_back(1)
    result = await call.record_message("which", ends_with="*", longest_s=30, silence_s=0, review="which")
    await call.set_data("left", type(result).__name__)
"""
FILES = {
    "acd/queues.toml": "[support]\nskills = { support = 1 }\n",
    "acd/agents.toml": "[demo]\nfrom = 1001\ncount = 2\nskills = { support = 5 }\n",
    "acd/site.toml": "",
    "ivr/numbers.toml": 'default = "says"\n[4001]\nprogram = "says"\n[4002]\nprogram = "counts"\n'
    '[4003]\nprogram = "records"\n',
    "ivr/prompts.toml": '[which]\nen = "Which number?"\nzh-CN = "哪个号码？"\n',
    "ari_apps/says.py": SAYS,
    "ari_apps/counts.py": COUNTS,
    "ari_apps/records.py": RECORDS,
}


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    async with open_centre(local_node, database, tmp_path, audio=True) as centre:
        yield centre


@pytest.fixture
async def speaking(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    for path, text in FILES.items():
        (tmp_path / "site" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "site" / path).write_text(text)
    async with open_centre(local_node, database, tmp_path, audio=True, CCPLANE_SITE=str(tmp_path / "site")) as centre:
        yield centre


async def steps(centre: Centre, caller: str, verb: str, count: int = 1) -> None:
    """Wait until so many steps of this verb have begun."""

    async def begun() -> bool:
        rows = await centre.rows(
            "SELECT count(*) AS n FROM fact JOIN contact ON contact.id = fact.contact "
            "WHERE caller = $1 AND kind = 'StepStarted' AND body -> 'verb' ->> 'type' = $2",
            caller,
            verb,
        )
        return bool(rows[0]["n"] >= count)

    await centre.until(begun, 20, lambda: f"{count} × {verb}")


def results(contact: dict[str, Any]) -> list[str]:
    return [each["result"]["type"] for each in contact["facts"] if each["type"] == "StepEnded"]


async def asks_for_the_balance(centre: Centre, number: str) -> Call:
    """Up to the question whether the number is right."""
    call = centre.lab.callers.dial("4006", number)
    await call.up()
    await call.audio.hears_sound()
    await call.audio.press("120450")
    await steps(centre, number, "Gather", 2)
    return call


async def test_4006_says_an_amount_word_by_word_and_the_caller_has_served_themselves(centre: Centre) -> None:
    call = await asks_for_the_balance(centre, "701")
    await call.audio.hears_sound()
    await call.audio.press("1")
    await steps(centre, "701", "Play")
    await call.audio.hears_sound()
    await call.over(within=60)
    contact = await centre.contact_of("701")
    (ended,) = [each for each in contact["facts"] if each["type"] == "ContactEnded"]
    assert ended["self_served"] is True
    (play,) = [
        each["verb"] for each in contact["facts"] if each["type"] == "StepStarted" and each["verb"]["type"] == "Play"
    ]
    assert len(play["sounds"]) > 15, "twelve hundred and four yuan and fifty fen, as of a day"
    assert not [each for each in contact["facts"] if each["type"] == "SoundsFailed"]


async def test_a_key_stops_all_of_what_is_being_said_word_by_word(speaking: Centre) -> None:
    """Sixty digits last for half a minute; what is said after the key is heard at once, so nothing of them is left."""
    call = speaking.lab.callers.dial("4002", "702")
    await call.up()
    await call.audio.hears_sound()
    await call.audio.press("5")
    await call.over(within=10)
    contact = await speaking.contact_of("702")
    assert results(contact) == ["Pressed", "Done"]
    assert contact["ended_by"] == "program"


async def test_a_plane_killed_while_a_value_is_said_says_it_again_and_goes_on(centre: Centre) -> None:
    call = await asks_for_the_balance(centre, "703")
    await call.audio.hears_sound()
    await centre.kill()
    await centre.start()
    await call.audio.hears_sound()
    await call.audio.press("1")
    await steps(centre, "703", "Play")
    call.hang_up()
    contact = await centre.contact_of("703")
    assert not [each for each in contact["facts"] if each["type"] == "ProgramFailed"]
    assert [each["value"] for each in contact["facts"] if each["type"] == "DataSet"] == ["120450"]


async def test_a_prompt_that_is_missing_at_the_node_is_heard_in_the_other_language(centre: Centre) -> None:
    demo = parse(read(HOME))
    path = file_of(demo.sound("card-number", "en"), centre.node.sounds_dir)
    kept = path.read_bytes()
    path.unlink()
    try:
        call = centre.lab.callers.dial("4006", "704")
        await call.up()
        failed = await fact(centre, "SoundsFailed")
        await call.audio.hears_sound()
        await call.audio.press("120450")
        await steps(centre, "704", "Gather", 3)  # the question twice, and whether that is right
        call.hang_up()
        contact = await centre.contact_of("704")
        assert failed["contact"] == contact["id"]
    finally:
        path.write_bytes(kept)


async def test_texts_are_made_while_the_call_goes_on_and_music_ends_by_its_key(speaking: Centre) -> None:
    said = speaking.node.sounds_dir / "said"
    before = set(said.glob("*.wav"))  # of other tests at this node
    call = speaking.lab.callers.dial("4001", "705")
    await call.up()
    await call.audio.hears_sound()
    await steps(speaking, "705", "Gather")
    await call.audio.hears_sound()
    await call.audio.press("7")
    await steps(speaking, "705", "Hold")
    await call.audio.press("#")
    await call.over(within=20)
    contact = await speaking.contact_of("705")
    data = {each["name"]: each["value"] for each in contact["facts"] if each["type"] == "DataSet"}
    assert data == {"keyed": "7", "held": "Pressed"}
    assert not [each for each in contact["facts"] if each["type"] == "SoundsFailed"]
    assert len(set(said.glob("*.wav")) - before) == 2


@pytest.mark.parametrize(("key", "result", "state"), [("1", "MessageTaken", "new"), ("3", "NoMessage", "deleted")])
async def test_a_call_rings_first_and_its_message_ends_by_its_own_key_and_is_kept_or_not(
    speaking: Centre, key: str, result: str, state: str
) -> None:
    call = speaking.lab.callers.dial("4003", "706")
    await call.ringing
    await call.up()
    await records(call, speaking)
    await call.audio.press("#")
    await call.audio.press("*")
    await steps(speaking, "706", "Gather")
    await call.audio.press(key)
    await call.over(within=20)
    contact = await speaking.contact_of("706")
    (left,) = [each["value"] for each in contact["facts"] if each["type"] == "DataSet"]
    assert left == result
    times = {each["type"]: datetime.fromisoformat(each["at"]) for each in contact["facts"]}
    assert times["CallerAnswered"] - times["ProgramStarted"] >= timedelta(seconds=1)
    (message,) = await speaking.rows("SELECT state FROM message")
    assert (message["state"] or "new") == state
