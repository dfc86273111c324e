"""User agents that others wrote, for tests: what only our own lab understands would prove nothing."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import struct
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from ccplane.testing.rtp import CALLER_TONE, expand, share, tone
from tests.ports import free_block

HERE = Path(__file__).parent / "asterisk"
END_WITHIN = 10.0
"""Seconds that a stranger is given to sign off."""
WAVE_HEADER = 44
"""Bytes before the samples of a WAVE file as libsndfile writes it."""


def the(program: str, package: str) -> str:
    """The program's path; fails, not skips, without it."""
    found = shutil.which(program)
    if not found:
        pytest.fail(f"this test needs {program}: apt-get install {package}", pytrace=False)
    return found


def fill(template: Path, **values: object) -> str:
    text = template.read_text()
    for name, value in values.items():
        text = text.replace(f"@{name.upper()}@", str(value))
    return text


@dataclass(frozen=True)
class Baresip:
    """A running baresip: registered, answers by itself, sends 440 Hz."""

    process: asyncio.subprocess.Process
    folder: Path

    async def says(self, words: str, within: float = 20) -> None:
        """Waits for a line of its console."""
        assert self.process.stdout
        seen = []
        try:
            async with asyncio.timeout(within):
                async for line in self.process.stdout:
                    seen.append(line.decode(errors="replace"))
                    if words in seen[-1]:
                        return
        except TimeoutError:
            pass
        raise AssertionError(f"baresip never said {words!r}, but:\n{''.join(seen)}")

    async def hears(self, hz: int, within: float = 20.0) -> None:
        """Waits until 200 ms of what came from the other side are this tone."""
        try:
            async with asyncio.timeout(within):
                while most_of(self.heard(), hz) <= 0.5:
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"baresip heard no {hz} Hz in {len(self.heard())} samples within {within} s") from None

    def heard(self) -> list[int]:
        """Samples of what has come from the other side, as baresip decoded them; none before its file has begun."""
        written = b"".join(path.read_bytes() for path in self.folder.glob("*-dec.wav"))
        if len(written) < WAVE_HEADER:
            return []
        assert struct.unpack_from("<HHIIHH4s", written, 20) == (1, 1, 8000, 16_000, 2, 16, b"data")
        data = written[WAVE_HEADER:]  # how much it is its header says only once the call is over
        return [int.from_bytes(data[at : at + 2], "little", signed=True) for at in range(0, len(data) - 1, 2)]


@asynccontextmanager
async def baresip(
    folder: Path, pbx: int, user: str, secret: str, transport: str = "udp", answers: bool = True
) -> AsyncIterator[Baresip]:
    """baresip (Debian baresip-core) as the phone of `user`, registered by digest. It answers by itself, or rings."""
    program = the("baresip", "baresip-core")
    modules = next(Path("/usr/lib").glob("**/baresip/modules/g711.so")).parent
    port = free_block()
    values = {"sip_port": port, "rtp_first": port + 20, "rtp_last": port + 98, "folder": folder, "modules": modules,
              "pbx": pbx, "user": user, "secret": secret, "transport": transport,
              "answers": "auto" if answers else "manual"}  # fmt: skip
    for name in ("config", "accounts"):
        (folder / name).write_text(fill(HERE / "baresip" / name, **values))
    (folder / "contacts").write_text("")
    _write_tone(folder / "tone.wav", seconds=60)
    process = await asyncio.create_subprocess_exec(
        program, "-f", folder, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT, env={**os.environ, "HOME": str(folder), "LC_ALL": "C"}, cwd=folder,
    )  # fmt: skip
    try:
        running = Baresip(process, folder)
        await running.says("200 OK")
        yield running
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            with suppress(TimeoutError):
                await asyncio.wait_for(process.communicate(), END_WITHIN)
            if process.returncode is None:  # it waits for an answer to its last words, or for a thread of its own
                process.kill()
                await process.wait()


def keys_by_info(keys: str, plain: bool = False) -> str:
    """A scenario for `sipp`: these keys by SIP INFO, as application/dtmf-relay or (`plain`) application/dtmf."""
    kind = "application/dtmf" if plain else "application/dtmf-relay"
    pressed = [
        fill(
            HERE / "sipp" / "key.xml",
            cseq=place,
            type=kind,
            body=key if plain else f"Signal={key}\n      Duration=160",
        )
        for place, key in enumerate(keys, start=2)
    ]
    return fill(HERE / "sipp" / "keys.xml", keys="".join(pressed))


async def sipp(
    folder: Path, pbx: int, exten: str, number: str, scenario: str | None = None
) -> asyncio.subprocess.Process:
    """SIPp (Debian sip-tester) as one caller: 440 Hz until it is hung up on. Its exit code says whether all fitted."""
    (folder / "tone.ulaw").write_bytes(b"".join(tone(CALLER_TONE)))
    scenario = scenario or (HERE / "sipp" / "caller.xml").read_text().replace("[tone]", "tone.ulaw")
    (folder / "caller.xml").write_text(scenario)
    port = free_block()
    return await asyncio.create_subprocess_exec(
        the("sipp", "sip-tester"), f"127.0.0.1:{pbx}", "-i", "127.0.0.1", "-p", str(port), "-sf", "caller.xml",
        "-s", exten, "-key", "caller", number, "-m", "1", "-mi", "127.0.0.1", "-mp", str(port + 20),
        "-nostdin", "-timeout", "30", "-timeout_error", "-trace_err", "-error_file", "errors.log",
        cwd=folder, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "TERM": "dumb"},
    )  # fmt: skip


def _write_tone(path: Path, seconds: int) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(struct.pack("<8000h", *expand(b"".join(tone(CALLER_TONE)))) * seconds)


def most_of(samples: list[int], hz: int) -> float:
    """The highest share of `hz` in any 200 ms."""
    return max((share(samples[at : at + 1600], hz) for at in range(0, len(samples) - 1600, 1600)), default=0.0)
