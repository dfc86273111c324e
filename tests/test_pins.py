"""A PIN from the digits that somebody gives to yes or no."""

from __future__ import annotations

import asyncio

import pytest
from argon2 import PasswordHasher

from ccplane.agents.facts import PinLocked, PinWay
from ccplane.core.inputs import PinTried
from ccplane.errors import RequestError, StoreError
from ccplane.facts import encode
from ccplane.ids import AgentId
from ccplane.pins import MOST_WAITING, STRANGERS, STRANGERS_WAITING, Pins
from ccplane.postgres.people import decode_people, import_agents, people
from ccplane.postgres.pool import Database
from ccplane.site import AgentEntry
from tests.http.memory import MemoryPlane

ANA, BEN, NOBODY = AgentId("1001"), AgentId("1002"), AgentId("9999")

pytestmark = pytest.mark.postgres


class Notes:
    def __init__(self):
        self.kept = {}

    def put_note(self, key, data):
        self.kept[key] = data


@pytest.fixture
async def db(database):
    db = Database(database)
    await db.open()
    await import_agents(db, [AgentEntry(id=each, name="", skills={}) for each in (ANA, BEN)])
    yield db
    await db.close()


@pytest.fixture
async def plane():
    return MemoryPlane()


@pytest.fixture
def quick_hash(monkeypatch):
    """The least that argon2 can do, for all that is not about how long it takes."""
    monkeypatch.setattr("ccplane.pins.PasswordHasher", lambda **_: PasswordHasher(1, 8, 1))


@pytest.fixture
async def pins(quick_hash, db, plane):
    async for made in made_pins(db, plane):
        yield made


@pytest.fixture
async def slow_pins(db, plane):
    """With the hash that is used."""
    async for made in made_pins(db, plane):
        yield made


async def made_pins(db, plane):
    notes = Notes()
    made = Pins(await people(db), plane, db, notes, lambda: plane.history.now)
    made.notes = notes
    yield made
    made.close()


async def said(pins, agent, pin, **how):
    """The code of the refusal, or nothing."""
    try:
        await pins.check(agent, pin, **how)
    except RequestError as error:
        return error.code
    return None


async def test_given_a_pin_then_it_is_theirs_and_no_other_is(pins):
    assert await pins.put(ANA, "135790", by="api") == "135790"
    assert await said(pins, ANA, "135790") is None
    assert await said(pins, ANA, "135791") == "wrong-pin"
    assert await said(pins, BEN, "135790") == "wrong-pin", "another's, who has none yet"
    assert await said(pins, NOBODY, "135790") == "wrong-pin"
    for nonsense in ("", "1" * 10_000, "\ud800", "135790\0", "135790 "):
        assert await said(pins, BEN, nonsense) in ("wrong-pin", "pin-locked")


async def test_given_no_pin_to_give_then_one_is_made_by_chance(pins):
    made = {await pins.put(ANA, None, by="api") for _ in range(3)}
    assert all(len(pin) == 6 and pin.isdigit() for pin in made)
    assert len(made) > 1


async def test_given_a_new_pin_then_the_old_one_is_no_good(pins):
    await pins.put(ANA, "111111", by="api")
    await pins.put(ANA, "222222", by="api")
    assert (await said(pins, ANA, "111111"), await said(pins, ANA, "222222")) == ("wrong-pin", None)


@pytest.mark.parametrize("pin", ["", "12345", "1234567", "abcdef", "１２３４５６", "123456\n"])
async def test_given_what_is_no_pin_then_it_is_refused(pins, pin):
    with pytest.raises(RequestError, match="six digits"):
        await pins.put(ANA, pin, by="api")


async def test_given_five_wrong_ones_then_the_right_one_is_refused_too_until_an_administrator_unlocks(pins, plane):
    await pins.put(ANA, "135790", by="api")
    codes = [await said(pins, ANA, "000000", way=PinWay.PHONE, whence="2001") for _ in range(5)]
    assert codes == ["wrong-pin"] * 4 + ["pin-locked"]
    assert await said(pins, ANA, "135790") == "pin-locked"
    [lock] = [fact for fact in plane.history.facts if isinstance(fact, PinLocked)]
    assert (lock.agent, lock.way, lock.whence) == (ANA, "phone", "2001")
    await pins.unlock(ANA, by="api")
    assert await said(pins, ANA, "135790") is None


async def test_given_a_burst_of_guesses_then_no_more_than_five_are_compared(pins, plane):
    await pins.put(ANA, "135790", by="api")
    await asyncio.gather(*(said(pins, ANA, f"{n:06}") for n in range(20)))
    tried = [fact for fact in plane.history.facts if type(fact).__name__ == "PinRefused"]
    assert len(tried) == 5


async def test_given_nobodys_id_then_it_is_locked_as_an_agents_would_be(pins):
    assert [await said(pins, NOBODY, "000000") for _ in range(6)] == ["wrong-pin"] * 4 + ["pin-locked"] * 2


async def test_given_nobodys_id_then_the_answer_takes_as_long_as_an_agents(slow_pins, monkeypatch):
    """The same work is done: a hash is compared each time."""
    await slow_pins.put(ANA, "135790", by="api")
    compared, same = [], slow_pins._same
    monkeypatch.setattr(slow_pins, "_same", lambda known, pin: compared.append(known[:30]) or same(known, pin))
    for agent in (ANA, BEN, NOBODY):
        await said(slow_pins, agent, "000000")
    assert len(compared) == 3
    assert len(set(compared)) == 1, "with the same parameters"


async def test_given_ids_without_end_then_memory_is_not(pins, monkeypatch):
    monkeypatch.setattr(pins, "_same", lambda known, pin: False)
    for n in range(STRANGERS + 10):
        await said(pins, AgentId(f"x{n}"), "000000")
    assert len(pins._strangers) == STRANGERS


async def test_given_too_many_at_once_then_the_rest_are_turned_away(pins):
    await pins.put(ANA, "135790", by="api")
    codes = await asyncio.gather(*(said(pins, ANA, "000000") for _ in range(MOST_WAITING + 5)))
    assert codes.count("too-many-tries") == 5


async def test_given_a_flood_of_made_up_ids_then_agents_sign_in_as_ever(pins):
    await pins.put(ANA, "135790", by="api")
    flood = [asyncio.create_task(said(pins, AgentId(f"x{n}"), "000000")) for n in range(2 * MOST_WAITING)]
    await asyncio.sleep(0)
    assert await said(pins, ANA, "135790") is None
    codes = await asyncio.gather(*flood)
    assert codes.count("wrong-pin") == STRANGERS_WAITING


async def test_given_nobody_who_waits_for_an_agent_then_nothing_is_kept_for_them(pins):
    waits = asyncio.create_task(said(pins, ANA, "000000"))
    strangers = [asyncio.create_task(said(pins, AgentId(f"x{n}"), "000000")) for n in range(3)]
    await asyncio.sleep(0)
    assert (len(pins._turns), len(pins._strangers_turns)) == (1, 3)
    await asyncio.gather(*strangers)
    assert len(pins._strangers_turns) == 0, "whoever else is being checked"
    await waits
    assert len(pins._turns) == 0


async def test_given_a_check_then_the_loop_goes_on_meanwhile(slow_pins):
    await slow_pins.put(ANA, "135790", by="api")
    checking = asyncio.create_task(said(slow_pins, ANA, "135790"))
    turns = 0
    while not checking.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 10


async def test_given_a_start_without_postgres_then_the_snapshot_knows_the_pin(pins, plane, db):
    await pins.put(ANA, "135790", by="api")
    kept = decode_people(pins.notes.kept["people"])
    assert kept == await people(db)
    other = Pins(kept, plane, db, Notes(), lambda: plane.history.now)
    assert await said(other, ANA, "135790") is None
    other.close()


async def test_given_postgres_away_then_a_pin_is_checked_but_not_changed(pins, db):
    await pins.put(ANA, "135790", by="api")
    await db.close()
    with pytest.raises(StoreError):
        await pins.put(ANA, "222222", by="api")
    assert (await said(pins, ANA, "135790"), await said(pins, ANA, "222222")) == (None, "wrong-pin")


async def test_given_any_use_then_no_fact_holds_a_digit_of_it(pins, plane):
    await pins.put(ANA, "908172", by="api")
    for pin in ("908172", "817290"):
        await said(pins, ANA, pin, whence="2001")
    written = b" ".join(encode(fact) for fact in plane.history.facts if "Pin" in type(fact).__name__)
    assert written
    assert b"908172" not in written
    assert b"817290" not in written
    assert "argon2" not in written.decode()
    assert set(PinTried.__struct_fields__) == {"agent", "right", "way", "whence"}
