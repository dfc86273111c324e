"""Notices by HTTP, to a real service and from a real Postgres: signed, told until it is taken, whatever it answers."""

from __future__ import annotations

import hmac
import json
from contextlib import asynccontextmanager
from hashlib import sha256

import pytest
import structlog

from ccplane.contacts.notice import NoticeKind
from ccplane.notices import webhook
from ccplane.notices.webhook import Webhooks
from tests.lookups.service import a_service, drips, floods, hangs, one_after_the_other, says
from tests.notices.post_office import a_post_office
from tests.notices.telling import BASE, HOUR, START, Desk, a_site, store, stored
from tests.ports import free_port

pytestmark = pytest.mark.postgres

VOICEMAIL = """
[support]
queue = "support"
webhook = "crm"

[webhooks.crm]
url = "{}/left"
secret_env = "CRM_SECRET"
"""


@asynccontextmanager
async def telling(db, url, secret="s3cret", more=None):
    site = a_site(**{"acd/voicemail.toml": VOICEMAIL.format(url)})
    desk = Desk(db)
    environment = {"CRM_SECRET": secret} if secret else {}
    services = Webhooks(lambda: site, BASE, desk.clock, environment)
    told = Desk(db, ways={NoticeKind.WEBHOOK: services} | (more or {}), site=site)
    try:
        async with told.at_work():
            yield told
    finally:
        await services.close()


async def test_a_service_is_told_of_a_message_and_knows_us_by_the_signature(db):
    await store(db, [fact := stored(to=(), webhook="crm", answer_until=START + 4 * HOUR, caller="13800138000")])
    async with a_service(says("", "204 No Content")) as service, telling(db, service.url) as desk:
        await desk.becomes("sent", tries=1)
    [asked] = service.asked
    assert asked.line == "POST /left HTTP/1.1"
    told = json.loads(asked.body)
    assert told == {
        "event": "message-stored",
        "message": fact.message,
        "contact": fact.contact,
        "box": "support",
        "queue": "support",
        "agent": None,
        "caller": "13800138000",
        "number_dialled": "4001",
        "left_at": told["left_at"],
        "length_s": 42.0,
        "answer_until": told["answer_until"],
        "url": f"{BASE}/api/v1/messages/{fact.message}",
        "audio": f"{BASE}/api/v1/messages/{fact.message}/audio",
    }
    assert told["left_at"].endswith("Z")
    at = asked.headers["ccplane-timestamp"]
    assert int(at) == (START + 1_000) // 1000
    mine = hmac.new(b"s3cret", at.encode() + b"." + asked.body, sha256).hexdigest()
    assert asked.headers["ccplane-signature"] == f"v1={mine}"
    assert asked.headers["idempotency-key"] == f"{fact.message}-crm"


@pytest.mark.parametrize(
    ("behaves", "why"),
    [
        (says("no", "500 Internal Server Error"), "webhook crm answers 500"),
        (says("no", "404 Not Found"), "webhook crm answers 404"),
        (says("", "302 Found", Location="https://example.com/"), "webhook crm answers 302"),
        (hangs, "webhook crm does not answer"),
    ],
    ids=["500", "404", "redirect", "hangs"],
)
async def test_a_service_that_does_not_take_it_is_told_again(db, monkeypatch, behaves, why):
    monkeypatch.setattr(webhook, "WITHIN_S", 0.3)
    await store(db, [stored(to=(), webhook="crm")])
    then = one_after_the_other(behaves, says("", "200 OK"))
    async with a_service(then) as service, telling(db, service.url) as desk:
        assert (await desk.becomes("due", tries=1)).last_error == why
        await desk.later(60_000)
        await desk.becomes("sent", tries=2)
    first, second = service.asked
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]


@pytest.mark.parametrize("behaves", [drips, floods], ids=["drips", "floods"])
async def test_what_a_service_answers_beside_its_status_is_not_read(db, behaves):
    await store(db, [stored(to=(), webhook="crm")])
    async with a_service(behaves) as service, telling(db, service.url) as desk:
        await desk.becomes("sent", tries=1)


async def test_a_service_that_is_not_there_is_told_later(db):
    await store(db, [stored(to=(), webhook="crm")])
    async with telling(db, f"http://127.0.0.1:{free_port()}") as desk:
        assert "cannot be reached" in (await desk.becomes("due", tries=1)).last_error


async def test_a_service_that_is_gone_for_good_is_not_told_again(db):
    await store(db, [stored(to=(), webhook="crm")])
    async with a_service(says("", "410 Gone")) as service, telling(db, service.url) as desk:
        await desk.becomes("failed", tries=1)


async def test_without_its_secret_or_its_table_a_service_is_told_nothing(db):
    await store(db, [stored(to=(), webhook="crm"), stored(2, to=(), webhook="old")])
    async with a_service(says("")) as service, telling(db, service.url, secret="") as desk:
        first = (await desk.becomes("due", tries=1, which=1)).last_error
        second = (await desk.becomes("due", tries=1, which=0)).last_error
    assert first == "CRM_SECRET, the secret of webhook crm, is not set in ccplane's environment"
    assert second == "there is no webhook old in acd/voicemail.toml"
    assert not service.asked


async def test_a_service_that_hangs_holds_up_no_mail(db):
    await store(db, [stored(1, to=(), webhook="crm"), stored(2)])
    async with a_service(hangs) as service, a_post_office() as office:
        mailer = Desk(db, f"smtp://127.0.0.1:{office.port}").ways[NoticeKind.EMAIL]
        async with telling(db, service.url, more={NoticeKind.EMAIL: mailer}) as desk:
            await service.came.wait()
            await office.mail()
            await desk.becomes("sent", which=0)
            assert [row.state for row in await desk.rows()] == ["sent", "due"]


async def test_neither_the_secret_nor_the_caller_stands_in_a_log(db):
    await store(db, [stored(to=(), webhook="crm", caller="13800138000")])
    with structlog.testing.capture_logs() as logs:
        async with a_service(says("", "500 Internal Server Error")) as service, telling(db, service.url) as desk:
            await desk.becomes("due", tries=1)
    assert logs
    assert "s3cret" not in str(logs)
    assert "13800138000" not in str(logs)
