"""Emergencies by the API: what is asked for is judged first, its text is spoken, and then it holds at once."""

from __future__ import annotations

import pytest

from ccplane.contacts.verbs import Spoken
from tests.kpi.histories import QUEUES

SALES, SUPPORT = QUEUES
GAS = {"texts": {"en": "There is no gas today."}, "by": "Lea"}


async def put(admin, name="gas", **asked):
    return await admin.put(f"/api/v1/emergencies/{name}", json=GAS | asked)


async def test_one_that_is_switched_on_holds_and_is_shown_until_it_is_switched_off(site, admin):
    answer = await put(admin, queue=SUPPORT)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["name"], told["queue"], told["then"], told["by"]) == ("gas", SUPPORT, "go-on", "Lea")
    assert told["says"] == {"en": "There is no gas today."}
    assert (await admin.get("/api/v1/emergencies")).json() == {"emergencies": [told], "yet_to_hear": 0}
    board = (await admin.get("/api/v1/wallboard")).json()["emergencies"]
    assert [(each["name"], each["says"]) for each in board] == [("gas", {"en": "There is no gas today."})]
    assert "ccplane_emergencies 1.0" in (await admin.get("/metrics")).text
    assert (await admin.delete("/api/v1/emergencies/gas")).status_code == 204
    assert (await admin.get("/api/v1/emergencies")).json()["emergencies"] == []
    answer = await admin.delete("/api/v1/emergencies/gas")
    assert (answer.status_code, answer.json()["code"]) == (404, "no-such-emergency")


async def test_its_text_is_made_into_a_sound_before_anybody_hears_it(site, admin):
    await put(admin)
    ((spoken,),) = site.spoken
    assert spoken.text == "There is no gas today."
    (held,) = site.plane.state.emergencies.values()
    assert held.says == {"en": spoken}


async def test_a_text_that_no_voice_speaks_changes_nothing(site, admin):
    site.speaks = False
    answer = await put(admin)
    assert (answer.status_code, answer.json()["code"]) == (503, "cannot-be-spoken")
    assert not site.plane.state.emergencies


async def test_a_prompt_of_the_site_need_not_be_made(site, admin):
    answer = await put(admin, texts={}, prompt="welcome")
    assert answer.status_code == 200, answer.text
    (held,) = site.plane.state.emergencies.values()
    assert held.says["en"] == Spoken(site.files.sound("welcome", "en"), "en", "")
    said = site.files.prompts["welcome"].texts
    assert answer.json()["says"] == said, "people read what callers hear"
    (board,) = (await admin.get("/api/v1/wallboard")).json()["emergencies"]
    assert board["says"] == said


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"queue": "nobody"}, 404, "no-such-queue"),
        ({"number": "9999"}, 404, "no-such-number"),
        ({"texts": {}, "prompt": "nothing"}, 422, "no-such-prompt"),
        ({"until": "2001-01-01T00:00:00Z"}, 422, "bad-time"),
        ({"until": "2099-01-01T00:00:00Z"}, 422, "bad-time"),
        ({"until": "2099-01-01T00:00:00"}, 422, "invalid-request"),
        ({"texts": {}}, 422, "invalid-request"),
        ({"prompt": "welcome"}, 422, "invalid-request"),
        ({"texts": {"fr": "Pas de gaz."}}, 422, "invalid-request"),
        ({"texts": {"en": "x" * 1_001}}, 422, "invalid-request"),
        ({"texts": {"en": "   "}}, 422, "invalid-request"),
        ({"queue": SUPPORT, "area": "021"}, 422, "invalid-request"),
        ({"queue": SUPPORT, "then": "hang-up"}, 422, "invalid-request"),
        ({"queue": SUPPORT, "key": "1"}, 422, "invalid-request"),
        ({"area": "abc"}, 422, "invalid-request"),
        ({"then": "explode"}, 422, "invalid-request"),
        ({"then": "go-on", "key": "1"}, 422, "invalid-request"),
        ({"then": "hang-up", "key": "x"}, 422, "invalid-request"),
        ({"then": "hang-up", "box": "gas"}, 422, "invalid-request"),
        ({"unknown": 1}, 422, "invalid-request"),
    ],
)
async def test_what_cannot_be_is_refused_and_changes_nothing(site, admin, asked, status, code):
    answer = await put(admin, **asked)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert not site.plane.state.emergencies
    assert site.spoken == []


@pytest.mark.parametrize("name", ["a b", "%20", "x" * 41])
async def test_a_name_is_letters_digits_and_dashes(site, admin, name):
    assert (await put(admin, name)).status_code == 422
    assert not site.plane.state.emergencies


async def test_a_stranger_switches_nothing(stranger):
    assert (await stranger.put("/api/v1/emergencies/gas", json=GAS)).status_code == 401
    assert (await stranger.get("/api/v1/emergencies")).status_code == 401
    assert (await stranger.delete("/api/v1/emergencies/gas")).status_code == 401
