"""Notices by HTTP: listed, shown, tried again and given up by hand."""

from __future__ import annotations

import pytest

from tests.http.test_problems import is_problem

PATH = "/api/v1/notices"


def refused(answer, status, code):
    assert is_problem(answer)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_notices_are_listed_the_latest_first_and_by_what_is_asked_for(site, admin):
    site.notices.make("n-1")
    site.notices.make("n-2", "sent", message="m-2")
    found = (await admin.get(PATH)).json()
    assert [each["id"] for each in found["notices"]] == ["n-2", "n-1"]
    assert found["notices"][0]["sent_at"] == "1970-01-01T00:01:10.000Z"
    assert found["next"] is None
    assert [each["id"] for each in (await admin.get(f"{PATH}?state=due")).json()["notices"]] == ["n-1"]
    assert [each["id"] for each in (await admin.get(f"{PATH}?message=m-2")).json()["notices"]] == ["n-2"]
    assert (await admin.get(f"{PATH}/n-1")).json()["target"] == "team@example.com"


async def test_one_that_was_refused_is_tried_again_and_one_that_was_sent_is_not(site, admin):
    site.notices.make("n-1", "failed")
    site.notices.make("n-2", "sent")
    assert (await admin.post(f"{PATH}/n-1/retry")).json()["state"] == "due"
    refused(await admin.post(f"{PATH}/n-2/retry"), 409, "notice-sent")


async def test_one_that_is_due_is_given_up_once_and_who_did_is_written_down(site, admin):
    site.notices.make("n-1")
    assert (await admin.post(f"{PATH}/n-1/give-up", json={"by": "Lea"})).json()["last_error"] == "given up by Lea"
    refused(await admin.post(f"{PATH}/n-1/give-up", json={}), 409, "notice-over")


@pytest.mark.parametrize("number", ["n-7", "%00", "n-%0a1"])
async def test_one_that_is_not_there_is_a_problem(admin, number):
    for method, path in (("GET", ""), ("POST", "/retry"), ("POST", "/give-up")):
        body = {"json": {}} if path == "/give-up" else {}
        refused(await admin.request(method, f"{PATH}/{number}{path}", **body), 404, "no-such-notice")


@pytest.mark.parametrize("asked", [f"{PATH}?state=nonsense", f"{PATH}?limit=0", f"{PATH}/{'x' * 301}"])
async def test_what_cannot_be_asked_is_refused(admin, asked):
    refused(await admin.get(asked), 422, "invalid-request")


async def test_only_an_administrator_sees_them(stranger):
    refused(await stranger.get(PATH), 401, "unauthorised")
