"""Recordings come from the switch to us whole, from a folder or by ARI; names that are not ours stay where they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ccplane.asterisk.node import LocalNode
from ccplane.asterisk.spool import FarSpool, LocalSpool, Spool, spool_of
from ccplane.errors import SwitchError
from tests.asterisk.sounds import write_tone
from tests.ports import free_port

MESSAGE = "m-c-ast1-1795333145.0-3-1"


@pytest.fixture(params=["local", pytest.param("far", marks=pytest.mark.asterisk)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Spool, Path]]:
    """A spool, and its folder at the switch."""
    if request.param == "local":
        folder = tmp_path / "spool"
        (folder / "recording").mkdir(parents=True)
        yield spool_of(folder, "http://127.0.0.1:1/ari", "", ""), folder
        return
    node: LocalNode = request.getfixturevalue("shared_node")
    yield FarSpool(node.ari_url, node.ari_username, node.ari_password), node.spool_dir
    for path in node.spool_dir.rglob("*"):
        if path.is_file():
            path.unlink()


async def test_a_recording_is_taken_whole_and_forgotten(place: tuple[Spool, Path], tmp_path: Path):
    spool, folder = place
    source = folder / f"recording/messages/{MESSAGE}.wav"
    write_tone(source, hz=440, seconds=2)
    content, target = source.read_bytes(), tmp_path / "kept/2026/11/a.wav"
    assert [each.message for each in await spool.recorded()] == [MESSAGE]
    assert await spool.take(f"messages/{MESSAGE}", target)
    assert target.read_bytes() == content
    await spool.forget(f"messages/{MESSAGE}")
    assert not source.exists()
    assert not await spool.take(f"messages/{MESSAGE}", tmp_path / "other.wav")
    assert not (tmp_path / "other.wav").exists()
    assert [path.name for path in target.parent.iterdir()] == ["a.wav"]
    await spool.forget(f"messages/{MESSAGE}")


@pytest.mark.parametrize("number", ["4002", "+493012345", "*4001", "0", "9" * 79], ids=lambda number: number[:12])
async def test_calls_of_the_fallback_are_known_by_their_files(place: tuple[Spool, Path], tmp_path: Path, number: str):
    spool, folder = place
    name = f"{number}-ast1-1795333299.2"
    write_tone(folder / f"recording/fallback/{name}.wav", hz=440, seconds=1)
    for stranger in ("x", "4002", "../x", "4002-", "abc-ast1-1795333299.2"):
        write_tone(folder / f"recording/fallback/{stranger.replace('/', '_')}.wav", hz=440, seconds=1)
    [call] = await spool.calls()
    assert (call.number_dialled, call.channel, call.recording) == (number, "ast1-1795333299.2", f"fallback/{name}")
    assert call.arrived_at == 1_795_333_299_000
    assert call.ended_at >= 0
    assert await spool.take(call.recording, tmp_path / "kept/a.wav")
    await spool.forget(call.recording)
    assert await spool.calls() == []


async def test_what_is_written_of_a_call_is_read_as_data(tmp_path: Path):
    """Whatever stands in the text, and whether there is a message or not."""
    spool = LocalSpool(tmp_path)
    told = tmp_path / "fallback"
    told.mkdir()
    (tmp_path / "recording").mkdir()
    texts = {"4001-ast1-1795333299.1": "1795333299 13800138000\n", "4001-ast1-1795333300.2": "1795333300 \n",
             "4001-ast1-1795333301.3": "\0\x07" * 900, "4001-ast1-1795333302.4": "9 " + "8" * 900}  # fmt: skip
    for name, text in texts.items():
        (told / f"{name}.txt").write_text(text)
    calls = await spool.calls()
    assert [call.caller for call in calls] == ["13800138000", "", "", "8" * 80]
    assert {call.recording for call in calls} == {None}
    for call in calls:
        await spool.forget_call(call)
        await spool.forget_call(call)
    assert await spool.calls() == []


async def test_a_spool_on_another_disk_is_copied_whole_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    source, target = tmp_path / "recording/messages/m.wav", tmp_path / "kept/a.wav"
    write_tone(source, hz=440, seconds=1)
    content = source.read_bytes()
    rename = Path.replace

    def across_disks(self: Path, other: Path) -> Path:
        if self == source:
            raise OSError(18, "Invalid cross-device link")
        assert self.read_bytes() == content
        return rename(self, other)

    monkeypatch.setattr(Path, "replace", across_disks)
    assert await LocalSpool(tmp_path).take("messages/m", target)
    assert target.read_bytes() == content
    assert not source.exists()
    assert [path.name for path in target.parent.iterdir()] == ["a.wav"]


async def test_a_full_disk_leaves_the_recording_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    source = tmp_path / "recording/messages/m.wav"
    write_tone(source, hz=440, seconds=1)

    def full(self: Path, other: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        await LocalSpool(tmp_path).take("messages/m", tmp_path / "kept/a.wav")
    assert source.exists()


@pytest.mark.asterisk
async def test_a_switch_that_refuses_is_not_taken_for_an_empty_one(shared_node: LocalNode, tmp_path: Path):
    stranger = FarSpool(shared_node.ari_url, "nobody", "wrong")
    with pytest.raises(SwitchError):
        await stranger.take("messages/m", tmp_path / "a.wav")
    with pytest.raises(SwitchError):
        await stranger.calls()


async def test_a_switch_that_is_away_is_said_to_be(tmp_path: Path):
    spool = spool_of(tmp_path / "nowhere", f"http://127.0.0.1:{free_port()}/ari", "a", "b")
    with pytest.raises(SwitchError, match="cannot be asked"):
        await spool.take("messages/m", tmp_path / "a.wav")


async def test_a_folder_that_is_away_is_not_taken_for_an_empty_one(tmp_path: Path):
    spool = LocalSpool(tmp_path / "away")
    for asked in (spool.take("messages/m", tmp_path / "a.wav"), spool.calls(), spool.recorded()):
        with pytest.raises(SwitchError, match="is its disk mounted"):
            await asked


async def test_a_folder_that_is_mounted_later_is_used_and_that_it_goes_again_is_no_reason_to_ask_the_switch(
    tmp_path: Path,
):
    folder = tmp_path / "spool"
    spool = spool_of(folder, f"http://127.0.0.1:{free_port()}/ari", "a", "b")
    with pytest.raises(SwitchError, match="cannot be asked"):
        await spool.recorded()
    write_tone(folder / f"recording/messages/{MESSAGE}.wav", hz=440, seconds=1)
    assert [each.message for each in await spool.recorded()] == [MESSAGE]
    (folder / "recording").rename(tmp_path / "elsewhere")
    with pytest.raises(SwitchError, match="is its disk mounted"):
        await spool.take(f"messages/{MESSAGE}", tmp_path / "a.wav")


async def test_what_is_fetched_or_copied_is_for_its_owner_alone(
    place: tuple[Spool, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    spool, folder = place
    target = tmp_path / "kept/2026/a.wav"
    write_tone(folder / f"recording/messages/{MESSAGE}.wav", hz=440, seconds=1)
    rename = Path.replace

    def across_disks(self: Path, other: Path) -> Path:
        if self.suffix == ".wav":
            raise OSError(18, "Invalid cross-device link")
        return rename(self, other)

    monkeypatch.setattr(Path, "replace", across_disks)
    assert await spool.take(f"messages/{MESSAGE}", target)
    assert [path.stat().st_mode & 0o777 for path in (target, *target.parents[:2])] == [0o600, 0o700, 0o700]


@pytest.mark.asterisk
async def test_a_switch_whose_own_folder_is_away_is_not_taken_for_an_empty_one(shared_node: LocalNode, tmp_path: Path):
    spool = FarSpool(shared_node.ari_url, shared_node.ari_username, shared_node.ari_password)
    folder = shared_node.spool_dir / "recording"
    assert not await spool.take("messages/m", tmp_path / "a.wav")
    away = folder.rename(tmp_path / "away")
    try:
        with pytest.raises(SwitchError):
            await spool.take("messages/m", tmp_path / "a.wav")
    finally:
        away.rename(folder)
