"""A copy of an outbox is one moment of it, and becomes an outbox of its own."""

from __future__ import annotations

import sqlite3
import stat
from types import SimpleNamespace

import pytest

from ccplane.errors import SetupError, StoreError
from ccplane.log.outbox_copy import Held, as_its_own, held
from tests.log.boxes import facts


async def filled(make_outbox, count=5):
    box = make_outbox()
    box.open()
    box.begin(3)
    await box.committed(box.append(facts(count)))
    return box


async def test_a_copy_is_of_the_moment_at_which_it_was_begun_whatever_is_written_since(make_outbox, tmp_path):
    box = await filled(make_outbox)
    with held(box.path) as moment:
        await box.committed(box.append(facts(3, 6)))
        moment.copy(tmp_path / "copy")
    assert (moment.outbox, moment.epoch, moment.first, moment.seq) == (box.id, 3, 1, 5)
    copied = as_its_own(tmp_path / "copy", 7, 0)
    assert [seq for seq, _, _ in copied.facts] == [1, 2, 3, 4, 5]
    assert stat.S_IMODE((tmp_path / "copy").stat().st_mode) == 0o600


async def test_a_copy_becomes_an_outbox_of_its_own_and_leaves_the_other_as_it_was(make_outbox, tmp_path):
    box = await filled(make_outbox)
    with held(box.path) as moment:
        moment.copy(tmp_path / "copy")
    own = as_its_own(tmp_path / "copy", 1_003, 4)
    assert own.outbox not in ("", box.id)
    assert (own.epoch, own.seq) == (1_003, 5)
    with held(box.path) as moment:
        assert (moment.outbox, moment.epoch) == (box.id, 3)
    assert {each.name for each in tmp_path.iterdir() if each.name.startswith("copy")} == {"copy"}


@pytest.mark.parametrize(
    ("first", "seq", "watermark", "fits"),
    [
        (1, 0, 0, True),  # nothing happened yet
        (1, 9, 0, True),  # nothing was shipped yet
        (4, 9, 3, True),  # trimmed up to what was shipped
        (4, 9, 7, True),  # shipped, and not trimmed yet
        (10, 9, 9, True),  # all of it shipped and trimmed
        (5, 9, 3, False),  # 4 is nowhere
        (10, 9, 8, False),  # 9 is nowhere
        (4, 9, 10, False),  # the database knows more than the outbox itself
    ],
)
def test_an_outbox_follows_what_was_shipped_if_no_fact_is_missing_between_them(first, seq, watermark, fits):
    assert Held.follows(SimpleNamespace(first=first, seq=seq), watermark) is fits


def test_what_is_no_outbox_is_said_in_one_sentence(tmp_path):
    path = tmp_path / "outbox.sqlite"
    with pytest.raises(SetupError, match="no plane has run there"), held(path):
        pass
    path.write_text("no database at all " * 100)
    with pytest.raises(StoreError, match="not a database") as error, held(path):
        pass
    assert error.value.code == "outbox-unusable"
    path.unlink()
    other = sqlite3.connect(path)
    other.execute("PRAGMA user_version = 99")
    other.close()
    with pytest.raises(StoreError, match="another version"), held(path):
        pass
