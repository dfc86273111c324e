"""Sound that can be proven: ulaw tones and key presses sent by RTP, and what arrives measured.

Nobody listens: a tone counts as heard when Goertzel's filter finds most of the energy of 200 ms at its frequency.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
import socket
import struct
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import cache
from typing import Final

RATE: Final = 8_000
FRAME: Final = 160  # samples in a packet: 20 ms
WINDOW: Final = 10  # packets that are measured together: 200 ms
CALLER_TONE: Final = 440
AGENT_TONE: Final = 880
KEYS: Final = "0123456789*#ABCD"  # in the order of RFC 4733's event codes
_HEADER: Final = struct.Struct("!BBHII")
_EVENT: Final = struct.Struct("!BBH")
_SO_TIMESTAMPNS: Final = 35  # Linux; Python's socket module has no name for it
_STAMP: Final = struct.Struct("qq")
SILENCE: Final = b"\xff" * FRAME
_AUDIBLE: Final = 200.0  # RMS of 16-bit samples: far above ulaw's own noise, far below any tone or music


# ── pure: samples, tones, measures ──


def _expand(code: int) -> int:
    """One ulaw byte → a 16-bit sample (G.711)."""
    code = ~code & 0xFF
    value = (((code & 0x0F) << 3) + 0x84 << ((code & 0x70) >> 4)) - 0x84
    return -value if code & 0x80 else value


_EXPANDED: Final = tuple(_expand(code) for code in range(256))


def compress(sample: int) -> int:
    """A 16-bit sample → one ulaw byte (G.711)."""
    sign = 0x80 if sample < 0 else 0
    value = min(abs(sample), 32_635) + 0x84
    exponent = max(value.bit_length() - 8, 0)
    return ~(sign | exponent << 4 | (value >> (exponent + 3)) & 0x0F) & 0xFF


def expand(payload: bytes) -> list[int]:
    """ulaw bytes → 16-bit samples."""
    return [_EXPANDED[code] for code in payload]


@cache
def tone(hz: int, amplitude: int = 8_000) -> tuple[bytes, ...]:
    """One second of a tone as 50 packets; played round and round it has no seam, since `hz` is whole."""
    samples = bytes(compress(round(amplitude * math.sin(2 * math.pi * hz * n / RATE))) for n in range(RATE))
    return tuple(samples[start : start + FRAME] for start in range(0, RATE, FRAME))


def share(samples: Sequence[int], hz: int) -> float:
    """How much of the energy lies at `hz`: 1 is a pure tone, 0 none of it (Goertzel)."""
    energy = sum(sample * sample for sample in samples)
    if not energy:
        return 0.0
    factor = 2 * math.cos(2 * math.pi * hz / RATE)
    before = last = 0.0
    for sample in samples:
        before, last = last, sample + factor * last - before
    power = before * before + last * last - factor * before * last
    return 2 * power / (len(samples) * energy)


def loudness(samples: Sequence[int]) -> float:
    """Root mean square of 16-bit samples."""
    return math.sqrt(sum(sample * sample for sample in samples) / len(samples)) if samples else 0.0


class NotHeard(AssertionError):
    """What should have been heard was not, within its time."""


class NotPressed(AssertionError):
    """There is no call to press keys in, or none any more."""


CONNECTED_WITHIN: Final = 10.0
"""Seconds from a key that is to be pressed to the other side's address: a call is up, or about to be."""


# ── one side's audio ──


class Audio:
    """One leg's RTP: sends a tone, silence or keys; keeps what came in the last 5 s. Made by the SIP lab."""

    def __init__(self) -> None:
        self._socket = _even_port()
        self.port: int = self._socket.getsockname()[1]
        self.packets = 0  # received
        self.keys = ""  # received by RFC 4733
        self.connected: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.let_go: list[float] = []  # when the first packet left that told a key's end, monotonic seconds
        self.arrived = 0.0  # when the packet came that is being listened to, by the kernel's clock, monotonic seconds
        self._heard: deque[bytes] = deque(maxlen=250)
        self._listeners: list[Callable[[bytes], None]] = []
        self._remote: tuple[str, int] | None = None
        self._event_type: int | None = None
        self._frames: Sequence[bytes] = (SILENCE,)
        self._keys: deque[tuple[int, bytes] | None] = deque()  # (marker, event) packets to send; None: an audio frame
        self._keys_sent: asyncio.Future[None] | None = None
        self._sequence, self._timestamp = random.randrange(1 << 16), random.randrange(1 << 31)
        self._source, self._event_at, self._last_event = random.randrange(1 << 32), 0, -1
        self._ticks, self._ending = 0, False
        self._timer: asyncio.TimerHandle | None = None
        asyncio.get_running_loop().add_reader(self._socket, self._readable)

    def connect(self, remote: tuple[str, int], event_type: int | None) -> None:
        """The other side's address is known: send to it from now on. Again after a re-INVITE."""
        self._remote, self._event_type = remote, event_type
        if self._timer is None and self._socket.fileno() >= 0:
            self._due = asyncio.get_running_loop().time()
            self._tick()
            self.connected.set_result(None)

    def play(self, hz: int | None) -> None:
        """Send this tone from the next packet on; None: silence."""
        self.loop(tone(hz) if hz else (SILENCE,))

    def loop(self, frames: Sequence[bytes]) -> None:
        """Send these packets (ulaw, 20 ms each) from their first one on, round and round."""
        self._frames, self._ticks = frames, -1

    async def press(self, keys: str, held: int = 5, ends: int = 3, gap: int = 5) -> None:
        """Press keys by RFC 4733, `held` packets of 20 ms each with `gap` between; returns when the last one is sent.

        `ends`: how often the end of each is told. Raises `NotPressed` if the call is over, or has not come up.
        """
        await asyncio.wait(
            {self.connected, self._closed}, timeout=CONNECTED_WITHIN, return_when=asyncio.FIRST_COMPLETED
        )
        if self._closed.done():
            raise NotPressed(f"{keys}: the call was over before they were pressed")
        if not self.connected.done():
            raise NotPressed(f"{keys}: the call had no sound within {CONNECTED_WITHIN:g} s")
        if self._event_type is None:
            raise ValueError("the other side takes no telephone-events")
        for key in keys:
            self._keys.extend(_key_packets(KEYS.index(key.upper()), held, ends))
            self._keys.extend([None] * gap)
        self._keys_sent = asyncio.get_running_loop().create_future()
        await self._keys_sent

    @property
    def sent(self) -> int:
        """Packets so far, 20 ms each."""
        return self._ticks

    # ── what is heard ──

    async def hears(self, hz: int, within: float = 20.0, at_least: float = 0.5) -> None:
        """Waits until 200 ms of what arrives from now on are this tone. Raises `NotHeard`."""
        await self._until(lambda samples: share(samples, hz) >= at_least, within, f"a tone of {hz} Hz")

    async def hears_sound(self, within: float = 20.0) -> None:
        """Waits until something audible arrives: a prompt, music. Raises `NotHeard`."""
        await self._until(lambda samples: True, within, "any sound")

    async def hears_silence(self, within: float = 20.0) -> None:
        """Waits until 200 ms of packets arrive with nothing audible in them. Raises `NotHeard`."""
        await self._until(lambda samples: loudness(samples) < _AUDIBLE, within, "silence", audible=False)

    async def _until(self, wanted: Callable[[list[int]], bool], within: float, what: str, audible: bool = True) -> None:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        window: list[bytes] = []
        windows = 0

        def listen(payload: bytes) -> None:
            nonlocal windows
            window.append(payload)
            if len(window) < WINDOW or done.done():
                return
            samples = expand(b"".join(window))
            window.clear()
            windows += 1
            if (not audible or loudness(samples) >= _AUDIBLE) and wanted(samples):
                done.set_result(None)

        self._listeners.append(listen)
        try:
            async with asyncio.timeout(within):
                await done
        except TimeoutError:
            raise NotHeard(f"{what} within {within} s; {windows} windows of 200 ms came, {self.heard()}") from None
        finally:
            self._listeners.remove(listen)

    def heard(self) -> str:
        """The last 200 ms in words, for a failing test."""
        samples = expand(b"".join(list(self._heard)[-WINDOW:]))
        shares = ", ".join(f"{hz} Hz {share(samples, hz):.2f}" for hz in (CALLER_TONE, AGENT_TONE))
        return f"the last: loudness {loudness(samples):.0f}, {shares}"

    # ── packets ──

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        self._send_one()
        late = 0.005 if self._keys else 0.1  # keys keep their pace: told all at once, Asterisk tells of some twice
        self._due = max(self._due + 0.02, loop.time() + 0.02 - late)  # nor is all sent that a long pause has missed
        self._timer = loop.call_at(self._due, self._tick)

    def _send_one(self) -> None:
        self._timestamp = (self._timestamp + FRAME) & 0xFFFFFFFF
        self._ticks += 1
        packet = self._keys.popleft() if self._keys else None
        if packet is None:
            self._emit(0, self._frames[self._ticks % len(self._frames)], self._timestamp)
        else:
            marker, event = packet
            if marker:
                self._event_at = self._timestamp
            assert self._event_type is not None
            if event[1] & 0x80 and not self._ending:
                self.let_go.append(time.monotonic())
            self._ending = bool(event[1] & 0x80)
            self._emit(marker << 7 | self._event_type, event, self._event_at)
        if not self._keys and self._keys_sent is not None and not self._keys_sent.done():
            self._keys_sent.set_result(None)

    def _emit(self, kind: int, payload: bytes, timestamp: int) -> None:
        self._sequence = (self._sequence + 1) & 0xFFFF
        assert self._remote is not None
        with contextlib.suppress(BlockingIOError, ConnectionRefusedError):  # lost, as on any network
            self._socket.sendto(
                _HEADER.pack(0x80, kind, self._sequence, timestamp, self._source) + payload, self._remote
            )

    def listen(self, listener: Callable[[bytes], None]) -> None:
        """From now on told of each packet's ulaw bytes; `arrived` says when it came."""
        self._listeners.append(listener)

    def _readable(self) -> None:
        offset = time.time() - time.monotonic()
        while True:
            try:
                data, extra, _flags, _sender = self._socket.recvmsg(2048, 64)
            except (BlockingIOError, InterruptedError):
                return
            except ConnectionRefusedError:
                continue
            self.arrived = _arrived(extra) - offset
            self._received(data)

    def _received(self, data: bytes) -> None:
        if len(data) <= _HEADER.size or data[0] >> 6 != 2:
            return
        self.packets += 1
        payload = data[_payload_at(data) :]
        kind = data[1] & 0x7F
        if kind == 0:
            self._heard.append(payload)
            for listen in self._listeners:
                listen(payload)
        elif kind == self._event_type and len(payload) >= _EVENT.size:
            self._key(payload, _HEADER.unpack_from(data)[3])

    def _key(self, payload: bytes, timestamp: int) -> None:
        """The end packet comes three times, all of one timestamp."""
        event, flags, _ = _EVENT.unpack_from(payload)
        if flags & 0x80 and timestamp != self._last_event and event < len(KEYS):
            self._last_event = timestamp
            self.keys += KEYS[event]

    def close(self) -> None:
        if not self._closed.done():
            self._closed.set_result(None)
        if self._timer is not None:
            self._timer.cancel()
        if self._keys_sent is not None and not self._keys_sent.done():
            self._keys_sent.set_result(None)
        if self._socket.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
        self._heard = deque(self._heard, maxlen=WINDOW)  # ended calls are remembered by the thousand


def _key_packets(event: int, held: int, ends: int) -> list[tuple[int, bytes]]:
    """One key press: a start with the marker, updates of growing duration, and the end, of the same duration."""
    pressed = [(int(n == 1), _EVENT.pack(event, 10, min(n * FRAME, 0xFFFF))) for n in range(1, held)]
    return pressed + [(0, _EVENT.pack(event, 0x80 | 10, min(held * FRAME, 0xFFFF)))] * ends


def _payload_at(data: bytes) -> int:
    start = _HEADER.size + 4 * (data[0] & 0x0F)
    if data[0] & 0x10 and len(data) >= start + 4:
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
    return start


def _arrived(extra: list[tuple[int, int, bytes]]) -> float:
    """When the kernel had it, in seconds since 1970."""
    for _level, _kind, data in extra:
        seconds, nanoseconds = _STAMP.unpack(data[: _STAMP.size])
        return float(seconds + nanoseconds / 1e9)
    return time.time()


def _even_port() -> socket.socket:
    """RTP lives on even ports: the odd one above is taken to be RTCP."""
    while True:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        sock.bind(("127.0.0.1", 0))
        if sock.getsockname()[1] % 2 == 0:
            return sock
        sock.close()
