"""What the rows say is what the facts say, however the facts came in batches."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from ccplane.agents.agent import WORK
from ccplane.agents.facts import Intent
from ccplane.contacts.contact import PHASE
from ccplane.contacts.facts import ContactEnded, EndedBy, FallbackServed, TalkEnded
from ccplane.contacts.offer import OFFER
from ccplane.contacts.own_call import CALL
from ccplane.contacts.talk import TALK
from ccplane.contacts.verbs import SetLanguage
from ccplane.core import inputs as i
from ccplane.core.evolve import evolve
from ccplane.core.state import State
from ccplane.facts import encode
from ccplane.ids import AgentId
from ccplane.laws import Fact
from ccplane.postgres.queries import query
from ccplane.postgres.rebuild import rebuild
from ccplane.postgres.store import PROJECTIONS, PostgresFacts, spoken_of
from tests.postgres.histories import NODE, OTHER, START, Centre, a_history

pytestmark = pytest.mark.postgres

SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 12))]
TABLES = {
    "contact": "SELECT * FROM contact ORDER BY id",
    "segment": "SELECT * FROM segment ORDER BY contact, segment",
    "offer": "SELECT * FROM offer ORDER BY id",
    "agent_interval": "SELECT * FROM agent_interval ORDER BY agent, epoch, seq",
    "recording": "SELECT * FROM recording ORDER BY id",
    "agent_axes": "SELECT * FROM agent_axes ORDER BY agent",
    "node_away": "SELECT * FROM node_away ORDER BY node",
    "message": "SELECT * FROM message ORDER BY id",
}


async def store(db, facts: list[Fact], cuts=(), epoch=1, outbox="box"):
    """Ship facts in batches that end at `cuts`."""
    target = PostgresFacts(db)
    numbered = [(seq, encode(fact)) for seq, fact in enumerate(facts, 1)]
    for first, last in pairwise([0, *sorted(cuts), len(facts)]):
        if first < last:
            await target.ship(outbox, epoch, first, numbered[first:last])
    await target.close()


async def rows(db, table):
    async with db.connection() as connection:
        return [dict(row) for row in await connection.fetch(TABLES[table])]


async def all_rows(db):
    return {table: await rows(db, table) for table in TABLES}


async def empty(db):
    async with db.connection() as connection:
        await connection.execute(f"TRUNCATE fact, watermark, {', '.join(TABLES)}")


def ms(instant):
    return None if instant is None else round(instant.timestamp() * 1000)


def intervals(facts):
    """Every change of an agent's shown word, as `evolve` knows it: (agent, seq) -> (word, reason, from, until)."""
    state, seen, found = State(), {}, {}
    for seq, fact in enumerate(facts, 1):
        state = evolve(state, fact)
        words = {
            agent.id: (agent.shown.value, agent.reason if agent.shown in ("paused", "offline") else "")
            for agent in state.agents.values()
        }
        for agent in seen.keys() | words.keys():
            key, now = seen.get(agent, (0, None)), words.get(agent)
            if now == key[1]:
                continue
            if key[1]:
                found[agent, key[0]] = (*key[1], found[agent, key[0]][2], fact.at)
            if now:
                found[agent, seq] = (*now, fact.at, None)
            seen[agent] = (seq, now)
    return found


def as_rows_say(found):
    """The same of the rows of `agent_interval`."""
    return {
        (row["agent"], row["seq"]): (row["state"], row["reason"], ms(row["started_at"]), ms(row["ended_at"]))
        for row in found
    }


def test_everything_that_moves_an_agent_or_a_contact_happens_in_these_histories():
    """So that what is held against `evolve` below is all there is."""
    facts = [fact for seed in range(12) for fact in a_history(seed, wrap_up_ms=seed % 2 * 6_000).facts]
    tables = (PHASE, OFFER, TALK, CALL, WORK)
    moving = {fact.__name__ for table in tables for row in table.values() for fact in row}
    others = {"LanguageSet", "SeatTaken", "SeatLeft", "DiallingRefused", "DeviceChanged", "SwitchAway", "SwitchFound"}
    assert moving | others <= {type(fact).__name__ for fact in facts}
    lost = {fact.contact for fact in facts if isinstance(fact, TalkEnded) and fact.by is EndedBy.PHONE_LOST}
    assert lost, "whose caller waits again, or is gone by then"
    when = ("started_at", "rang_at", "ended_at")
    late = {type(fact).__name__ for fact in facts if any(getattr(fact, each, None) for each in when)}
    of_queues = {"OfferRinging", "TalkStarted", "TalkEnded", "ContactUnqueued", "ContactEnded", "RecordingEnded"}
    assert of_queues | {"CallConnected", "CallEnded"} <= late, "told after a pause"


@pytest.mark.parametrize("seed", SEEDS)
async def test_agent_intervals_are_the_shown_states_that_evolve_gives(db, seed):
    """Each interval begins and ends where the wallboard's word changed, and says that word."""
    facts = a_history(seed, wrap_up_ms=seed % 2 * 6_000).facts
    await store(db, facts, random.Random(seed).sample(range(1, len(facts)), 40))
    assert as_rows_say(await rows(db, "agent_interval")) == intervals(facts)
    assert {"LegDropped", "LegCleared"} <= {type(fact).__name__ for fact in facts}, "which change no agent's interval"


@pytest.mark.parametrize("seed", SEEDS)
async def test_rows_of_live_contacts_are_what_evolve_has(db, seed):
    """Phase, program, open stay, open offer and talk of everyone still here are in the rows."""
    centre = a_history(seed, wrap_up_ms=seed % 2 * 6_000)
    await store(db, centre.facts, random.Random(seed).sample(range(1, len(centre.facts)), 40))
    contacts = {row["id"]: row for row in await rows(db, "contact")}
    assert {key for key, row in contacts.items() if row["state"] != "ended"} == set(centre.state.contacts)
    segments = {(row["contact"], row["segment"]): row for row in await rows(db, "segment")}
    offers = {row["id"]: row for row in await rows(db, "offer")}
    for contact in centre.state.contacts.values():
        row = contacts[contact.id]
        assert (row["state"], row["program"], row["caller"]) == (contact.phase, contact.program, contact.caller)
        assert (row["language"], row["direction"]) == (contact.language, contact.direction)
        assert ms(row["arrived_at"]) == contact.arrived_at
        if contact.waiting:
            stay = segments[contact.id, contact.waiting.segment]
            assert (stay["queue"], ms(stay["started_at"])) == (contact.waiting.queue, contact.waiting.here_since)
            assert stay["provisional"]
        if contact.talk:
            talk = segments[contact.id, contact.talk.segment]
            assert (talk["agent"], ms(talk["started_at"]), talk["ended_at"]) == (
                contact.talk.agent, contact.talk.started_at, None,
            )  # fmt: skip
        if contact.call and contact.phase == "in-call":
            call = segments[contact.id, contact.segments]
            assert (call["kind"], call["agent"], ms(call["started_at"]), call["ended_at"]) == (
                "call", contact.agent, contact.call.since, None,
            )  # fmt: skip
        for each in contact.offers:
            assert offers[each.id]["state"] == each.state
    open_offers = {row["id"] for row in offers.values() if row["state"] in ("made", "ringing", "answered")}
    assert open_offers == {each.id for contact in centre.state.contacts.values() for each in contact.offers}


def one_agent(wrap_up_ms=6_000):
    """A centre with one agent, who is ready."""
    centre = Centre(agents=1, wrap_up_ms=wrap_up_ms)
    centre.intent(centre.names[0], Intent.READY)
    return centre


async def in_batches_of_one_and_in_one(db, facts, table):
    """The rows of a table, however the facts come."""
    await store(db, facts)
    whole = await rows(db, table)
    await empty(db)
    await store(db, facts, range(1, len(facts)))
    assert await rows(db, table) == whole
    return whole


async def test_wrap_up_is_that_of_the_talk_whatever_the_agent_dials_meanwhile(db):
    """A call of their own, made while they wrap up, has none."""
    centre = one_agent()
    contact = centre.arrive()
    centre.take(i.EnteredRoom(contact, centre.state.contacts[contact].channel))
    offer = centre.state.contacts[contact].offer
    centre.take(i.LegUp(offer.id, offer.leg))
    centre.take(i.EnteredRoom(contact, offer.leg))
    centre.take(i.LegEnded(offer.id, offer.leg, 16), after=9_000)
    own = centre.dials_outside(centre.names[0])
    call = centre.state.contacts[own].call
    centre.take(i.LegUp(call.id, call.leg), after=500)
    centre.take(i.EnteredRoom(own, centre.state.contacts[own].channel))
    centre.take(i.EnteredRoom(own, call.leg))
    centre.take(i.LegEnded(call.id, call.leg, 16), after=1_000)
    centre.take(i.WrapUpEnded(centre.names[0]), after=2_000)
    found = await in_batches_of_one_and_in_one(db, centre.facts, "segment")
    assert {row["kind"]: row["wrap_up_ms"] for row in found} == {"queue": None, "agent": 3_500, "call": None}


@pytest.mark.parametrize(("allowed", "took"), [(0, 0), (6_000, 2_000)])
async def test_wrap_up_begins_when_it_is_told_that_the_talk_is_over(db, allowed, took):
    """Not when it ended, in a pause of ours: what the agent did meanwhile nobody asked of them."""
    centre = one_agent(wrap_up_ms=allowed)
    offer = in_the_talk(centre)
    ended_at = centre.now + 10_000
    centre.take(i.Late(i.LegEnded(offer.id, offer.leg, 16), ended_at), after=60_000)
    if allowed:
        centre.take(i.WrapUpEnded(centre.names[0]), after=took)
    found = await in_batches_of_one_and_in_one(db, centre.facts, "segment")
    talk = next(row for row in found if row["kind"] == "agent")
    assert (ms(talk["ended_at"]), talk["talk_ms"], talk["wrap_up_ms"]) == (ended_at, 10_000, took)


async def test_a_phone_that_rang_in_a_pause_of_ours_rang_then(db):
    centre = one_agent()
    contact = centre.arrive()
    rang_at = centre.now + 2_000
    centre.take(i.Late(i.LegRinging(centre.state.contacts[contact].offer.id), rang_at), after=60_000)
    await store(db, centre.facts)
    assert [ms(row["ringing_at"]) for row in await rows(db, "offer")] == [rang_at]


async def test_who_leaves_the_people_in_a_call_of_their_own_is_in_it_to_its_end(db):
    """As with a contact from a queue: shown in the call, then offline."""
    centre = one_agent()
    own = centre.dials_outside(centre.names[0])
    centre.now += 1_000
    centre.people([])
    assert centre.state.agents, "not before the call is over"
    centre.take(i.CallerGone(own, 16), after=4_000)
    found = await in_batches_of_one_and_in_one(db, centre.facts, "agent_interval")
    assert as_rows_say(found) == intervals(centre.facts)
    own_call = next(row for row in found if row["state"] == "own-call")
    assert ms(own_call["ended_at"]) - ms(own_call["started_at"]) == 5_000


def in_the_talk(centre):
    """A caller, and the agent who has answered them."""
    contact = centre.arrive()
    centre.take(i.EnteredRoom(contact, centre.state.contacts[contact].channel))
    offer = centre.state.contacts[contact].offer
    centre.take(i.LegUp(offer.id, offer.leg))
    centre.take(i.EnteredRoom(contact, offer.leg))
    return offer


async def test_while_a_node_is_away_every_agent_who_is_reached_through_it_is_unreachable_as_on_the_board(db):
    """Who talks and who is ready; not who is paused, offline, or wraps up. Until the last node is back."""
    centre = Centre(agents=5, wrap_up_ms=600_000)
    wraps_up, talks, paused, ready, offline = centre.names
    centre.intent(wraps_up, Intent.READY)
    offer = in_the_talk(centre)
    centre.take(i.LegEnded(offer.id, offer.leg, 16), after=1_000)
    centre.intent(talks, Intent.READY)
    in_the_talk(centre)
    centre.intent(paused, Intent.PAUSED, "lunch")
    centre.intent(ready, Intent.READY)
    centre.now += 1_000
    begun = centre.now
    centre.away(OTHER)
    centre.take(i.SwitchDropped(NODE, "closed"), after=1_000)
    centre.away()
    centre.now += 3_600_000
    centre.intent(offline, Intent.READY)
    centre.intent(paused, Intent.READY)
    centre.people([*centre.names, AgentId("1099")])
    centre.back(OTHER)
    centre.now += 500
    centre.back()
    found = await in_batches_of_one_and_in_one(db, centre.facts, "agent_interval")
    assert as_rows_say(found) == intervals(centre.facts)
    words = {
        who: [row["state"] for row in found if row["agent"] == who and ms(row["started_at"]) >= begun]
        for who in (*centre.names, "1099")
    }
    assert words == {
        wraps_up: [],
        talks: ["unreachable", "talking"],
        paused: ["unreachable", "ready"],
        ready: ["unreachable", "ready"],
        offline: ["unreachable", "ready"],
        "1099": ["offline"],
    }
    assert await rebuild(db) == len(centre.facts)
    assert await rows(db, "agent_interval") == found
    assert [row["away"] for row in await rows(db, "node_away")] == [False, False]


async def test_a_plane_that_begins_is_told_anew_which_node_is_away(db):
    """The node may have another name by then: what was said of the old one binds nobody."""
    centre = Centre(agents=1)
    centre.intent(centre.names[0], Intent.READY)
    centre.take(i.SwitchDropped(NODE, "closed"), after=1_000)
    centre.away()
    centre.take(i.PlaneBegan(2, "test", 0), after=1_000)
    found = await in_batches_of_one_and_in_one(db, centre.facts, "agent_interval")
    assert as_rows_say(found) == intervals(centre.facts)
    assert [row["state"] for row in found][-2:] == ["unreachable", "ready"]
    assert await rebuild(db) == len(centre.facts)
    assert await rows(db, "agent_interval") == found


async def test_a_contacts_language_is_the_one_it_was_spoken_to_in_last(db):
    """Not that of its arrival."""
    centre = one_agent()
    contact = centre.arrives_unqueued()
    for language in ("zh-CN", "en", "zh-CN"):
        centre.asks(contact, SetLanguage(language))
    centre.take(i.CallerGone(contact, 16))
    [row] = await in_batches_of_one_and_in_one(db, centre.facts, "contact")
    assert (row["language"], row["state"]) == ("zh-CN", "ended")
    assert next(fact for fact in centre.facts if type(fact).__name__ == "ContactArrived").language == "en"


@pytest.mark.parametrize("seed", SEEDS)
async def test_every_stay_in_a_queue_ends_with_one_outcome(db, seed):
    """Conservation: stays = outcomes + those still waiting; and each wait is the difference of its instants."""
    centre = a_history(seed)
    await store(db, centre.facts)
    kinds = [type(fact).__name__ for fact in centre.facts]
    stays = [row for row in await rows(db, "segment") if row["kind"] == "queue"]
    assert len(stays) == kinds.count("ContactQueued")
    waiting = [row for row in stays if row["outcome"] is None]
    assert len(waiting) == sum(contact.waiting is not None for contact in centre.state.contacts.values())
    assert sum(row["outcome"] == "answered" for row in stays) == kinds.count("TalkStarted")
    clocks = {}
    for row in stays:
        if row["outcome"]:
            assert row["waited_ms"] == ms(row["ended_at"]) - ms(row["started_at"])
            since = clocks.get(row["contact"], ms(row["started_at"]))
            assert row["contact_waited_ms"] == ms(row["ended_at"]) - since, "an overflow keeps the clock"
            if row["outcome"] == "overflowed":
                clocks[row["contact"]] = since
            else:
                clocks.pop(row["contact"], None)
    if seed == 0:
        assert any(row["outcome"] == "overflowed" for row in stays)
    talks = [row for row in await rows(db, "segment") if row["kind"] == "agent"]
    for row in talks:
        if row["ended_at"]:
            assert row["talk_ms"] == ms(row["ended_at"]) - ms(row["started_at"])
    done = sum(row["wrap_up_ms"] is not None for row in talks)
    assert done == kinds.count("WrapUpDone")
    assert sum(row["provisional"] for row in talks) == len(talks) - done


@pytest.mark.parametrize("seed", SEEDS)
async def test_batches_make_no_difference(db, seed):
    """One batch, one fact at a time, or anything between: the rows are the same."""
    facts = a_history(seed, steps=60, wrap_up_ms=seed % 2 * 3_000).facts
    await store(db, facts)
    whole = await all_rows(db)
    chance = random.Random(seed)
    for cuts in (range(1, len(facts)), chance.sample(range(1, len(facts)), chance.randint(1, len(facts) - 2))):
        await empty(db)
        await store(db, facts, cuts)
        assert await all_rows(db) == whole


async def test_a_batch_over_midnight_lies_in_two_partitions(db):
    """The day is the fact's own, UTC; the projections run on."""
    midnight = START - START % 86_400_000 + 86_400_000
    facts = a_history(3, steps=80, start=midnight - 20_000).facts
    assert facts[0].at < midnight < facts[-1].at
    await store(db, facts)
    together = await all_rows(db)
    async with db.connection() as connection:
        days = await connection.fetch("SELECT day, count(*) FROM fact GROUP BY day ORDER BY day")
    assert [row["count"] for row in days] == [
        sum(fact.at < midnight for fact in facts), sum(fact.at >= midnight for fact in facts),
    ]  # fmt: skip
    await empty(db)
    await store(db, facts, range(1, len(facts)))
    assert await all_rows(db) == together


async def test_instants_are_exact(db):
    """Milliseconds become timestamptz and come back as they were."""
    ats = [0, 1, 999, 1_799_999_999_999, *range(START, START + 1_000, 7), 4_102_444_799_999]
    async with db.connection() as connection:
        for at in ats:
            assert await connection.fetchval("SELECT ms(instant($1))", at) == at
            assert await connection.fetchval("SELECT instant($1) = 'epoch'::timestamptz + $1 * interval '1 ms'", at)


def test_the_states_in_the_queries_are_those_of_the_tables():
    """Every fact that moves a contact, an offer or an agent is in its projection, with the state it leads to."""
    for table, name in ((PHASE, "apply_contacts"), (OFFER, "apply_offers"), (WORK, "apply_agents")):
        text = query(name)
        for moves in table.values():
            for fact, state in moves.items():
                if fact.__name__ in ("AgentEnteredRoom", "WrapUpExtended", "WhisperEnded"):
                    continue  # they lead nowhere else
                assert f"'{fact.__name__}'" in text, (name, fact)
                assert f"'{state}'" in text, (name, state)


def test_what_a_projection_speaks_of_is_found_in_its_text():
    """So that a batch without such facts is spared the statement."""
    assert spoken_of("apply_agents") >= {"PeopleLoaded", "IntentChanged", "WrapUpDone"}
    spoken = set().union(*(spoken_of(name) for name in PROJECTIONS))
    assert spoken.isdisjoint({"StepStarted", "LegDropped", "LegCleared"})
    talks = {"TalkStarted", "TalkEnded", "WrapUpDone", "CallConnected", "CallEnded"}
    conferences = {"ConferenceEntered", "ConferenceLeft"}
    assert spoken_of("apply_segments") == {"ContactQueued", "ContactUnqueued", "FallbackServed", *talks, *conferences}


async def test_a_callers_name_may_hold_anything(db):
    """NUL, quotes, SQL: stored as data; a NUL, which jsonb can't hold, as U+FFFD."""
    facts = a_history(1, steps=30).facts
    arrival = next(fact for fact in facts if type(fact).__name__ == "ContactArrived")
    strange = type(arrival)(
        **{name: getattr(arrival, name) for name in arrival.__struct_fields__}
        | {"contact": "c-strange", "caller_name": "a\0b'; DROP TABLE fact; --\u202e" + "x" * 500}
    )
    await store(db, [*facts, strange])
    [row] = [row for row in await rows(db, "contact") if row["id"] == "c-strange"]
    assert row["caller_name"] == strange.caller_name.replace("\0", "\ufffd")


async def test_the_projections_can_be_made_anew_from_the_facts(db, monkeypatch):
    """Over midnight, over epochs, in chunks: the rows are those that were there."""
    monkeypatch.setattr("ccplane.postgres.rebuild.AT_ONCE", 17)
    midnight = START - START % 86_400_000 + 86_400_000
    facts = a_history(5, steps=120, start=midnight - 60_000, wrap_up_ms=4_000).facts
    target, half = PostgresFacts(db), len(facts) // 2
    numbered = [(seq, encode(fact)) for seq, fact in enumerate(facts, 1)]
    await target.ship("box", 1, 0, numbered[:half])
    await target.ship("box", 4, half, numbered[half:])
    await target.close()
    before = await all_rows(db)
    async with db.connection() as connection:
        await connection.execute("UPDATE contact SET state = 'nonsense'; DELETE FROM segment; DELETE FROM agent_axes")
    assert await rebuild(db) == len(facts)
    assert await all_rows(db) == before


async def test_a_contact_that_was_carried_has_ended_when_its_call_ended_there(db):
    centre = Centre()
    centre.arrives_unqueued()
    [carried] = centre.state.contacts.values()
    centre.take(i.CallerCarried(carried.id))
    stay = i.FallbackStay(
        queue="support", queued_at=START, outcome="answered", waited_ms=3_000, agent="1001", talk_ms=600_000, by="agent"
    )
    told = i.FallbackCallImported(
        node=carried.node,
        channel=carried.channel,
        number_dialled="4002",
        caller="5551",
        arrived_at=START,
        ended_at=START + 604_000,
        stay=stay,
    )
    centre.take(told)
    for cuts in ((), range(1, len(centre.facts))):
        await empty(db)
        await store(db, centre.facts, cuts)
        [contact] = await rows(db, "contact")
        assert (contact["state"], contact["ended_by"]) == ("ended", "fallback")
        assert ms(contact["ended_at"]) == START + 603_000


@pytest.mark.parametrize("told", ["before it was back", "after"])
@pytest.mark.parametrize("cut", [False, True], ids=["in one piece", "in two"])
async def test_a_carried_contact_that_ended_while_we_were_away_has_ended_then_and_not_when_we_found_it(db, told, cut):
    centre = Centre()
    centre.arrives_unqueued()
    [carried] = centre.state.contacts.values()
    centre.take(i.CallerCarried(carried.id), after=600_000)
    stay = i.FallbackStay(
        queue="support", queued_at=START, outcome="answered", waited_ms=3_000, agent="1", talk_ms=7_000
    )
    centre.take(
        i.FallbackCallImported(
            node=carried.node,
            channel=carried.channel,
            number_dialled="4002",
            caller="5551",
            arrived_at=START,
            ended_at=START + 11_000,
            stay=stay,
        )
    )
    *facts, ended, served = centre.facts
    assert (type(ended), type(served)) == (ContactEnded, FallbackServed)
    await store(
        db, [*facts, *((ended, served) if told == "after" else (served, ended))], [len(facts) + 1] if cut else []
    )
    [contact] = await rows(db, "contact")
    assert (contact["ended_by"], ms(contact["ended_at"])) == ("fallback", START + 10_000)


async def test_a_call_of_the_fallback_that_left_a_message_ended_behind_it(db):
    centre = Centre()
    stay = i.FallbackStay(queue="support", queued_at=START - 90_000, outcome="timed-out", waited_ms=30_000)
    centre.take(
        i.FallbackCallImported(
            node=NODE,
            channel="ast1-1.99",
            number_dialled="4002",
            caller="5551",
            arrived_at=START - 91_000,
            ended_at=START - 20_000,
            stay=stay,
        )
    )
    for cuts in ((), range(1, len(centre.facts))):
        await empty(db)
        await store(db, centre.facts, cuts)
        [contact] = await rows(db, "contact")
        assert ms(contact["ended_at"]) == START - 20_000


async def test_a_stay_in_the_fallback_is_a_segment_and_its_talk_another_however_the_facts_came(db):
    """Of a call found afterwards, and of one of ours that was carried: told twice it says no more."""
    centre, then = Centre(), START - 60_000
    centre.arrives_unqueued()
    [carried] = centre.state.contacts.values()
    centre.take(i.CallerGone(carried.id, 16))
    stay = i.FallbackStay(
        queue="support",
        queued_at=then + 1_000,
        outcome="answered",
        waited_ms=3_000,
        agent="1001",
        talk_ms=5_000,
        by="agent",
    )
    for channel, what in ((carried.channel, stay), ("ast1-1.99", stay), ("ast1-1.98", None)):
        centre.take(
            i.FallbackCallImported(
                node=carried.node,
                channel=channel,
                number_dialled="4002",
                caller="5551",
                arrived_at=then,
                ended_at=then + 9_000,
                stay=what,
            )
        )
    facts = centre.facts
    for cuts in ((), range(1, len(facts))):
        await empty(db)
        await store(db, facts, cuts)
        contacts = {row["channel"]: row for row in await rows(db, "contact")}
        assert [contacts[each]["fallback"] for each in (carried.channel, "ast1-1.99", "ast1-1.98")] == [True] * 3
        assert (contacts["ast1-1.99"]["queue"], contacts["ast1-1.99"]["agent"]) == ("support", "1001")
        assert (contacts["ast1-1.99"]["state"], contacts["ast1-1.99"]["ended_by"]) == ("ended", "fallback")
        assert contacts[carried.channel]["state"] == "ended"
        found = [
            (row["segment"], row["kind"], row["agent"], row["outcome"], ms(row["started_at"]), ms(row["ended_at"]))
            for row in await rows(db, "segment")
            if row["segment"] > 100
        ]
        queue, talk = then + 1_000, then + 4_000
        of_one = [
            (101, "queue", None, "answered", queue, talk),
            (102, "agent", "1001", None, talk, talk + 5_000),
        ]
        assert found == of_one * 2
        assert not any(row["provisional"] for row in await rows(db, "segment") if row["segment"] > 100)
