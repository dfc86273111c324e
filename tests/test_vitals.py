"""The phone book: who may know which account, and what is pushed to the switch. What /readyz says of the database."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from types import SimpleNamespace

import pytest

from ccplane.asterisk.stats import AmiStats
from ccplane.log.outbox import OutboxStats
from ccplane.log.shipping import ShippingStats
from ccplane.postgres.people import Person
from ccplane.postgres.seats import Desk
from ccplane.settings import Settings
from ccplane.testing.clock import run
from ccplane.testing.fake_asterisk import FakeAsterisk
from ccplane.vitals import HANGS_S, PhoneBook, Vitals

ANA = Person(id="1001", name="Ana", skills={}, seat="1001", phone="1001", secret="anas")


def a_desk(seat, shared=True):
    return Desk(id=seat, shared=shared, auto_answer=False, secret=f"of-{seat}")


def a_book(*desks):
    return PhoneBook([ANA], desks, Settings(external_address="127.0.0.2", sip_port=5070))


async def test_agents_and_shared_seats_have_accounts():
    book = a_book(a_desk("2001"))
    for seat, secret in (("1001", "anas"), ("2001", "of-2001")):
        account = await book.at(seat)
        assert (account.username, account.secret, account.registrar) == (seat, secret, "sip:127.0.0.2:5070")
    assert await book.phone("1001") == await book.at("1001")
    assert await book.at("2002") is None
    assert await book.phone("2001") is None, "a seat is no agent"


async def test_an_agents_own_seat_keeps_the_agents_secret_whatever_is_said_of_the_seat():
    for shared in (True, False):
        assert (await a_book(a_desk("1001", shared)).at("1001")).secret == "anas"
    assert await a_book(a_desk("3001", shared=False)).at("3001") is None, "nobody can sit there"


def test_all_accounts_are_pushed():
    async def scene():
        async with aclosing(FakeAsterisk().connections()) as connections:
            switch = await anext(connections)
            done = await a_book(a_desk("2001"), a_desk("2002")).push(switch)
            assert sorted(done.created) == ["1001", "1001-web", "2001", "2001-web", "2002", "2002-web"]

    run(scene())


class Parts:
    """What `Vitals` looks at for database and outbox, all well."""

    def __init__(self):
        self.shipping = ShippingStats(connected=True, connected_since=1_000, stored_at=9_000)
        self.outbox = SimpleNamespace(stats=OutboxStats(), trouble="", memory=200_000)
        self.lease, self.pool = SimpleNamespace(away="", last_error="", epoch=3), SimpleNamespace(last_error="")
        self.backlog = SimpleNamespace(
            words=lambda: "", progress=lambda: "catching up: 700 facts to go", standing=SimpleNamespace(unshipped=700)
        )
        clock, shipper = SimpleNamespace(now=lambda: 10_000), SimpleNamespace(stats=self.shipping)
        other = SimpleNamespace(
            trouble=lambda: "", connected_since=None, provisioned_at=None, unguarded_for=lambda: None
        )
        self.link = SimpleNamespace(trouble="", connected_since=None, provisioned_at=None, provisioning_trouble="")
        self.site, self.unserved = SimpleNamespace(trouble=lambda: ""), ()
        self.look_ups = SimpleNamespace(trouble=lambda: "")
        self.ami, self.door = AmiStats(connected=True), SimpleNamespace(trouble="")
        self.vitals = Vitals(
            lease=self.lease,
            link=self.link,
            ari=SimpleNamespace(last_error="nobody listens there"),
            ami=self.ami,
            shipper=shipper,
            pool=self.pool,
            outbox=self.outbox,
            backlog=self.backlog,
            clock=clock,
            keeper=other,
            messages=other,
            faxes=other,
            heartbeat=other,
            door=self.door,
            site=self.site,
            look_ups=self.look_ups,
            notices=other,
            unserved=lambda: self.unserved,
        )

    @property
    def database(self):
        return self.vitals._database()


async def test_a_database_that_all_reaches_has_nothing_to_say():
    assert (Parts().database.ok, Parts().database.detail) == (True, "")


@pytest.mark.parametrize("who", ["shipping", "lease", "pool", "nobody yet"])
async def test_whoever_finds_postgres_away_marks_the_part_and_says_what_waits(who):
    parts = Parts()
    parts.outbox.stats.appended_seq = 40
    match who:
        case "shipping":
            parts.shipping.last_error = "it takes no writes"
        case "lease":
            parts.lease.away = "it takes no writes"
        case "pool":
            parts.pool.last_error = "it takes no writes"
        case _:
            parts.shipping.connected = False
    why = "not connected yet" if who == "nobody yet" else "it takes no writes"
    assert (parts.database.ok, parts.database.detail) == (False, f"{why}; 40 facts wait in the outbox")


async def test_schema_and_people_that_are_not_taken_over_yet_mark_the_part_though_facts_arrive():
    parts = Parts()
    parts.vitals.not_taken_over("it refuses us")
    assert parts.database == (False, "its schema and people are not taken over yet: it refuses us")
    parts.shipping.last_error = "it takes no writes"
    assert parts.database.detail == "it takes no writes; 0 facts wait in the outbox"
    parts.shipping.last_error = ""
    parts.vitals.not_taken_over("")
    assert parts.database == (True, "")


async def test_a_database_that_hangs_is_not_well_though_nothing_failed():
    parts = Parts()
    parts.shipping.waits_since = asyncio.get_running_loop().time() - HANGS_S - 1
    assert (parts.database.ok, parts.database.detail) == (False, "it does not answer; 0 facts wait in the outbox")


async def test_while_it_is_caught_up_with_the_part_is_well_and_says_how_much_there_is_to_go():
    parts = Parts()
    parts.shipping.stored_at, parts.outbox.stats.appended_seq = 1_000, 700
    assert (parts.database.ok, parts.database.detail) == (True, "catching up: 700 facts to go")


async def test_an_outbox_that_gets_full_says_so_before_and_then():
    parts = Parts()
    assert parts.vitals._of_outbox().ok
    parts.backlog.words = lambda: "half of the room is gone"
    assert (parts.vitals._of_outbox().ok, parts.vitals._of_outbox().detail) == (False, "half of the room is gone")
    parts.outbox.trouble, parts.outbox.stats.appended_seq = "the disk is full", 90
    assert parts.vitals._of_outbox().detail == (
        "the disk is full; in memory are 90 of 200000 facts that memory takes; then new calls hear the apology"
    )


def test_a_dialplan_without_our_door_is_told_beside_ami_and_calls_count_as_routed_all_the_same():
    parts = Parts()
    assert (parts.vitals._of_ami().ok, parts.vitals._of_ami().detail) == (True, "")
    parts.door.trouble = "phones can't be joined"
    assert (parts.vitals._of_ami().ok, parts.vitals._of_ami().detail) == (False, "phones can't be joined")
    parts.ami.connected, parts.ami.last_error = False, "refused"
    assert parts.vitals._of_ami().detail == "refused"


def test_the_age_of_a_part_is_for_how_long_it_has_been_as_it_is(monkeypatch):
    parts, now = Parts(), [100.0]
    parts.lease.may_send = lambda: parts.lease.last_error == ""
    monkeypatch.setattr("ccplane.vitals.time.monotonic", lambda: now[0])

    def told(name):
        part = parts.vitals.parts()[name]
        return part.ok, part.age_s, part.detail

    assert told("leader") == (True, 0.0, "epoch 3")
    now[0] += 60
    assert told("leader") == (True, 60.0, "epoch 3")
    parts.lease.last_error = "another leads"
    assert told("leader") == (False, 0.0, "epoch 3; another leads")
    now[0] += 5
    assert told("leader") == (False, 5.0, "epoch 3; another leads")
    assert told("outbox") == (True, 65.0, "")
    assert told("ari") == (False, 65.0, "not connected; is Asterisk up? nobody listens there")


def test_phones_say_what_their_accounts_wait_for():
    parts = Parts()
    assert parts.vitals._phones() == (False, "their accounts are looked over once Asterisk is connected")
    parts.link.connected_since = 1
    assert parts.vitals._phones() == (False, "the accounts are being pushed")
    parts.link.provisioning_trouble = "1001: refused"
    assert parts.vitals._phones() == (False, "1001: refused")
    parts.link.provisioned_at = 2
    assert parts.vitals._phones() == (True, "")


def test_a_switch_that_is_away_says_why_it_cannot_be_reached_now_and_what_was_wrong_before():
    parts = Parts()
    parts.link.trouble = "command socket 2 of 3 does not answer"
    assert parts.vitals._ari().detail == (
        "not connected; is Asterisk up? nobody listens there; before that: command socket 2 of 3 does not answer"
    )
    parts.link.connected_since = 1
    assert parts.vitals._ari() == (True, "command socket 2 of 3 does not answer")


async def test_queues_that_nobody_could_serve_are_worth_a_word_and_degrade_nothing():
    parts = Parts()
    parts.unserved = ("sales",)
    site = parts.vitals._of_site()
    assert site.ok
    assert site.detail.startswith("no agent could ever serve `sales`: nobody meets the last step")
