"""A file that is damaged, cut off, or none of ours is refused by one clear sentence, before anything is changed."""

from __future__ import annotations

import hashlib
import random
import stat
import zipfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from ccplane.backup.archive import new_backup, opened
from ccplane.backup.manifest import NAME, SOUNDS, Manifest, Part, SoundFile
from ccplane.backup.restore import look_at
from ccplane.backup.sounds import inside
from ccplane.errors import RequestError, StoreError

MANIFEST = Manifest(
    ccplane="0.1.0", made_at=1, site="s", postgres="18", outbox="o", epoch=1, seq=9, watermark=9, at=1, migrations=(),
    days=(), tables=(), numbers={}, sounds=1, with_sounds=True, parts={},
)  # fmt: skip


@pytest.fixture
def file(tmp_path):
    """A small backup."""
    path = tmp_path / "b.zip"
    with new_backup(path, force=False) as writer:
        with writer.part("database/fact.copy") as write:
            for n in range(500):
                write(b"%d\ta fact\n" % n)
        with writer.part("recordings/2026/r.opus", packed=False, listed=False) as write:
            write(b"sound" * 100)
        digest = hashlib.sha256(b"sound" * 100).hexdigest()
        sound = SoundFile(kind="recordings", id="r", contact="c", file="2026/r.opus", bytes=500, sha256=digest)
        with writer.part(SOUNDS) as write:
            write(msgspec.json.encode(sound) + b"\n")
        writer.seal(msgspec.structs.replace(MANIFEST, parts=dict(writer.parts)))
    return path


def refused(path):
    with pytest.raises(StoreError) as error:
        look_at(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)
    return error.value.code


def code_of(path, manifest):
    """Why it is refused; "" if it is what it was."""
    try:
        found = look_at(path)
    except StoreError as error:
        return error.code
    return "" if found == manifest else "taken for another"


def test_one_that_is_whole_is_what_was_written(file):
    assert look_at(file).seq == 9


def test_one_that_was_cut_off_anywhere_is_refused(file):
    whole = file.read_bytes()
    for length in (0, 1, 100, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:length])
        assert refused(file) == "no-backup"


@pytest.mark.slow
def test_one_in_which_any_byte_is_another_is_refused_or_says_the_same(file):
    """Bytes that mean nothing to a reader (times, the padding of a name) may change."""
    whole, manifest = file.read_bytes(), look_at(file)
    chance = random.Random(1)
    codes = set()
    for at in chance.sample(range(len(whole)), 300):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        codes.add(code_of(file, manifest))
    assert codes == {"", "backup-damaged", "no-backup"}


def test_what_is_no_zip_and_a_zip_of_somebody_elses_are_no_backups(tmp_path):
    other = tmp_path / "other"
    other.write_text("hello " * 100)
    assert refused(other) == "no-backup"
    with zipfile.ZipFile(other, "w") as zipped:
        zipped.writestr("holiday.jpg", b"sun")
    assert refused(other) == "no-backup"
    with zipfile.ZipFile(other, "w") as zipped:
        zipped.writestr(NAME, b'{"name": "a web page", "icons": []}')
    assert refused(other) == "no-backup"
    assert refused(tmp_path / "nothing") == "no-backup"
    assert refused(tmp_path) == "no-backup"


def test_one_of_a_later_format_is_refused_by_the_version_that_made_it(tmp_path):
    later = tmp_path / "later"
    with zipfile.ZipFile(later, "w") as zipped:
        zipped.writestr(NAME, b'{"format": 2, "ccplane": "7.0.0", "anything": true}')
    with pytest.raises(StoreError, match=r"made by ccplane 7\.0\.0") as error:
        look_at(later)
    assert error.value.code == "backup-newer"


def test_a_part_that_is_not_what_its_checksum_says_is_damage(tmp_path):
    with new_backup(tmp_path / "b.zip", force=False) as writer:
        with writer.part("database/fact.copy") as write:
            write(b"a fact")
        parts = {"database/fact.copy": Part(6, "another")}
        writer.seal(msgspec.structs.replace(MANIFEST, parts=parts))
    assert refused(tmp_path / "b.zip") == "backup-damaged"


def test_given_a_fault_while_it_is_written_then_nothing_of_it_is_left(tmp_path):
    def written():
        with new_backup(tmp_path / "b.zip", force=False) as writer:
            with writer.part("one") as write:
                write(b"1")
            with writer.part("two") as write:
                write(b"2")
                raise KeyError("a fault")

    with pytest.raises(KeyError):
        written()
    assert list(tmp_path.iterdir()) == []


# ------------------------------------------------------------------------------------------------- two to one name


def sealed(path, **how):
    """A backup that says nothing; with `meanwhile`, that is done while it is written."""
    meanwhile = how.pop("meanwhile", lambda: None)
    with new_backup(path, force=how.get("force", False)) as writer:
        with writer.part(SOUNDS) as write:
            write(b"")
            meanwhile()
        writer.seal(msgspec.structs.replace(MANIFEST, parts=dict(writer.parts)))


@pytest.mark.parametrize("force", [False, True])
def test_given_one_that_is_being_written_when_another_to_its_name_begins_then_that_one_is_refused(tmp_path, force):
    """And the first is whole, which it says."""
    file = tmp_path / "b.zip"

    def another():
        with pytest.raises(RequestError, match=r"Another backup to .*b\.zip is being written") as error:
            sealed(file, force=force)
        assert error.value.code == "backup-runs-already"

    sealed(file, meanwhile=another)
    assert look_at(file) == msgspec.structs.replace(MANIFEST, parts=look_at(file).parts)
    assert [each.name for each in tmp_path.iterdir()] == ["b.zip"]
    sealed(file, force=True, meanwhile=lambda: sealed(tmp_path / "another.zip"))
    assert {each.name for each in tmp_path.iterdir()} == {"b.zip", "another.zip"}


def test_given_many_at_once_to_one_name_then_each_ends_well_or_is_refused_and_the_file_is_whole(tmp_path):
    """Wherever they meet: as it is begun, given its name, or taken away."""
    file, ended = tmp_path / "b.zip", Counter()

    def again_and_again(_):
        for _ in range(40):
            try:
                sealed(file, force=True)
                look_at(file)
                ended["well"] += 1
            except RequestError as error:
                ended[error.code] += 1

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(again_and_again, range(6)))
    assert set(ended) == {"well", "backup-runs-already"}
    assert [each.name for each in tmp_path.iterdir()] == ["b.zip"]


def test_given_what_a_killed_one_left_then_the_next_is_not_written_on_it(tmp_path):
    """Its mode is whatever it is, and somebody may have it open."""
    left = tmp_path / "b.zip.partial"
    left.write_bytes(b"half")
    left.chmod(0o644)
    with left.open("rb") as reader:
        sealed(tmp_path / "b.zip")
        assert reader.read() == b"half"
    assert stat.S_IMODE((tmp_path / "b.zip").stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["b.zip"]


def test_an_index_of_sounds_that_is_none_is_damage(tmp_path):
    with new_backup(tmp_path / "b.zip", force=False) as writer:
        with writer.part(SOUNDS) as write:
            write(b'{"kind": 7}\n')
        writer.seal(msgspec.structs.replace(MANIFEST, parts=dict(writer.parts)))
    assert refused(tmp_path / "b.zip") == "backup-damaged"


def test_no_name_in_an_index_leads_out_of_its_folder(tmp_path):
    assert inside(tmp_path, "2026/11/22/r.opus") == tmp_path / "2026/11/22/r.opus"
    assert inside(tmp_path, "../r.opus") is None
    assert inside(tmp_path, "a/../../r.opus") is None
    assert inside(tmp_path, "/etc/passwd") is None
    assert inside(tmp_path, "a\0b") is None


def test_a_part_can_be_read_twice(file):
    with opened(file) as backup:
        assert list(backup.sounds()) == list(backup.sounds())
