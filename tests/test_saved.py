"""Files that are saved come into force by themselves, for whoever writes a site."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ccplane.errors import SiteError
from ccplane.saved import reload_what_is_saved


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("ari_apps", "ivr", "acd"):
        (tmp_path / name).mkdir()
    (tmp_path / "ari_apps" / "main.py").write_text("async def main(call): ...\n")
    return tmp_path


class Reloads:
    """Counts; `faulty` makes it refuse."""

    def __init__(self) -> None:
        self.count, self.faulty = 0, False
        self._news = asyncio.Event()

    async def reload(self) -> None:
        self.count += 1
        self._news.set()
        if self.faulty:
            raise SiteError("bad-key", "no such key", path="ivr/numbers.toml", line=7)

    async def come_to(self, count: int) -> None:
        async with asyncio.timeout(20):
            while self.count < count:
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def watching(folder: Path) -> AsyncIterator[Reloads]:
    """Its files are looked at; entered once they were for the first time."""
    reloads = Reloads()
    with capture_logs() as logs:
        task = asyncio.create_task(reload_what_is_saved(folder, reloads.reload, every_s=0.01))
        while not logs:
            await asyncio.sleep(0)
    try:
        yield reloads
    finally:
        task.cancel()


@pytest.mark.parametrize(
    "file", ["ari_apps/main.py", "ari_apps/more.py", "ivr/numbers.toml", "ivr/sounds/en/hello.wav"]
)
async def test_a_file_that_is_saved_is_taken_once(folder: Path, file: str) -> None:
    async with watching(folder) as reloads:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text("# changed, and longer than before\n")
        await reloads.come_to(1)
        (folder / "acd" / "queues.toml").write_text("[support]\n")
        await reloads.come_to(2)
    assert reloads.count == 2


async def test_a_file_that_is_deleted_is_a_change_too(folder: Path) -> None:
    async with watching(folder) as reloads:
        (folder / "ari_apps" / "main.py").unlink()
        await reloads.come_to(1)


async def test_what_is_no_file_of_a_site_changes_nothing(folder: Path) -> None:
    async with watching(folder) as reloads:
        (folder / "ari_apps" / ".main.py.swp").write_text("an editor's own")
        (folder / "notes.txt").write_text("mine")
        (folder / "ari_apps" / "main.py").write_text("async def main(call):\n    await call.hang_up()\n")
        await reloads.come_to(1)
    assert reloads.count == 1


async def test_a_fault_is_said_with_file_and_line_and_the_next_save_is_taken(folder: Path) -> None:
    async with watching(folder) as reloads:
        reloads.faulty = True
        with capture_logs() as logs:
            (folder / "ivr" / "numbers.toml").write_text("defualt = 1\n")
            await reloads.come_to(1)
            reloads.faulty = False
            (folder / "ivr" / "numbers.toml").write_text('default = "main"\n')
            await reloads.come_to(2)
    (said,) = [each for each in logs if each["log_level"] == "warning"]
    assert "ivr/numbers.toml" in said["error"]
    assert "7" in said["error"]
