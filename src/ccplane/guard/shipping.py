"""Ships the calls of the fallback to ccplane: each at least once, however often either of us dies.

How far the log was read, which calls are open, and which are over and not taken yet lie in one small file, which is
whole at any moment. While ccplane is away the log itself is the memory: it is not read far ahead.
"""

from __future__ import annotations

import asyncio
import time
from asyncio import to_thread
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

import httpx
import msgspec
import structlog
from msgspec.structs import replace

from ccplane.guard.log_file import Place, read_on
from ccplane.guard.queue_log import Call, read_all, settled
from ccplane.private import write_private

log = structlog.get_logger()

LOOK_S: Final = 1.0
AGAIN_S: Final = 5.0
MOST: Final = 100
"""Calls told at once."""
AHEAD: Final = 1_000
"""With so many not taken yet nothing further is read."""
POST_S: Final = 30.0
PUT_OFF_S: Final = 86_400.0
LONGEST_S: Final = 600.0
"""Between two tellings of a call that is wanted later."""
REFUSED: Final = frozenset({400, 413, 422})
"""It is the call that is wrong: told again it would be refused again."""


class NotTold(Exception):
    """ccplane can't be told now."""


class Desk(Protocol):
    """Takes calls that are over; NotTold if it can't now."""

    async def take(self, calls: Sequence[Call]) -> set[str]:
        """The channels of those that need not be told of again."""


class Progress(msgspec.Struct, frozen=True):
    """All that must outlive us."""

    place: Place = Place()
    open_calls: dict[str, Call] = {}
    untold: list[Call] = []
    written_at: int = 0
    """When the last line was written that was read, in Unix seconds."""


@dataclass(frozen=True, slots=True)
class PutOff:
    """A call that ccplane wants to be told of later, by our monotonic clock. It may be one that it can never decide,
    which costs it a line in its log each time."""

    since: float
    due: float
    pause: float

    def again(self, now: float) -> PutOff:
        pause = min(self.pause * 2, LONGEST_S)
        return PutOff(self.since, now + pause, pause)


class Shipper:
    """Reads the log of one node and tells of its calls."""

    def __init__(
        self,
        path: Path,
        progress: Path,
        desk: Desk,
        look_s: float = LOOK_S,
        again_s: float = AGAIN_S,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`path`: Asterisk's queue_log; `progress`: the file that is ours."""
        self._path, self._file, self._desk = path, progress, desk
        self._look_s, self._again_s, self._now = look_s, again_s, now
        self._known = Progress()
        self._complaint = ""
        self._later: dict[str, PutOff] = {}

    async def run(self) -> None:
        """Until cancelled; what fails is tried again."""
        self._known = await to_thread(_recalled, self._file)
        while True:
            try:
                more = await self._read() | await self._tell()
            except (OSError, NotTold) as fault:
                self._complain(str(fault))
                await asyncio.sleep(self._again_s)
                continue
            self._complaint = ""
            if not more:
                await asyncio.sleep(self._look_s)  # nobody tells when a line is written

    async def _read(self) -> bool:
        """Some of the log, unless much is untold; whether there may be more of it."""
        known = self._known
        if len(known.untold) >= AHEAD:
            return False
        piece = await to_thread(read_on, self._path, known.place)
        if piece.lost:
            log.error("a part of the queue_log is gone that was not read yet", path=str(self._path))
        open_calls = dict(known.open_calls)
        over, written_at = read_all(open_calls, piece.lines, known.written_at)
        if not piece.more:
            over += settled(open_calls, int(time.time()))
        if piece.after != known.place or over:
            await self._keep(Progress(piece.after, open_calls, [*known.untold, *over], written_at))
        return piece.more

    async def _tell(self) -> bool:
        """Of what is over, and not put off; whether something was taken, and so more may be."""
        now = self._now()
        untold = [each for each in self._known.untold if self._is_due(each, now)]
        for first in range(0, len(untold), MOST):
            told = untold[first : first + MOST]
            taken = await self._desk.take(told)
            done = taken | self._put_off(told, taken, now)
            if done:
                await self._keep(_told(self._known, done))
                return True
        return False

    def _is_due(self, call: Call, now: float) -> bool:
        later = self._later.get(call.channel)
        return later is None or later.due <= now

    def _put_off(self, told: Sequence[Call], taken: set[str], now: float) -> set[str]:
        """Each for itself, and longer each time. Those that ccplane has wanted to be told of later for a day it will
        never take."""
        for each in taken:
            self._later.pop(each, None)
        gone = set()
        for each in (call.channel for call in told if call.channel not in taken):
            before = self._later.get(each)
            self._later[each] = before.again(now) if before else PutOff(now, now + self._again_s, self._again_s)
            if now - self._later[each].since > PUT_OFF_S:
                gone.add(each)
        for each in gone:
            del self._later[each]
            log.error("ccplane has put a call of the fallback off for a day; it is given up", call=each)
        return gone

    async def _keep(self, progress: Progress) -> None:
        await to_thread(write_private, self._file, msgspec.json.encode(progress).decode())
        self._known = progress

    def _complain(self, why: str) -> None:
        """Once in a row."""
        if why != self._complaint:
            log.warning("calls of the fallback could not be told to ccplane yet; trying on", reason=why)
        self._complaint = why


def _told(known: Progress, taken: set[str]) -> Progress:
    return replace(known, untold=[each for each in known.untold if each.channel not in taken])


def _recalled(file: Path) -> Progress:
    """From the beginning of the log, if what was kept can't be read: ccplane takes each call once all the same."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Progress)
    except (FileNotFoundError, msgspec.DecodeError):
        return Progress()


class Api:
    """ccplane's desk, by its API."""

    def __init__(self, url: str, token: Path | str, node: str) -> None:
        """`token`: the guard's, or the file in which it lies; it is read each time, for it may come later."""
        self._url, self._token, self._node = url, token, node

    async def take(self, calls: Sequence[Call]) -> set[str]:
        answer = await self._post(calls)
        if answer.status_code in REFUSED:
            return await self._refused(calls, answer)
        if not answer.is_success:
            raise NotTold(f"ccplane answers {answer.status_code}")
        said = answer.json()
        for each in said.get("refused", ()):
            self._give_up(each["channel"], each["why"])
        return {*said["taken"], *(each["channel"] for each in said.get("refused", ()))}

    async def _refused(self, calls: Sequence[Call], answer: httpx.Response) -> set[str]:
        """One of them is wrong: each is told by itself, and the wrong one given up, which is said."""
        if len(calls) > 1:
            return {channel for each in calls for channel in await self.take((each,))}
        self._give_up(calls[0].channel, answer.text)
        return {calls[0].channel}

    @staticmethod
    def _give_up(channel: str, why: str) -> None:
        log.error("ccplane refuses a call of the fallback; it is given up", call=channel, why=why)

    async def _post(self, calls: Sequence[Call]) -> httpx.Response:
        body = msgspec.json.encode({"node": self._node, "calls": [_worded(each) for each in calls]})
        try:
            token = self._token if isinstance(self._token, str) else (await to_thread(self._token.read_text)).strip()
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            secure = self._url.startswith("https:")  # what that needs takes 20 ms to read, beside the watching
            async with httpx.AsyncClient(timeout=POST_S, trust_env=False, verify=secure) as client:
                return await client.post(f"{self._url}/api/v1/fallback-calls", content=body, headers=headers)
        except httpx.HTTPError as error:
            raise NotTold(f"ccplane does not answer: {error or type(error).__name__}") from error


def _worded(call: Call) -> dict[str, object]:
    stay = call.stay and {
        "queue": call.stay.queue,
        "queued_at": _iso(call.stay.queued_at),
        "outcome": call.stay.outcome,
        "waited_ms": call.stay.waited_s * 1000,
        "agent": call.stay.agent or None,
        "talk_ms": None if call.stay.talk_s is None else call.stay.talk_s * 1000,
        "by": call.stay.by or None,
    }
    return {
        "channel": call.channel,
        "number_dialled": call.number_dialled,
        "caller": call.caller,
        "arrived_at": _iso(call.began_at),
        "ended_at": _iso(call.ended_at or call.heard_at),
        "stay": stay,
    }


def _iso(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()
