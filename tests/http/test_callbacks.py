"""Callbacks by HTTP: promised once the ledger has it, listed, shown, taken back; and numbers that are not called."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from ccplane.contacts.callback import CallbackState
from ccplane.contacts.facts import callbacks as f
from ccplane.core import inputs as i
from ccplane.http import callbacks as routes
from ccplane.http.app import create_app
from ccplane.ids import CallbackId
from ccplane.postgres.callbacks import CallbacksWanted
from ccplane.routing.callbacks import Callbacks
from ccplane.routing.dialling import Dialling, Role
from tests.core.ledger import Ledger
from tests.http.conftest import client_from
from tests.http.memory import TOKEN, MemoryCallbacks, Site
from tests.http.test_problems import is_problem

NUMBER = "5551000"
ALLOWED = Callbacks(role=Role(("5", "+"), ("59",)))
DIALLING = Dialling(trunk="out", emergency=("511",))


class Kept:
    """What the plane asks of Postgres, done at once; or not at all while it is `away`."""

    def __init__(self, site: Site) -> None:
        self.plane, self.ledger, self.away, self.silent = site.plane, Ledger(), False, False
        site.plane.follow(self._follow)

    def _follow(self, _: Any, facts: Any, __: int) -> None:
        self.ledger.follow(facts)
        for fact in facts:
            if isinstance(fact, f.CallbackAsked) and not self.silent:
                asyncio.get_running_loop().call_soon(self._keep, fact.callback)

    def _keep(self, which: CallbackId) -> None:
        callback = self.plane.state.callbacks[which]
        why = "database-away" if self.away else self.ledger.keep(callback)
        self.plane.history.give(i.CallbackKept(which, why))
        self.plane.publish()


@pytest.fixture
def site() -> Site:
    site = Site()
    site.callbacks = MemoryCallbacks()
    rules = replace(site.plane.state.rules, callbacks=ALLOWED, dialling=DIALLING)
    site.plane.history.give(i.SiteRead(site="s2", rules=rules, files={}))
    site.plane.publish()
    return site


@pytest.fixture
def kept(site: Site) -> Kept:
    return Kept(site)


async def ask(admin: httpx.AsyncClient, number: str = NUMBER, **more: Any) -> httpx.Response:
    return await admin.post("/api/v1/callbacks", json={"number": number, "queue": "support", **more})


async def test_a_promise_is_answered_with_the_callback_and_can_be_read_at_once(admin, site, kept):
    answer = await ask(admin, name="Ms Li")
    made = answer.json()
    assert (answer.status_code, made["number"], made["queue"], made["asked_by"]) == (201, NUMBER, "support", "api")
    assert made["since"] == made["asked_at"]
    assert made["expires_at"].endswith("Z")
    assert (await admin.get(f"/api/v1/callbacks/{made['id']}")).json() == made
    live = site.plane.state.callbacks[made["id"]]
    assert (live.state, live.caller_name) == (CallbackState.WAITING, "Ms Li")


async def test_however_a_number_is_written_it_is_one(admin, site, kept):
    assert (await ask(admin, " (00) 44-20/555.1 ")).json()["number"] == "+44205551"
    again = await ask(admin, "+44205551")
    assert (again.status_code, again.json()["code"]) == (409, "already-promised")


@pytest.mark.parametrize(
    ("number", "status", "code"),
    [
        ("590000", 403, "number-not-allowed"),
        ("301234", 403, "number-not-allowed"),
        ("511", 403, "number-not-allowed"),
        ("anonymous", 403, "number-not-allowed"),
        ("", 403, "number-not-allowed"),
        ("5\x00", 422, "invalid-request"),
        ("5" * 41, 422, "invalid-request"),
    ],
)
async def test_a_number_that_may_not_be_called_is_refused_and_nothing_is_asked_of_postgres(
    admin, site, kept, number, status, code
):
    answer = await ask(admin, number)
    assert is_problem(answer)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not [fact for fact in site.plane.history.facts if isinstance(fact, f.CallbackAsked)]


async def test_a_site_that_calls_nobody_back_says_so(admin, site, kept):
    rules = replace(site.plane.state.rules, callbacks=Callbacks())
    site.plane.history.give(i.SiteRead(site="s3", rules=rules, files={}))
    answer = await ask(admin)
    assert (answer.status_code, answer.json()["code"]) == (409, "not-offered")


async def test_a_queue_there_is_none_of_is_404(admin, kept):
    answer = await admin.post("/api/v1/callbacks", json={"number": NUMBER, "queue": "nowhere"})
    assert (answer.status_code, answer.json()["code"]) == (404, "no-such-queue")


@pytest.mark.parametrize("body", [{}, {"number": NUMBER}, {"number": NUMBER, "queue": "support", "by": "me"}])
async def test_a_wish_that_says_too_little_or_too_much_is_a_problem(admin, kept, body):
    answer = await admin.post("/api/v1/callbacks", json=body)
    assert is_problem(answer)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")


async def test_a_number_on_the_do_not_call_list_is_refused_by_the_ledger(admin, kept):
    kept.ledger.barred.add(NUMBER)
    answer = await ask(admin)
    assert (answer.status_code, answer.json()["code"]) == (409, "do-not-call")


async def test_while_postgres_is_away_nothing_is_promised(admin, site, kept):
    kept.away = True
    answer = await ask(admin)
    assert is_problem(answer)
    assert (answer.status_code, answer.json()["code"]) == (503, "database-away")
    assert not site.plane.state.callbacks


async def test_a_ledger_that_says_nothing_is_away_and_nobody_waits_for_it_for_ever(admin, kept, monkeypatch):
    monkeypatch.setattr(routes, "ANSWER_MS", -999)
    kept.silent = True
    assert (await ask(admin)).json()["code"] == "database-away"


async def test_a_promise_is_taken_back_once_and_again_without_harm(admin, site, kept):
    made = (await ask(admin)).json()
    assert (await admin.delete(f"/api/v1/callbacks/{made['id']}")).status_code == 204
    assert not site.plane.state.callbacks
    site.callbacks.put(made["id"], state="cancelled")
    assert (await admin.delete(f"/api/v1/callbacks/{made['id']}")).status_code == 204
    ended = [fact for fact in site.plane.history.facts if isinstance(fact, f.CallbackEnded)]
    assert [(each.outcome, each.by) for each in ended] == [("cancelled", "api")]


async def test_a_customer_whose_phone_rings_cannot_be_taken_back(admin, site, kept, monkeypatch):
    made = (await ask(admin)).json()
    history = site.plane.history
    live = replace(history.state.callbacks[made["id"]], state=CallbackState.DIALLING)
    history.state = replace(history.state, callbacks=history.state.callbacks.set(live.id, live))
    answer = await admin.delete(f"/api/v1/callbacks/{made['id']}")
    assert is_problem(answer)
    assert (answer.status_code, answer.json()["code"]) == (409, "being-called")


@pytest.mark.parametrize("callback", ["cb-none", "%00", "cb-1%0a"])
async def test_a_callback_there_is_none_of_is_404(admin, callback):
    for answer in (
        await admin.get(f"/api/v1/callbacks/{callback}"),
        await admin.delete(f"/api/v1/callbacks/{callback}"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "no-such-callback")


async def test_callbacks_are_listed_with_times_that_can_be_read_and_filters_reach_the_store(admin, site):
    site.callbacks.put("cb-1")
    page = (await admin.get("/api/v1/callbacks?queue=support&state=open&number=5551000&limit=7")).json()
    [row] = page["callbacks"]
    assert (row["id"], row["asked_at"], page["next"]) == ("cb-1", "2023-11-14T22:13:20.000Z", None)
    assert site.callbacks.wanted == CallbacksWanted(queue="support", state="open", number="5551000")
    for wrong in ("limit=0", "limit=501", "limit=x", "queue=%00"):
        answer = await admin.get(f"/api/v1/callbacks?{wrong}")
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request"), wrong


async def test_what_postgres_cannot_be_asked_is_503(admin, site):
    site.callbacks.away = True
    for method, path in (
        ("GET", "/api/v1/callbacks"),
        ("GET", "/api/v1/callbacks/cb-1"),
        ("DELETE", "/api/v1/callbacks/cb-1"),
        ("GET", "/api/v1/do-not-call"),
        ("PUT", "/api/v1/do-not-call/5551000"),
        ("DELETE", "/api/v1/do-not-call/5551000"),
    ):
        answer = await admin.request(method, path, json={"why": "x"} if method == "PUT" else None)
        assert is_problem(answer)
        assert (answer.status_code, answer.json()["code"]) == (503, "postgres-unreachable")


async def test_a_number_is_barred_as_callbacks_have_it_and_let_off_however_it_is_written(admin, site):
    body = {"why": "asked not to be called", "until": "2023-12-01T00:00:00+01:00"}
    assert (await admin.put("/api/v1/do-not-call/00 44-205551", json=body)).status_code == 204
    [row] = (await admin.get("/api/v1/do-not-call")).json()["numbers"]
    assert (row["number"], row["why"], row["by"]) == ("+44205551", "asked not to be called", "api")
    assert row["until"] == "2023-11-30T23:00:00.000Z"
    assert (await admin.delete("/api/v1/do-not-call/+44205551")).status_code == 204
    answer = await admin.delete("/api/v1/do-not-call/+44205551")
    assert (answer.status_code, answer.json()["code"]) == (404, "no-such-number")


async def test_a_number_that_is_barred_for_good_has_no_end(admin, site):
    await admin.put(f"/api/v1/do-not-call/{NUMBER}", json={"why": "asked"})
    [row] = (await admin.get("/api/v1/do-not-call")).json()["numbers"]
    assert row["until"] is None
    assert (await admin.get(f"/api/v1/do-not-call?after={NUMBER}")).json() == {"numbers": []}


@pytest.mark.parametrize("number", ["anonymous", "5" * 21, "５５５", "%00", "+"])
async def test_what_is_no_number_is_not_barred(admin, site, number):
    answer = await admin.put(f"/api/v1/do-not-call/{number}", json={"why": "asked"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    assert not site.callbacks.barred_numbers


@pytest.mark.parametrize(
    "body", [{}, {"why": ""}, {"why": "x\x00"}, {"why": "x", "until": "tomorrow"}, {"why": "x", "until": "2023-12-01"}]
)
async def test_a_bar_without_a_reason_or_with_a_time_of_no_zone_is_a_problem(admin, site, body):
    answer = await admin.put(f"/api/v1/do-not-call/{NUMBER}", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")


async def test_without_a_token_nothing_is_told_and_nothing_done(site, kept):
    async with client_from(create_app(site.ports(), admin_token=TOKEN), "127.0.0.1", token=None) as stranger:
        for method, path in (
            ("GET", "/api/v1/callbacks"),
            ("POST", "/api/v1/callbacks"),
            ("GET", "/api/v1/callbacks/cb-1"),
            ("DELETE", "/api/v1/callbacks/cb-1"),
            ("GET", "/api/v1/do-not-call"),
            ("PUT", "/api/v1/do-not-call/5551000"),
            ("DELETE", "/api/v1/do-not-call/5551000"),
        ):
            assert (await stranger.request(method, path)).status_code == 401, path
    assert not site.plane.state.callbacks


async def test_the_description_has_an_example_of_what_is_sent_that_is_taken(admin, site, kept):
    schema = (await admin.get("/api/openapi.json")).json()
    shapes = schema["components"]["schemas"]
    [wish] = shapes["CallbackAskedFor"]["examples"]
    assert (await admin.post("/api/v1/callbacks", json=wish)).status_code == 201
    [bar] = shapes["Bar"]["examples"]
    assert (await admin.put(f"/api/v1/do-not-call/{NUMBER}", json=bar)).status_code == 204
    made = next(iter(site.plane.state.callbacks))
    assert set((await admin.get(f"/api/v1/callbacks/{made}")).json()) == set(shapes["Callback"]["required"])


@pytest.mark.parametrize(
    ("not_before", "until", "code"),
    [
        (None, "2001-01-01T00:00:00Z", "bad-time"),
        (None, "2099-01-01T00:00:00Z", "bad-time"),
        ("2099-01-01T00:00:00Z", "2099-01-02T00:00:00Z", "bad-time"),
        ("2023-11-16T10:00:00Z", None, "bad-time"),
        ("2023-11-16T10:00:00Z", "2023-11-16T09:00:00Z", "bad-time"),
        ("2023-11-16T10:00:00", None, "invalid-request"),
    ],
)
async def test_a_time_that_is_none_is_refused_and_nothing_is_promised(site, admin, not_before, until, code):
    answer = await ask(admin, not_before=not_before, until=until)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert not site.plane.state.callbacks
