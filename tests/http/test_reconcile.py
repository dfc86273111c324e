"""`POST /api/v1/reconcile`: compare with the switch now, and hear what had to be put right."""

from __future__ import annotations

from dataclasses import replace

from ccplane.errors import SwitchError
from ccplane.facts import RepairMade
from ccplane.http.app import create_app
from tests.http.conftest import client_from
from tests.http.memory import TOKEN


def asking(site, look_now):
    return create_app(replace(site.ports(), look_now=look_now), admin_token=TOKEN)


async def test_what_was_put_right_while_it_looked_is_told_and_nothing_else(site):
    plane = site.plane

    async def look_now():
        plane.history.facts.append(RepairMade(at=plane.history.now, what="talk apart", subject="c-1", why="no x there"))
        plane.publish()

    async with client_from(asking(site, look_now)) as admin:
        told = (await admin.post("/api/v1/reconcile")).json()
        assert [(each["what"], each["subject"], each["why"]) for each in told["repaired"]] == [
            ("talk apart", "c-1", "no x there")
        ]


async def test_a_switch_that_is_not_there_is_said(site):
    async def look_now():
        raise SwitchError("not-connected", "ccplane is not connected to Asterisk ast1; see /readyz.")

    async with client_from(asking(site, look_now)) as admin:
        answer = await admin.post("/api/v1/reconcile")
        assert (answer.status_code, answer.json()["code"]) == (503, "not-connected")


async def test_who_has_no_token_may_not_ask(site):
    async def look_now():
        raise AssertionError

    async with client_from(asking(site, look_now), token=None) as anyone:
        assert (await anyone.post("/api/v1/reconcile")).status_code == 401
