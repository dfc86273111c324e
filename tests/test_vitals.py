"""The phone book: who may know which account, and what is pushed to the switch."""

from __future__ import annotations

from contextlib import aclosing

from ccplane.postgres.people import Person
from ccplane.postgres.seats import Desk
from ccplane.settings import Settings
from ccplane.testing.clock import run
from ccplane.testing.fake_asterisk import FakeAsterisk
from ccplane.vitals import PhoneBook

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
