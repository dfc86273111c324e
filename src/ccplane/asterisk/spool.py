"""Where the switch puts what it records, and how it comes from there to us: on this machine, or over ARI.

    recording/messages/m-….wav            what programs record
    recording/fallback/4001-ast1-….wav    what the dialplan's fallback records: the number dialled, the channel
    fallback/4001-ast1-….txt              each call that the fallback had: its beginning in Unix seconds, the caller

Nothing that a caller chose stands in a name; what stands in a text file is made printable and short where it is read.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import ssl
from asyncio import to_thread
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple, Protocol
from urllib.parse import quote

import httpx
import msgspec

from ccplane.asterisk.models import StoredRecording
from ccplane.asterisk.translate import printable
from ccplane.asterisk.websocket import Address
from ccplane.errors import SwitchError
from ccplane.ids import RECORDED, REVIEWED, ChannelId, MessageId, message_of_recording, message_of_review
from ccplane.private import begin_private, make_private_folder, put_in_place, sync

FALLBACK: Final = "fallback"
CALL: Final = re.compile(r"(?P<dialled>[0-9*+]{1,79})-(?P<channel>[\w.-]*?(?P<began>[0-9]{9,11})\.[0-9]+)", re.ASCII)
"""The name of a file of the fallback: the number dialled, whatever the dialplan lets through and the switch has room
for, and the channel's unique id, which tells when it began."""
FETCH_S: Final = 60.0


class FallbackCall(NamedTuple):
    """A call that the fallback has or had. `recording`: of its message, if there is one."""

    name: str
    number_dialled: str
    channel: ChannelId
    caller: str
    arrived_at: int
    ended_at: int
    recording: str | None


class Recorded(NamedTuple):
    """A program's recording. `at`: when its file was last written to; None if that is not known."""

    message: MessageId
    at: int | None


class Spool(Protocol):
    """What the keeper of messages asks of the place where they are recorded. OSError or SwitchError if it fails."""

    async def take(self, recording: str, target: Path) -> bool:
        """Put that recording there, whole and for good, for its owner alone; False if there is none of this name: an
        error if that cannot be known, because the whole spool is away."""

    async def forget(self, recording: str) -> None:
        """What is left of it is not needed any more."""

    async def calls(self) -> list[FallbackCall]:
        """The calls that the fallback has had and that were not forgotten."""

    async def forget_call(self, call: FallbackCall) -> None:
        """It has been taken over; its recording is taken by `take`."""

    async def recorded(self) -> list[Recorded]:
        """All recordings of programs that lie there."""

    async def reviewed(self) -> list[MessageId]:
        """Those of which a copy lies there, for their callers to hear."""


class LocalSpool:
    """The spool of a switch on this machine, or one that is mounted here."""

    def __init__(self, folder: Path) -> None:
        self._recordings, self._calls = folder / "recording", folder / FALLBACK

    def there(self) -> bool:
        """Whether it can be reached here; blocking."""
        return os.access(self._recordings, os.R_OK | os.W_OK | os.X_OK)

    async def take(self, recording: str, target: Path) -> bool:
        return await to_thread(self._take, recording, target)

    async def forget(self, recording: str) -> None:
        await to_thread(self._file(recording).unlink, missing_ok=True)

    async def calls(self) -> list[FallbackCall]:
        return await to_thread(self._look)

    async def forget_call(self, call: FallbackCall) -> None:
        await to_thread((self._calls / f"{call.name}.txt").unlink, missing_ok=True)

    async def recorded(self) -> list[Recorded]:
        return await to_thread(self._own)

    async def reviewed(self) -> list[MessageId]:
        names = await to_thread(_files, self._recordings / REVIEWED, ".wav")
        return [message for each in names if (message := message_of_review(f"{REVIEWED}{each.stem}"))]

    def _file(self, recording: str) -> Path:
        return self._recordings / f"{recording}.wav"

    def _take(self, recording: str, target: Path) -> bool:
        taken = _move(self._file(recording), target)
        if not taken:
            self._need()
        return taken

    def _need(self) -> None:
        if not self.there():
            sentence = f"The switch's folder {self._recordings} cannot be reached; is its disk mounted?"
            raise SwitchError("spool-away", sentence)

    def _look(self) -> list[FallbackCall]:
        self._need()
        told = {path.stem: path for path in _files(self._calls, ".txt")}
        heard = {path.stem: path for path in _files(self._recordings / FALLBACK, ".wav")}
        found = (_call(name, told.get(name), heard.get(name)) for name in {**told, **heard})
        return sorted((call for call in found if call), key=lambda call: (call.arrived_at, call.name))

    def _own(self) -> list[Recorded]:
        self._need()
        return list(self._told_of())

    def _told_of(self) -> Iterator[Recorded]:
        for path in _files(self._recordings / RECORDED, ".wav"):
            message = message_of_recording(f"{RECORDED}{path.stem}")
            if message is not None:
                with suppress(FileNotFoundError):  # taken this moment
                    yield Recorded(message, _written(path))


class FarSpool:
    """The spool of a switch elsewhere, by ARI. It does not tell who called the fallback, only that somebody did."""

    def __init__(self, url: str, username: str, password: str) -> None:
        self._address = Address(url, username, password)
        self._verify = ssl.create_default_context() if self._address.secure else False  # once: it reads files

    async def take(self, recording: str, target: Path) -> bool:
        answer = await self._ask("GET", f"{_stored(recording)}/file")
        if answer.status_code == 404:
            await self._names()  # a switch whose own folder is away answers the same, and fails at this
            return False
        _need(answer)
        await to_thread(_put, target, answer.content)
        return True

    async def forget(self, recording: str) -> None:
        answer = await self._ask("DELETE", _stored(recording))
        if answer.status_code != 404:
            _need(answer)

    async def calls(self) -> list[FallbackCall]:
        names = [each.removeprefix(f"{FALLBACK}/") for each in await self._names() if each.startswith(f"{FALLBACK}/")]
        return [call for name in names if (call := _call(name, None, None, recorded=True))]

    async def forget_call(self, call: FallbackCall) -> None:
        """There is nothing but the recording."""

    async def recorded(self) -> list[Recorded]:
        return [Recorded(message, None) for each in await self._names() if (message := message_of_recording(each))]

    async def reviewed(self) -> list[MessageId]:
        return [message for each in await self._names() if (message := message_of_review(each))]

    async def _names(self) -> list[str]:
        answer = await self._ask("GET", "/recordings/stored")
        _need(answer)
        return [each.name for each in msgspec.json.decode(answer.content, type=list[StoredRecording])]

    async def _ask(self, method: str, path: str) -> httpx.Response:
        given = self._address
        try:
            async with httpx.AsyncClient(
                base_url=given.rest,
                auth=(given.username, given.password),
                verify=self._verify,
                timeout=FETCH_S,
                trust_env=False,
            ) as client:
                return await client.request(method, path)
        except httpx.HTTPError as error:
            raise SwitchError(
                "switch-does-not-answer", f"The switch cannot be asked for recordings: {error}"
            ) from error


class EitherSpool:
    """By the folder from when it was first seen here, else by ARI. Looked at each time: a disk may be mounted later.
    One that was here and is not any more is away; what the switch would say then is not asked."""

    def __init__(self, near: LocalSpool, far: Spool) -> None:
        self._near, self._far, self._seen = near, far, False

    async def take(self, recording: str, target: Path) -> bool:
        return await (await self._now()).take(recording, target)

    async def forget(self, recording: str) -> None:
        await (await self._now()).forget(recording)

    async def calls(self) -> list[FallbackCall]:
        return await (await self._now()).calls()

    async def forget_call(self, call: FallbackCall) -> None:
        await (await self._now()).forget_call(call)

    async def recorded(self) -> list[Recorded]:
        return await (await self._now()).recorded()

    async def reviewed(self) -> list[MessageId]:
        return await (await self._now()).reviewed()

    async def _now(self) -> Spool:
        self._seen = self._seen or await to_thread(self._near.there)
        return self._near if self._seen else self._far


def _stored(recording: str) -> str:
    return f"/recordings/stored/{quote(recording, safe='')}"


def _need(answer: httpx.Response) -> None:
    if not answer.is_success:
        sentence = f"The switch answers {answer.status_code} to {answer.request.method} {answer.request.url.path}."
        raise SwitchError("recordings-refused", sentence)


def spool_of(folder: Path, url: str, username: str, password: str) -> Spool:
    """By the folder where it can be reached, else by ARI."""
    return EitherSpool(LocalSpool(folder), FarSpool(url, username, password))


def _files(folder: Path, suffix: str) -> list[Path]:
    return sorted(folder.glob(f"*{suffix}"))


def _call(name: str, told: Path | None, heard: Path | None, *, recorded: bool = False) -> FallbackCall | None:
    """A call by its name, what was written of it, and its recording; None for a name that is none of the fallback's."""
    parts = CALL.fullmatch(name)
    if parts is None:
        return None
    began = int(parts["began"]) * 1000
    caller, ended = "", began
    with suppress(OSError):  # taken this moment by a plane before us: the core knows it then
        if told is not None:
            caller = printable(told.read_text("utf-8", "replace")[:200].partition(" ")[2])
        ended = max([_written(path) for path in (told, heard) if path is not None], default=began)
    recording = f"{FALLBACK}/{name}" if heard is not None or recorded else None
    return FallbackCall(name, parts["dialled"], ChannelId(parts["channel"]), caller, began, ended, recording)


def _written(path: Path) -> int:
    return path.stat().st_mtime_ns // 1_000_000


def _move(source: Path, target: Path) -> bool:
    """A rename where that is possible; else a copy that is whole before it has its name."""
    if not source.exists():
        return False
    make_private_folder(target.parent)
    try:
        if _made_private(source):
            source.replace(target)
        else:
            _copy(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy(source, target)
    sync(target.parent)
    return True


def _made_private(source: Path) -> bool:
    """Before it is moved, so that under its new name it is never readable by others. Only its owner can do that."""
    with suppress(PermissionError):
        source.chmod(0o600)
        return True
    return False


def _copy(source: Path, target: Path) -> None:
    partial = _partial(target)
    with source.open("rb") as sound, begin_private(partial) as out:
        shutil.copyfileobj(sound, out)
    put_in_place(partial, target)
    source.unlink()


def _put(target: Path, content: bytes) -> None:
    make_private_folder(target.parent)
    partial = _partial(target)
    with begin_private(partial) as out:
        out.write(content)
    put_in_place(partial, target)


def _partial(target: Path) -> Path:
    return target.with_name(f".{target.name}.partial")
