"""What people want of a notice, on a real Postgres; and what is told of all of them to /readyz and Prometheus."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from ccplane.contacts.notice import NoticeKind
from ccplane.http.exposition import _of_notices
from ccplane.postgres.notices import NoticesWanted
from ccplane.vitals import NoticesByHand
from tests.notices.post_office import a_post_office, says
from tests.notices.telling import HOUR, Desk, store, stored

pytestmark = pytest.mark.postgres


def metrics(notifier):
    class Told:
        def collect(self):
            return _of_notices(notifier)

    registry = CollectorRegistry()
    registry.register(Told())
    return generate_latest(registry).decode()


async def test_one_that_was_refused_is_sent_once_its_address_is_mended(db):
    await store(db, [stored()])
    async with a_post_office() as office, Desk(db, f"smtp://127.0.0.1:{office.port}").at_work() as desk:
        by_hand = NoticesByHand(desk.ledger, desk.notifier, desk.clock)
        office.to = says("550 no such user", "250 OK")
        row = await desk.becomes("failed")
        assert desk.notifier.lost[NoticeKind.EMAIL] == 1
        assert await by_hand.retry(row.id)
        assert (await desk.becomes("sent")).tries == 1
        assert not await by_hand.retry(row.id)
        assert not await by_hand.give_up(row.id, "Lea")
        assert (await by_hand.notice(row.id)).state == "sent"


async def test_one_that_is_given_up_by_hand_is_not_tried_again(db):
    await store(db, [stored()])
    async with Desk(db).at_work() as desk:
        by_hand = NoticesByHand(desk.ledger, desk.notifier, desk.clock)
        row = await desk.becomes("due", tries=1)
        assert await by_hand.give_up(row.id, "Lea")
        await desk.later(HOUR)
        assert [(each.state, each.tries, each.last_error) for each in await desk.rows()] == [
            ("given-up", 1, "given up by Lea")
        ]


async def test_how_many_wait_and_failed_is_told_by_kind(db):
    await store(db, [stored(1), stored(2)])
    async with Desk(db).at_work() as desk:
        await desk.becomes("due", tries=1, which=0)
        await desk.becomes("due", tries=1, which=1)
        await desk.later(30_000)
        while desk.notifier.oldest_s() < 30:
            await desk.rows()
        told = metrics(desk.notifier)
    assert "ccplane_notices_due 2.0" in told
    assert 'ccplane_notices_failed_total{kind="email"} 2.0' in told
    assert 'ccplane_notices_sent_total{kind="webhook"} 0.0' in told
    assert 'ccplane_notices_lost_total{kind="email"} 0.0' in told


async def test_a_list_goes_on_where_its_cursor_says(db):
    await store(db, [stored(number) for number in range(1, 8)])
    desk, seen, after = Desk(db), [], None
    while True:
        page = await desk.ledger.notices(NoticesWanted(state="due"), after=after, limit=3)
        seen += [row.id for row in page.notices]
        if page.next is None:
            break
        after = page.next
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 7


async def test_what_is_long_over_is_forgotten_and_what_is_due_is_not(db):
    await store(db, [stored(1), stored(2)])
    desk = Desk(db)
    [second, first] = await desk.rows()
    await desk.ledger.give_up(first.id, "Lea")
    await desk.ledger.forget(desk.clock.at + 1)
    assert [row.id for row in await desk.rows()] == [second.id]
