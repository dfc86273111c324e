"""People are imported from the files once; then Postgres has the say (law 11)."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from ccplane.agents.facts import Membership, Profile
from ccplane.agents.wrap_up import WrapUp
from ccplane.ids import AgentId, QueueName
from ccplane.postgres.people import decode_people, edit_person, encode_people, import_agents, people
from ccplane.site import AgentEntry

pytestmark = pytest.mark.postgres


def entry(agent, name="Ana", **skills):
    return AgentEntry(id=AgentId(agent), name=name, skills=skills)


async def test_new_ones_are_made_with_a_seat_a_phone_and_a_secret_of_their_own(db):
    assert await import_agents(db, [entry("1002", support=7), entry("1001", "Ben", sales=3)]) == ["1001", "1002"]
    first, second = await people(db)
    assert (first.id, first.name, first.skills, first.seat, first.phone) == (
        "1001",
        "Ben",
        {"sales": 3},
        "1001",
        "1001",
    )
    assert first.profile == Profile(id=AgentId("1001"), name="Ben", skills={"sales": 3}, endpoint="PJSIP/1001")
    assert len(first.secret) >= 20
    assert first.secret != second.secret
    assert first.secret not in repr(first)


async def test_languages_queues_and_capacity_are_imported_too(db):
    queues = {QueueName("support"): Membership(7, 1), QueueName("sales"): Membership()}
    await import_agents(db, [AgentEntry(AgentId("1001"), "Ana", {}, "agent", ("zh-CN", "en"), queues, {"voice": 0})])
    [ana] = await people(db)
    assert (ana.team, ana.profile.team) == ("", "")
    assert (ana.languages, ana.queues, ana.capacity) == (("zh-CN", "en"), queues, {"voice": 0})
    assert (ana.profile.languages, ana.profile.queues, ana.profile.capacity) == (ana.languages, queues, {"voice": 0})
    assert decode_people(encode_people([ana])) == (ana,)


@pytest.mark.parametrize("rule", [None, WrapUp(), WrapUp(None), WrapUp(30_000, 20_000, 90_000)])
async def test_a_wrap_up_of_ones_own_is_imported_too(db, rule):
    await import_agents(db, [AgentEntry(AgentId("1001"), "Ana", {}, wrap_up=rule)])
    [ana] = await people(db)
    assert ana.profile.wrap_up == rule
    assert decode_people(encode_people([ana])) == (ana,)


async def test_nobody_is_overwritten_by_the_files(db):
    await import_agents(db, [entry("1001", support=7)])
    [before] = await people(db)
    async with db.connection() as connection:
        await connection.execute("UPDATE agent SET name = 'Anna Maria'")
    assert await import_agents(db, [entry("1001", "Somebody else", support=1), entry("1002")]) == ["1002"]
    after = (await people(db))[0]
    assert (after.name, after.skills, after.secret) == ("Anna Maria", {"support": 7}, before.secret)


async def test_two_planes_may_import_at_once(db):
    made = await asyncio.gather(*(import_agents(db, [entry(str(n)) for n in range(50)]) for _ in range(4)))
    assert sorted(each for ids in made for each in ids) == sorted(str(n) for n in range(50))


async def test_nothing_to_import_is_no_fault(db):
    assert await import_agents(db, []) == []
    assert await people(db) == ()


async def test_who_has_left_is_not_read(db):
    await import_agents(db, [entry("1001"), entry("1002")])
    async with db.connection() as connection:
        await connection.execute("UPDATE agent SET active = false WHERE id = '1001'")
    assert [each.id for each in await people(db)] == ["1002"]


async def test_a_snapshot_gives_the_same_people_again(db):
    await import_agents(db, [entry("1001", "张三", support=7), entry("1002")])
    everyone = await people(db)
    assert decode_people(encode_people(everyone)) == everyone


async def test_an_edit_is_whole_or_not_at_all(db):
    await import_agents(db, [entry("1001", support=7), entry("1002")])
    queues = {QueueName("support"): Membership(9, 2)}
    changed = await edit_person(
        db,
        AgentId("1001"),
        lambda ana: replace(
            ana, skills={"sales": 1}, queues=queues, languages=("en",), wrap_up=WrapUp(5_000), team="a"
        ),
    )
    [ana, _] = await people(db)
    assert ana == changed
    assert ana.wrap_up == WrapUp(5_000)
    assert ana.team == ana.profile.team == "a"
    assert (ana.skills, ana.queues, ana.languages, ana.capacity) == ({"sales": 1}, queues, ("en",), {"voice": 1})

    def refuse(person):
        raise ValueError(person.id)

    with pytest.raises(ValueError, match="1001"):
        await edit_person(db, AgentId("1001"), refuse)
    assert (await people(db))[0] == ana
    assert await edit_person(db, AgentId("1099"), refuse) is None


async def test_of_edits_at_once_none_is_lost(db):
    await import_agents(db, [entry("1001")])

    def skilled(number):
        return lambda ana: replace(ana, skills=ana.skills | {f"s{number}": 1})

    await asyncio.gather(*(edit_person(db, AgentId("1001"), skilled(number)) for number in range(20)))
    assert len((await people(db))[0].skills) == 20
