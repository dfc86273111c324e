"""Look-ups against real HTTP servers: whatever a service does, the program is told, in time, and no call is held up."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import structlog

from ccplane.contacts import facts as c
from ccplane.contacts.look_ups import Found, LookUp, LookUpFailed, NotFound
from ccplane.facts import SwitchFound
from ccplane.lookups.asking import LookUps
from ccplane.testing import rehearse
from ccplane.testing.rehearsal import Rehearsal
from tests.lookups.service import Service, a_service, drips, floods, hangs, one_after_the_other, says

BODY = 'from ccplane import *\n\nasync def main(call):\n    await call.look_up("orders", order={!r})\n'
FILES = {
    "acd/queues.toml": "[support]\nskills = {}\n",
    "acd/agents.toml": "[demo]\nfrom = 1001\ncount = 1\n",
    "acd/site.toml": "",
    "ivr/numbers.toml": 'default = "main"\n[4002]\nprogram = "main"\n',
    "ivr/prompts.toml": "",
}


@asynccontextmanager
async def asking(order: str = "4711", /, rule: str = "", url: str = "", **environment: str) -> AsyncIterator[Any]:
    """A plane whose one program asks, for real; `call()` gives what the look-up gave."""
    url = url or "${ORDERS_URL}/orders/{order}"
    more = f'[orders]\nurl = "{url}"\ntimeout = "300ms"\n{rule}'
    files = FILES | {"ivr/lookups.toml": more, "ari_apps/main.py": BODY.format(order)}
    made: list[LookUps] = []
    async with rehearse(files, lambda plane, sites: made.append(LookUps(plane, sites, environment))) as centre:
        try:
            yield SimpleNamespace(centre=centre, look_ups=made[0], call=lambda: _called(centre))
        finally:
            await made[0].close()


async def _called(centre: Rehearsal) -> Any:
    before = len(centre.facts)
    await centre.switch.call("4002").over(within=20)
    return next(each.result for each in centre.facts[before:] if isinstance(each, c.StepEnded))


async def answer_of(behaves: Any, order: str = "4711", rule: str = "", **environment: str) -> tuple[Any, Service]:
    async with a_service(behaves) as service, asking(order, rule=rule, ORDERS_URL=service.url, **environment) as asked:
        return await asked.call(), service


async def test_what_was_found_is_given():
    result, service = await answer_of(says('{"state": "sent", "price": 12.5}'))
    assert result == Found({"state": "sent", "price": 12.5})
    assert service.asked[0].line == "GET /orders/4711 HTTP/1.1"


async def test_values_are_escaped_so_that_none_leads_elsewhere():
    _, service = await answer_of(says("1"), order="../users?id=1#x y%2F")
    assert service.asked[0].line == "GET /orders/..%2Fusers%3Fid%3D1%23x%20y%252F HTTP/1.1"


@pytest.mark.parametrize("order", ["", ".", ".."])
async def test_a_value_that_would_make_another_path_of_it_is_not_asked(order):
    result, service = await answer_of(says("1"), order=order)
    assert result == LookUpFailed("bad-value")
    assert not service.asked


@pytest.mark.parametrize("status", ["404 Not Found", "410 Gone", "204 No Content"])
async def test_what_is_not_there_is_not_found(status):
    async def behave(_: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {status}\r\n\r\n".encode())

    assert (await answer_of(behave))[0] == NotFound()


DEEP = "[" * 40 + "]" * 40


@pytest.mark.parametrize(
    ("behaves", "result", "requests"),
    [
        (says("no", "500 Internal Server Error"), LookUpFailed("status", 500), 2),
        (says("no", "403 Forbidden"), LookUpFailed("status", 403), 1),
        (says("", "302 Found", Location="/orders/4711"), LookUpFailed("status", 302), 1),
        (hangs, LookUpFailed("timeout"), 2),
        (drips, LookUpFailed("timeout"), 2),
        (floods, LookUpFailed("too-large", 200), 1),
        (says("[" * 10_000_000), LookUpFailed("too-large", 200), 1),
        (says('{"state": '), LookUpFailed("not-json", 200), 2),
        (says("<html>"), LookUpFailed("not-json", 200), 2),
        (says(b'"\xff"'), LookUpFailed("not-json", 200), 2),
        (says("[" * 60_000), LookUpFailed("not-json", 200), 2),
        (says(DEEP), LookUpFailed("not-json", 200), 2),
        (says(gzip.compress(b"1"), Content_Encoding="gzip"), LookUpFailed("not-json", 200), 2),
        (one_after_the_other(says("", "503 Service Unavailable"), says("1")), Found(1), 2),
        (one_after_the_other(hangs, says("1")), Found(1), 2),
    ],
)
async def test_whatever_a_service_does_the_program_is_told(behaves, result, requests):
    given, service = await answer_of(behaves)
    assert given == result
    assert len(service.asked) == requests


async def test_a_service_that_is_not_there_is_unreachable():
    async with asking(ORDERS_URL="http://127.0.0.1:9") as asked:
        assert await asked.call() == LookUpFailed("unreachable")


async def test_a_name_that_nobody_knows_is_unreachable():
    async with asking(url="https://nobody.invalid/{order}") as asked:
        result = await asked.call()
    assert result in (LookUpFailed("unreachable"), LookUpFailed("timeout"))


async def test_a_certificate_that_nobody_vouches_for_is_refused(own_certificate):
    server = await asyncio.start_server(lambda _, __: None, "127.0.0.1", 0, ssl=own_certificate)
    port = server.sockets[0].getsockname()[1]
    async with asking(url=f"https://127.0.0.1:{port}/{{order}}") as asked:
        assert await asked.call() == LookUpFailed("unreachable")
    server.close()


async def test_a_variable_that_is_not_set_is_said_and_nothing_is_asked():
    async with asking() as asked:
        assert await asked.call() == LookUpFailed("not-configured")


async def test_a_post_has_its_body_and_one_key_for_all_tries_and_for_another_call_another():
    rule = 'method = "POST"\nidempotent = true\nbody = { order = "{order}", from = "ivr", deep = ["no {order}"] }\n'
    async with (
        a_service(one_after_the_other(says("", "503 Service Unavailable"), says("1"))) as service,
        asking("4711", rule=rule, ORDERS_URL=service.url) as asked,
    ):
        assert await asked.call() == Found(1)
        assert await asked.call() == Found(1)
    first, again, other = (each.headers["idempotency-key"] for each in service.asked)
    assert first == again != other
    assert json.loads(service.asked[0].body) == {"order": "4711", "from": "ivr", "deep": ["no 4711"]}


async def test_a_post_that_may_do_it_twice_is_not_tried_again():
    _, service = await answer_of(says("", "503 Service Unavailable"), rule='method = "POST"\n')
    assert len(service.asked) == 1


async def test_a_connection_that_the_service_has_closed_fails_no_look_up():
    """What may be asked again is; for what may not no connection is kept."""
    for method in ("GET", "POST"):
        rule = f'method = "{method}"\n'
        async with a_service(says("1")) as service, asking("4711", rule=rule, ORDERS_URL=service.url) as asked:
            assert [await asked.call() for _ in range(20)] == [Found(1)] * 20


async def test_secrets_are_sent_and_never_logged_nor_in_any_fact():
    rule = 'headers = { Authorization = "Bearer ${ORDERS_TOKEN}" }\n'
    with structlog.testing.capture_logs() as logged:
        async with (
            a_service(says("no", "500 Internal Server Error")) as service,
            asking("4711", rule=rule, ORDERS_URL=service.url, ORDERS_TOKEN="s3cret") as asked,
        ):
            await asked.call()
            facts = repr(asked.centre.facts)
    assert service.asked[0].headers["authorization"] == "Bearer s3cret"
    assert "s3cret" not in repr(logged) + facts
    assert "4711" not in repr(logged), "what is asked is a customer's"


async def test_after_so_many_failures_it_is_not_asked_for_a_while_then_once_and_then_again_by_all():
    rule = 'retries = 0\ncircuit = { failures = 2, rest = "1s" }\n'
    async with (
        a_service(says("no", "500 Internal Server Error")) as service,
        asking("4711", rule=rule, ORDERS_URL=service.url) as asked,
    ):
        opened = time.monotonic()
        for _ in range(2):
            assert await asked.call() == LookUpFailed("status", 500)
        assert await asked.call() == LookUpFailed("circuit-open")
        assert len(service.asked) == 2
        assert "orders" in asked.look_ups.trouble()
        service.behaves = says("1")
        while (result := await asked.call()) == LookUpFailed("circuit-open"):
            assert time.monotonic() - opened < 5
        assert time.monotonic() - opened >= 1
        assert result == await asked.call() == Found(1)
        assert asked.look_ups.trouble() == ""
        seen = asked.look_ups.seen["orders"].results
        assert seen["status"] == 2
        assert seen["found"] == 2
        assert seen["circuit-open"] >= 1


async def test_who_hangs_up_ends_their_request():
    async with (
        a_service(hangs) as service,
        asking("4711", rule="retries = 0\n", ORDERS_URL=service.url) as asked,
    ):
        call = asked.centre.switch.call("4002")
        await service.came.wait()
        call.hang_up()
        await asyncio.wait_for(service.left.wait(), 5)
        await call.over(within=5)
        while asked.look_ups.seen["orders"].under_way:
            await asyncio.sleep(0)
        assert [type(each) for each in asked.centre.facts][-1] is c.ContactEnded
        assert asked.look_ups.circuit("orders") == "closed", "that says nothing of the service"


async def test_a_hundred_at_once_are_asked_and_what_is_more_is_refused_at_once():
    async with (
        a_service(hangs) as service,
        asking("4711", rule="retries = 0\ncircuit = { failures = 100 }\n", ORDERS_URL=service.url) as asked,
    ):
        calls = [asked.centre.switch.call("4002") for _ in range(101)]
        for call in calls:
            await call.over(within=20)
        results = [each.result for each in asked.centre.facts if isinstance(each, c.StepEnded)]
        assert results.count(LookUpFailed("busy")) == 1
        assert results.count(LookUpFailed("timeout")) == 100


async def test_a_big_number_and_a_nul_can_be_kept():
    result, _ = await answer_of(says('{"id": 123456789012345678901234567890, "nul": "\\u0000", "true": true}'))
    assert result == Found({"id": 123456789012345678901234567890, "nul": "\0", "true": True})


class Told:
    """Look-ups told of facts by hand: a contact that awaits one, in the state that they lead to."""

    def __init__(self, asked: Any, attempt: int) -> None:
        self.look_ups, self.results = asked.look_ups, []
        self.verb = LookUp("orders", (("order", "4711"),), 600)
        self.site, self.attempt = asked.centre.plane.state.site, attempt
        self.look_ups._plane = SimpleNamespace(post=self.results.append)

    def of(self, fact: Any) -> None:
        contact = SimpleNamespace(id="c-1", step=1, attempt=self.attempt, verb=self.verb, site=self.site)
        self.look_ups.follow(SimpleNamespace(state=SimpleNamespace(contacts={"c-1": contact})), [fact], 1)

    def began(self) -> c.StepStarted:
        return c.StepStarted(at=1, contact="c-1", step=1, attempt=self.attempt, verb=self.verb, deadline=None)

    async def result(self) -> Any:
        while not self.results:
            await asyncio.sleep(0)
        (told,) = self.results
        return told


FOUND = SwitchFound(at=1, node="ast1", version="22", gap_ms=0)


@pytest.mark.parametrize(("method", "requests"), [("GET", 1), ("POST", 0)])
@pytest.mark.parametrize("handed_over", [False, True])
async def test_what_a_plane_before_had_asked_is_asked_again_only_where_that_does_no_harm(method, requests, handed_over):
    """After a crash the step is begun again; what was handed over just goes on, once the switch is ours."""
    rule = f'method = "{method}"\n'
    async with a_service(says("1")) as service, asking("4711", rule=rule, ORDERS_URL=service.url) as asked:
        told = Told(asked, attempt=1 if handed_over else 2)
        told.of(FOUND if handed_over else told.began())
        answer = await told.result()
        assert answer.result == (Found(1) if requests else LookUpFailed("interrupted"))
        assert answer.attempt == told.attempt
        assert len(service.asked) == requests
        counted = "found" if requests else "interrupted"
        assert asked.look_ups.seen["orders"].results == {counted: 1}


async def test_a_connection_to_the_switch_that_comes_back_makes_no_second_request():
    """The step is begun again, as its sounds may be lost; the request goes on, and its answer is to the later try."""
    async with a_service(hangs) as service, asking("4711", rule='method = "POST"\n', ORDERS_URL=service.url) as asked:
        told = Told(asked, attempt=1)
        told.of(told.began())
        await service.came.wait()
        told.attempt = 2
        told.of(FOUND)
        told.of(told.began())
        answer = await told.result()
        assert (answer.result, answer.attempt) == (LookUpFailed("timeout"), 2)
        assert len(service.asked) == 1
