"""The durable outbox: acknowledged means on disk, in order, once."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplane.errors import StoreError
from ccplane.facts import RepairMade
from ccplane.log.outbox import Outbox
from ccplane.log.outbox_file import Group
from ccplane.log.writer import GROUP, Epoch, Facts, Note, as_commit
from tests.log.boxes import facts


async def until(condition, within=20):
    """Waits for what no future tells of."""
    async with asyncio.timeout(within):
        while not condition():
            await asyncio.sleep(0.005)


async def test_what_was_committed_is_recovered_in_order(make_outbox):
    box = make_outbox()
    fresh = box.open()
    assert (fresh.epoch, fresh.seq, fresh.last_at, fresh.checkpoint, fresh.facts) == (0, 0, 0, None, [])
    box.begin(1)
    given_facts = facts(5)
    assert box.append(given_facts[:2]) == 2
    assert box.append(given_facts[2:]) == 5
    await box.committed(5)
    await box.close()
    again = make_outbox().open()
    assert again.facts == [(seq, 1, fact) for seq, fact in enumerate(given_facts, 1)]
    assert (again.outbox, again.epoch, again.seq, again.last_at) == (fresh.outbox, 1, 5, given_facts[-1].at)


async def test_seq_goes_on_over_the_epochs_and_over_restarts(make_outbox):
    box = make_outbox()
    box.open()
    box.begin(1)
    box.append(facts(2))
    box.begin(4)
    await box.committed(box.append(facts(1, 3)))
    await box.close()
    box = make_outbox()
    assert box.open().epoch == 4
    box.begin(5)
    assert box.append(facts(1, 4)) == 4
    await box.close()
    recovered = make_outbox().open()
    assert [(seq, epoch) for seq, epoch, _ in recovered.facts] == [(1, 1), (2, 1), (3, 4), (4, 5)]


async def test_an_epoch_is_remembered_even_if_it_decided_nothing(make_outbox):
    box = make_outbox()
    box.open()
    box.begin(7)
    await box.close()
    assert make_outbox().open().epoch == 7


async def test_committed_is_told_once_it_is_on_disk_and_at_once_if_it_was(make_outbox, tmp_path):
    box = make_outbox()
    box.open()
    box.begin(1)
    early, late = box.append(facts(1)), box.append(facts(3, 2))
    waits = [box.committed(late), box.committed(early)]
    assert box.stats.depth == 4
    assert box.oldest_uncommitted() > 0
    await asyncio.gather(*waits)
    with sqlite3.connect(tmp_path / "outbox.db") as other:
        assert other.execute("SELECT seq FROM mark").fetchone()[0] == 4
    other.close()
    assert box.committed(early).done()
    assert (box.stats.depth, box.oldest_uncommitted(), box.stats.commit_latency.count) == (0, 0, 2)


async def test_what_comes_within_a_moment_is_committed_together(make_outbox, monkeypatch):
    monkeypatch.setattr("ccplane.log.outbox.GATHER_S", 0.1)
    box = make_outbox()
    box.open()
    box.begin(1)
    await box.committed(box.append(facts(1)))
    commits = box.stats.commits
    for number in range(5):
        box.append(facts(1, number + 1))
        await asyncio.sleep(0.002)
    await until(lambda: box.stats.depth == 0)
    assert box.stats.commits == commits + 1


async def test_who_waits_for_a_commit_need_not_wait_for_others_to_gather(make_outbox, monkeypatch):
    monkeypatch.setattr("ccplane.log.outbox.GATHER_S", 3600)
    box = make_outbox()
    box.open()
    box.begin(1)
    async with asyncio.timeout(20):
        await box.committed(box.append(facts(1)))


async def test_a_second_plane_is_told_who_has_the_outbox(make_outbox):
    make_outbox().open()
    with pytest.raises(StoreError, match=rf"in use by process {os.getpid()} on ") as caught:
        make_outbox().open()
    assert caught.value.code == "outbox-locked"


@pytest.mark.parametrize("ruin", [b"this is no database" * 100, b""])
async def test_a_file_that_is_no_outbox_is_refused_and_an_empty_one_is_begun(make_outbox, tmp_path, ruin):
    (tmp_path / "outbox.db").write_bytes(ruin)
    if not ruin:
        assert make_outbox().open().seq == 0
        return
    with pytest.raises(StoreError, match="not a database") as caught:
        make_outbox().open()
    assert caught.value.code == "outbox-corrupt"
    assert (tmp_path / "outbox.db").read_bytes() == ruin


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(StoreError, match=r"nowhere.*must exist") as caught:
        Outbox(tmp_path / "nowhere" / "outbox.db").open()
    assert caught.value.code == "outbox-unusable"


async def test_facts_of_a_newer_version_are_refused_and_kept(make_outbox, tmp_path):
    box = make_outbox()
    box.open()
    await box.close()
    with sqlite3.connect(tmp_path / "outbox.db") as other:
        other.execute("INSERT INTO facts VALUES (1, 1, 1, ?)", (b'{"type":"FromTheFuture","at":1}\n',))
    other.close()
    with pytest.raises(StoreError, match="does not know") as caught:
        make_outbox().open()
    assert caught.value.code == "outbox-unreadable"


async def test_who_waits_for_a_note_waits_for_the_disk_and_no_longer(make_outbox):
    box = make_outbox()
    box.open()
    box.begin(1)
    box.put_note("sessions", b"1")
    box.put_note("sessions", b"2")
    noted = box.noted("sessions")
    assert not noted.done()
    await noted
    assert box.noted("sessions").done()
    with sqlite3.connect(box.path) as file:
        assert b"2" in [row[0] for row in file.execute("SELECT data FROM note WHERE key = 'sessions'")]
    await box.close()


async def test_a_file_that_was_given_away_takes_no_more_notes(make_outbox):
    """Its successor has its own there: an older one would be read at the next start."""
    given = make_outbox()
    given.open()
    given.begin(1)
    given.put_note("sessions", b"old")
    await given.close(settle=False)
    successors = make_outbox()
    successors.open()
    successors.begin(2)
    successors.put_note("sessions", b"new")
    await successors.noted("sessions")
    with pytest.raises(StoreError) as refused:
        given.put_note("sessions", b"older")
    assert refused.value.code == "handing-over"
    assert given.note("sessions") == b"old"
    await successors.close()
    third = make_outbox()
    third.open()
    assert third.note("sessions") == b"new"
    await third.close()


async def test_notes_are_kept_before_and_after_the_beginning(make_outbox):
    box = make_outbox()
    box.open()
    box.put_note("anchor", b"1")
    box.begin(1)
    box.put_note("people", b"2")
    box.put_note("anchor", b"3")
    assert box.note("anchor") == b"3"
    await box.close()
    again = make_outbox()
    again.open()
    assert (again.note("anchor"), again.note("people"), again.note("other")) == (b"3", b"2", None)


async def test_a_checkpoint_is_made_on_the_thread_and_facts_before_it_are_not_folded_again(make_outbox):
    box = make_outbox()
    box.open()
    box.begin(1)
    seq = box.append(facts(3))
    makers = []
    box.checkpoint(seq, lambda: makers.append(threading.current_thread().name) or b"the state")
    box.append(facts(2, 4))
    await box.close()
    assert makers == ["outbox"]
    recovered = make_outbox().open()
    assert (recovered.checkpoint, recovered.checkpoint_seq) == (b"the state", 3)
    assert [seq for seq, _, _ in recovered.facts] == [4, 5]


async def test_a_checkpoint_that_fails_stops_nothing(make_outbox):
    box = make_outbox()
    box.open()
    box.begin(1)
    box.checkpoint(0, lambda: 1 / 0)
    await box.committed(box.append(facts(1)))
    assert box.stats.failures == 1
    assert box.healthy


async def test_facts_in_postgres_and_in_a_checkpoint_are_deleted_and_the_file_stays_small(make_outbox, monkeypatch):
    monkeypatch.setattr("ccplane.log.writer.TRIM_EVERY", 0.0)
    box = make_outbox()
    box.open()
    box.begin(1)
    sizes = []
    for round_ in range(30):
        seq = box.append(facts(200, round_ * 200, size=500))
        await box.committed(seq)
        box.mark_shipped(seq)
        box.checkpoint(seq, lambda: b"state")
        sizes.append(box.bytes_on_disk)
    await box.committed(box.append(facts(1)))
    await box.close()
    assert max(sizes) < 6_000_000
    recovered = make_outbox().open()
    assert (recovered.seq, len(recovered.facts)) == (6_001, 1)
    assert sizes[-1] <= 2 * max(sizes[:10])


@pytest.mark.parametrize("lacks", ["checkpoint", "shipping"])
async def test_what_lacks_a_checkpoint_or_shipping_is_never_deleted(make_outbox, lacks, monkeypatch):
    monkeypatch.setattr("ccplane.log.writer.TRIM_EVERY", 0.0)
    box = make_outbox()
    box.open()
    box.begin(1)
    await box.committed(box.append(facts(10)))
    if lacks == "shipping":
        box.checkpoint(10, lambda: b"state")
    else:
        box.mark_shipped(10)
    for n in range(5):
        await box.committed(box.append(facts(1, 11 + n)))
    _, kept = await box.unshipped(0, 100)
    assert [seq for seq, _ in kept] == list(range(1, 16)) if lacks == "shipping" else kept
    await box.close()
    held = make_outbox()
    held.open()
    assert held._file.after(0)[0].first == 1


async def test_a_full_disk_loses_nothing_and_is_told(make_outbox):
    box = make_outbox(max_bytes=200_000)
    box.open()
    box.begin(1)
    given_facts = facts(400, size=1_000)
    seq = box.append(given_facts[:50])
    await box.committed(seq)
    box.append(given_facts[50:])
    late = box.committed(400)
    await until(lambda: not box.healthy)
    assert "full" in box.trouble
    assert not late.done()
    assert box.stats.depth == 350
    box._file._max_bytes = 10_000_000
    box._file._db.execute("PRAGMA max_page_count = 10000")  # room again
    await asyncio.wait_for(late, 20)
    assert box.healthy
    assert box.stats.failures > 0
    await box.close()
    assert [fact for _, _, fact in make_outbox().open().facts] == given_facts


async def test_a_file_that_is_full_has_room_again_once_postgres_has_what_it_holds(make_outbox, monkeypatch):
    """What was shipped is deleted before the commit that failed is tried again: nobody needs to make room by hand."""
    monkeypatch.setattr("ccplane.log.writer.RETRY", 0.01)
    box = make_outbox(max_bytes=400_000)
    box.open()
    box.begin(1)
    for n in range(30):
        await box.committed(box.append(facts(10, 1 + 10 * n, size=1_000)))
    box.checkpoint(300, lambda: b"the state")
    await box.committed(box.append(facts(1, 301)))
    seq = box.append(facts(300, 302, size=1_000))
    await until(lambda: not box.healthy)
    box.mark_shipped(300)
    await asyncio.wait_for(box.committed(seq), 20)
    assert box.healthy
    await box.close()
    assert make_outbox().open().seq == 601


async def test_what_gathered_while_the_disk_was_full_is_committed_bit_by_bit(make_outbox, monkeypatch):
    """So that it needs no room for all of it at once."""
    monkeypatch.setattr("ccplane.log.writer.TAKEN_AT_ONCE", 10)
    monkeypatch.setattr("ccplane.log.outbox.GATHER_S", 3600)
    box = make_outbox()
    box.open()
    box.begin(1)
    for n in range(55):
        seq = box.append(facts(1, 1 + n))
    await asyncio.wait_for(box.committed(seq), 20)
    assert box.stats.commits == 6
    await box.close()
    assert [seq for seq, _, _ in make_outbox().open().facts] == list(range(1, 56))


async def test_after_a_long_backlog_the_file_shrinks_by_itself(make_outbox, monkeypatch):
    """Also at night, when nothing new is written."""
    monkeypatch.setattr("ccplane.log.writer.TRIM_EVERY", 0.01)
    monkeypatch.setattr("ccplane.log.outbox_file.SPARE_PAGES", 20)
    monkeypatch.setattr("ccplane.log.outbox_file.TRIMMED_AT_ONCE", 50)
    box = make_outbox()
    box.open()
    box.begin(1)
    for n in range(200):
        seq = box.append(facts(10, 1 + 10 * n, size=1_000))
        await box.committed(seq)
    box.checkpoint(seq, lambda: b"the state")
    await box.committed(box.append(facts(1, seq + 1)))
    long = box.bytes_on_disk
    box.mark_shipped(seq)
    await until(lambda: 0 < box.bytes_spare <= 20 * 4096 and not box._file.untidy)
    await box.close()
    assert long > 2_000_000
    assert box.path.stat().st_size < 200_000


async def test_where_shipping_stood_is_known_before_postgres_answers_but_nothing_is_deleted_on_that(
    make_outbox, monkeypatch
):
    """It may have been put back to an earlier day, and need again what it once had."""
    monkeypatch.setattr("ccplane.log.writer.TRIM_EVERY", 0.0)
    box = make_outbox()
    box.open()
    box.begin(1)
    await box.committed(box.append(facts(10)))
    box.mark_shipped(8)
    await box.committed(box.append(facts(2, 11)))
    await box.close()
    box = make_outbox()
    box.open()
    assert (box.stats.shipped_seq, box.stats.unshipped) == (8, 4)
    box.begin(2)
    box.checkpoint(12, lambda: b"the state")
    await box.committed(box.append(facts(1, 13)))
    await box.committed(box.append(facts(1, 14)))
    assert (await box.unshipped(0, 1))[1][0][0] == 1


async def test_a_disk_that_stays_full_is_given_up_at_the_end_and_said(make_outbox):
    box = make_outbox(max_bytes=100_000)
    box.open()
    box.begin(1)
    await box.committed(box.append(facts(10)))
    box.append(facts(500, 11, size=1_000))
    with pytest.raises(StoreError, match="500 facts could not be written") as caught:
        await box.close(within=0.1)
    assert caught.value.facts["lost"] == 500
    assert len(make_outbox().open().facts) == 10


async def test_memory_is_bounded_while_the_disk_takes_nothing(make_outbox):
    box = make_outbox(max_bytes=60_000, keep_in_memory=100)
    box.open()
    box.begin(1)
    box.append(facts(90, size=2_000))
    await until(lambda: not box.healthy)
    with pytest.raises(StoreError, match="more than may be kept in memory") as caught:
        box.append(facts(11))
    assert caught.value.code == "outbox-overflow"
    assert box.append(facts(10)) == 100


async def test_the_shipper_reads_from_memory_and_behind_that_from_the_file(make_outbox, monkeypatch):
    monkeypatch.setattr("ccplane.log.outbox.TAIL_BYTES", 2_000)
    box = make_outbox()
    box.open()
    box.begin(1)
    for n in range(40):
        await box.committed(box.append(facts(3, 1 + 3 * n)))
    box.begin(2)
    await box.committed(box.append(facts(3, 121)))
    seen, after = [], 0
    while after < 123:
        epoch, batch = await box.unshipped(after, 7)
        assert epoch == (1 if after < 120 else 2)
        seen += batch
        after = batch[-1][0]
        box.mark_shipped(after)
    assert [seq for seq, _ in seen] == list(range(1, 124))
    assert [json.loads(data)["subject"] for _, data in seen] == [str(n) for n in range(1, 124)]


async def test_half_a_surrogate_pair_does_not_stop_the_log(make_outbox):
    box = make_outbox()
    box.open()
    box.begin(1)
    box.append([*facts(1), RepairMade(at=2, what="broken \ud83d name\nin two lines", subject="2"), *facts(1, 3)])
    await box.close()
    found = [fact for _, _, fact in make_outbox().open().facts]
    assert [fact.what for fact in found] == ["what 1", "broken ? name\nin two lines", "what 3"]


@given(st.lists(st.one_of(st.integers(1, 700), st.just("epoch"), st.just("note"))))
def test_a_commit_holds_every_fact_once_in_order_and_no_group_mixes_epochs(puts):
    items, epoch, seq, expected = [], 1, 0, []
    for put in puts:
        if put == "epoch":
            epoch += 1
            items.append(Epoch(epoch))
        elif put == "note":
            items.append(Note("key", str(seq).encode()))
        else:
            items.append(Facts(seq + 1, epoch, facts(put, seq + 1)))
            expected += [(each, epoch) for each in range(seq + 1, seq + put + 1)]
            seq += put
    commit = as_commit(items)
    found = [(n, group.epoch, data) for group in commit.groups for n, data in group.each()]
    assert [(n, each) for n, each, _ in found] == expected
    assert all(json.loads(data)["subject"] == str(n) for n, _, data in found)
    assert all(left.last + 1 == right.first for left, right in pairwise(commit.groups))
    assert all(group.last - group.first < GROUP + 700 for group in commit.groups)
    assert commit.groups == [] or isinstance(commit.groups[0], Group)


WRITER = """
import asyncio, sys
from pathlib import Path
from ccplane.log.outbox import Outbox
from tests.log.boxes import facts

async def main():
    box = Outbox(Path(sys.argv[1]))
    seq = box.open().seq
    box.begin(1)
    while True:
        for _ in range(5):
            seq = box.append(facts(3, seq + 1))
            await asyncio.sleep(0)
        await box.committed(seq)
        print(seq, flush=True)

asyncio.run(main())
"""


def test_after_kill_9_every_acknowledged_fact_is_there_and_what_is_there_is_a_prefix(tmp_path):
    path, acknowledged = tmp_path / "outbox.db", 0
    for lines in (1, 40, 7):
        with subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout
            for _ in range(lines):
                acknowledged = int(writer.stdout.readline())
            writer.send_signal(signal.SIGKILL)
            rest = writer.stdout.read().splitlines(keepends=True)
        acknowledged = max([acknowledged, *(int(line) for line in rest if line.endswith("\n"))])
        box = Outbox(path)
        recovered = box.open()
        box._file.close()
        box._ownership.free()
        assert recovered.seq >= acknowledged
        assert [(seq, fact.subject) for seq, _, fact in recovered.facts] == [
            (seq, str(seq)) for seq in range(1, recovered.seq + 1)
        ]
