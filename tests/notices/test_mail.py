"""Notices by e-mail, through a real SMTP server and a real Postgres: told once, whatever the server does."""

from __future__ import annotations

import asyncio
import random
import signal
import ssl
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from ccplane.contacts.facts import MessageMark
from ccplane.notices import mail as mails
from ccplane.notices.attached import lines_of, size_of
from ccplane.notices.telling import LEASE_MS
from ccplane.postgres.rebuild import rebuild
from ccplane.settings import HOME as PROJECT
from tests.notices.notice import a_notice
from tests.notices.post_office import a_post_office, hangs, says
from tests.notices.telling import BASE, HOUR, START, Desk, a_site, store, stored
from tests.ports import free_port
from tests.postgres.test_messages import marked

pytestmark = pytest.mark.postgres


def url_of(office):
    return f"smtp://127.0.0.1:{office.port}"


async def test_whoever_looks_after_a_box_is_told_of_a_message_by_mail(db):
    fact = stored(to=("team@example.com",), caller="13800138000", answer_until=START + 4 * HOUR)
    await store(db, [fact])
    async with a_post_office() as office, Desk(db, url_of(office)).at_work() as desk:
        mail = await office.mail()
        row = await desk.becomes("sent")
    assert office.envelopes == [("ccplane@cc.example.com", ["team@example.com"])]
    assert mail["Subject"] == "New message in support from 13800138000, 42 s"
    assert (mail["To"], mail["From"]) == ("team@example.com", "ccplane <ccplane@cc.example.com>")
    text = mail.get_content()
    assert "From: 13800138000" in text
    assert "Queue: support" in text
    assert f"{BASE}/api/v1/messages/{fact.message}/audio" in text
    assert "Answer promised by: " in text
    assert "(Asia/Shanghai)" in text
    assert (row.tries, row.last_error, row.sent_at) == (1, None, START + 1_000)


async def test_the_mail_is_in_the_language_of_the_site(db):
    await store(db, [stored(caller="13800138000", ms=95_000)])
    files = {"ivr/numbers.toml": 'default = "main"\nlanguage = "zh-CN"\n'}
    async with a_post_office() as office, Desk(db, url_of(office), site=a_site(**files)).at_work():
        mail = await office.mail()
    assert mail["Subject"] == "support 有新留言，来自 13800138000，1 分 35 秒"
    assert "承诺回复时间：未承诺" in mail.get_content()


async def test_each_address_gets_its_own_mail_and_each_once_however_often_the_message_is_stored(db):
    fact = stored(to=("a@example.com", "b@example.com"))
    await store(db, [fact, fact, stored(2, to=())])
    async with a_post_office() as office, Desk(db, url_of(office)).at_work() as desk:
        await office.mail(2)
        await desk.becomes("sent", which=0)
        await desk.becomes("sent", which=1)
        assert await rebuild(db) == 3
        await desk.later(HOUR)
        assert {row.state for row in await desk.rows()} == {"sent"}
        assert len(await desk.rows()) == 2
    assert sorted(to for _, [to] in office.envelopes) == ["a@example.com", "b@example.com"]


async def test_while_the_server_is_down_mails_wait_and_are_sent_once_it_is_back(db):
    port = free_port()
    await store(db, [stored()])
    async with Desk(db, f"smtp://127.0.0.1:{port}").at_work() as desk:
        row = await desk.becomes("due", tries=1)
        assert row.next_at == desk.clock.at + 60_000
        assert "mail server 127.0.0.1 cannot be used" in row.last_error
        await desk.later(60_000)
        row = await desk.becomes("due", tries=2)
        assert row.next_at == desk.clock.at + 120_000
        async with a_post_office(port) as office:
            await desk.later(120_000)
            await office.mail()
            assert (await desk.becomes("sent")).tries == 3


async def test_a_site_without_a_mail_server_says_so_and_keeps_its_notices(db):
    await store(db, [stored()])
    async with Desk(db).at_work() as desk:
        assert "CCPLANE_SMTP_URL is not set" in (await desk.becomes("due", tries=1)).last_error
        assert desk.notifier.trouble() == ""
        await desk.later(11 * 60_000)
        await desk.becomes("due", tries=2)
        assert desk.notifier.trouble().startswith("1 wait, the oldest for 11 min: CCPLANE_SMTP_URL is not set")


async def test_a_server_that_does_not_answer_is_tried_again(db, monkeypatch):
    monkeypatch.setattr(mails, "WITHIN_S", 0.3)
    await store(db, [stored()])
    async with a_post_office() as office, Desk(db, url_of(office)).at_work() as desk:
        office.whole = hangs
        assert "takes too long" in (await desk.becomes("due", tries=1)).last_error
        office.whole = says("250 OK")
        await desk.later(60_000)
        await desk.becomes("sent", tries=2)


@pytest.mark.parametrize("at", ["sender", "to", "whole"])
async def test_a_server_that_says_later_is_tried_again(db, at):
    """A 4xx, at whatever command: greylisting, a full disk."""
    await store(db, [stored()])
    async with a_post_office() as office, Desk(db, url_of(office)).at_work() as desk:
        setattr(office, at, says("451 come back later", "250 OK"))
        assert "451 come back later" in (await desk.becomes("due", tries=1)).last_error
        await desk.later(60_000)
        await desk.becomes("sent", tries=2)
    assert len(office.mails) == 1


@pytest.mark.parametrize("at", ["to", "whole"])
async def test_an_address_that_is_refused_for_good_is_not_tried_again(db, at):
    await store(db, [stored()])
    async with a_post_office() as office, Desk(db, url_of(office)).at_work() as desk:
        setattr(office, at, says("550 no such user"))
        assert "550 no such user" in (await desk.becomes("failed")).last_error
        assert "1 were refused or given up within a day" in desk.notifier.trouble()
        await desk.later(HOUR)
        assert [row.tries for row in await desk.rows()] == [1]
    assert office.tried == 1


async def test_a_server_that_takes_nothing_from_us_is_tried_again_since_an_operator_can_mend_that(db):
    await store(db, [stored()])
    async with a_post_office() as office, Desk(db, url_of(office)).at_work() as desk:
        office.sender = says("550 who are you", "250 OK")
        assert "takes nothing from ccplane@cc.example.com" in (await desk.becomes("due", tries=1)).last_error
        await desk.later(60_000)
        await desk.becomes("sent", tries=2)


async def test_after_three_days_a_notice_is_given_up(db):
    await store(db, [stored()])
    async with Desk(db).at_work() as desk:
        await desk.becomes("due", tries=1)
        await desk.later(72 * HOUR)
        with structlog.testing.capture_logs() as logs:
            row = await desk.becomes("given-up")
        assert row.tries == 2
        assert [each["log_level"] for each in logs if each["event"] == "a notice was not sent"] in ([], ["error"])
        assert "given up within a day" in desk.notifier.trouble()
        assert await desk.ledger.retry(row.id, desk.clock.at)
        desk.notifier.look()
        assert (await desk.becomes("due", tries=1)).since == desk.clock.at


async def test_of_a_message_that_was_deleted_meanwhile_nobody_is_told(db):
    await store(db, [stored(1), marked(1, MessageMark.DELETED)])
    async with a_post_office() as office, Desk(db, url_of(office)).at_work() as desk:
        assert (await desk.becomes("given-up")).last_error == "the message was deleted"
    assert not office.mails


async def test_a_plane_that_is_killed_between_handing_in_and_marking_hands_in_the_same_mail_again(db):
    """It is due again once its lease is over, and by its Message-ID whoever gets it twice knows it again."""
    await store(db, [stored()])
    async with a_post_office() as office:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.notices.child", db.dsn, url_of(office), cwd=PROJECT
        )
        office.before_answer = child.kill
        first = await office.mail()
        assert await child.wait() == -signal.SIGKILL
        office.before_answer = lambda: None
        async with Desk(db, url_of(office)).at_work() as desk:
            assert [row.state for row in await desk.rows()] == ["due"]
            assert len(office.mails) == 1, "the dead one's claim holds still"
            await desk.later(LEASE_MS)
            second = await office.mail(2)
            await desk.becomes("sent", tries=2)
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Message-ID"].endswith("@cc.example.com>")


async def test_two_planes_never_send_the_same(db):
    await store(db, [stored(number) for number in range(1, 41)])
    async with (
        a_post_office() as office,
        Desk(db, url_of(office)).at_work() as one,
        Desk(db, url_of(office)).at_work(),
    ):
        await office.mail(40)
        async with asyncio.timeout(20):
            while any(row.state != "sent" for row in await one.rows()):
                await asyncio.sleep(0.01)
    assert len({mail["Message-ID"] for mail in office.mails}) == len(office.mails) == 40


async def test_postgres_tells_of_a_new_message_at_once(db):
    """The worker does not look every so often for what it can know."""
    async with a_post_office() as office, Desk(db, url_of(office)).at_work() as desk:
        await asyncio.sleep(0)
        await store(db, [fact := stored()])
        for follow in desk.followers:
            follow(None, [fact], 1)
        assert not office.mails
        desk.shipped_upto.set()
        await office.mail()


async def test_a_callers_number_that_is_none_breaks_no_mail(db):
    await store(db, [stored(caller="\r\nBcc: x@example.com\x1b[31m\u202e139")])
    async with a_post_office() as office, Desk(db, url_of(office)).at_work():
        mail = await office.mail()
    assert mail["Bcc"] is None
    assert mail["Subject"] == "New message in support from Bcc: x@example.com[31m139, 42 s"


@pytest.fixture
def certificate(tmp_path, monkeypatch):
    """Of a server that this machine trusts."""
    key, made = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", made),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made, key)
    return context, made


@pytest.mark.parametrize(("password", "taken"), [("geheim%231", True), ("wrong", False)])
async def test_the_password_is_sent_under_tls_alone_and_stands_in_no_log(db, certificate, monkeypatch, password, taken):
    context, made = certificate
    monkeypatch.setenv("SSL_CERT_FILE", str(made))
    await store(db, [stored()])
    with structlog.testing.capture_logs() as logs:
        async with a_post_office(tls=context, login=True) as office:
            url = f"starttls://ccplane:{password}@127.0.0.1:{office.port}"
            async with Desk(db, url).at_work() as desk:
                row = await desk.becomes("sent" if taken else "due", tries=1)
    assert {user for user, _ in office.users} == {"ccplane"}
    assert taken or "refuses the user or the password of CCPLANE_SMTP_URL" in row.last_error
    assert "geheim" not in f"{logs}{row}"
    assert "wrong" not in f"{logs}{row}"


async def test_a_server_that_nobody_vouches_for_gets_nothing(db, certificate):
    await store(db, [stored()])
    async with a_post_office(tls=certificate[0], login=True) as office:
        desk = Desk(db, f"starttls://ccplane:geheim%231@127.0.0.1:{office.port}")
        async with desk.at_work():
            row = await desk.becomes("due", tries=1)
    assert "certificate" in row.last_error.lower()
    assert not office.users


ATTACHED = {"acd/voicemail.toml": '[support]\nqueue = "support"\nemail = ["a@example.com"]\nattach = true\n'}
"""Of a box whose mails have the sound in them."""


@pytest.mark.parametrize("size", [0, 1, 57, 28_500, 28_501, 1_000_000])
async def test_the_sound_is_in_the_mail_where_the_box_says_so(db, size):
    await store(db, [stored()])
    sound = random.Random(size).randbytes(size)
    async with a_post_office() as office:
        desk = Desk(db, url_of(office), site=a_site(**ATTACHED), sound={"2026/01/01/1.wav": sound}.get)
        async with desk.at_work():
            mail = await office.mail()
            await desk.becomes("sent", tries=1)
    text, attached = mail.iter_parts()
    assert "From: 1381" in text.get_content()
    assert attached.get_content_type() == "audio/wav"
    assert attached.get_filename() == f"{datetime.fromtimestamp(START / 1000, UTC):%Y%m%dT%H%M%SZ}.wav"
    assert attached.get_content() == sound


@pytest.mark.parametrize("at", ["sender", "whole"])
async def test_a_server_that_takes_none_so_large_gets_the_mail_without_the_sound(db, at):
    await store(db, [stored()])
    async with a_post_office() as office:
        setattr(office, at, says("552 too much", "250 OK"))
        desk = Desk(db, url_of(office), site=a_site(**ATTACHED), sound=lambda _: b"RIFF" * 1_000)
        async with desk.at_work():
            mail = await office.mail()
            await desk.becomes("sent", tries=1)
    assert not mail.is_multipart()


async def test_a_server_that_cannot_take_the_sound_in_time_gets_the_mail_without_it_in_the_end(db, monkeypatch):
    """Eight minutes over a slow line take longer than a try may."""
    monkeypatch.setattr(mails, "WITHIN_S", 0.3)
    await store(db, [stored()])
    async with a_post_office() as office:
        office.whole = hangs
        desk = Desk(db, url_of(office), site=a_site(**ATTACHED), sound=lambda _: b"RIFF" * 1_000)
        async with desk.at_work():
            await desk.becomes("due", tries=1)
            await desk.later(HOUR)
            await desk.becomes("due", tries=2)
            office.whole = says("250 OK")
            await desk.later(HOUR)
            mail = await office.mail()
            await desk.becomes("sent", tries=3)
    assert not mail.is_multipart()


@pytest.mark.parametrize("at", ["to", "whole"])
async def test_with_the_sound_in_it_a_mail_that_is_refused_is_refused(db, at):
    await store(db, [stored()])
    async with a_post_office() as office:
        setattr(office, at, says("550 no such user"))
        desk = Desk(db, url_of(office), site=a_site(**ATTACHED), sound=lambda _: b"RIFF" * 1_000)
        async with desk.at_work():
            assert "550 no such user" in (await desk.becomes("failed", tries=1)).last_error


async def test_a_sound_that_is_not_there_any_more_is_not_in_the_mail(db):
    await store(db, [stored()])
    async with a_post_office() as office, Desk(db, url_of(office), site=a_site(**ATTACHED)).at_work():
        assert not (await office.mail()).is_multipart()


def test_making_a_long_message_never_holds_the_loop_for_longer_than_it_may():
    """Law 13: 5 ms of our own time for any step."""

    def longest():
        bits, most = lines_of(content, b"\x55" * 8_000_000), 0.0
        while True:
            began = time.thread_time()
            if next(bits, None) is None:
                return most
            most = max(most, time.thread_time() - began)

    content = mails.mail(a_notice(), a_site(**ATTACHED), "a@example.com", BASE, attached=True).as_bytes()
    assert longest() < 0.005


@given(sound=st.binary(max_size=200), text=st.text(max_size=100))
def test_the_size_that_is_said_is_that_of_the_mail(sound, text):
    """But for dots that are doubled on the way."""
    made = mails.mail(a_notice(caller=text), a_site(**ATTACHED), "a@example.com", BASE, attached=True).as_bytes()
    handed_in = b"".join(lines_of(made, sound))
    place = len(b"".join(lines_of(made, b"")))
    assert len(handed_in) - place == size_of(made, sound) - len(made)


async def test_an_address_that_none_can_be_is_refused_at_once_and_said_so(db):
    """The site's check lets few through; whatever comes, it is not tried for three days."""
    await store(db, [stored(to=("a b@example.com\x00",))])
    async with a_post_office() as office, Desk(db, url_of(office)).at_work() as desk:
        row = await desk.becomes("failed", tries=1)
    assert row.last_error
    assert not office.mails
