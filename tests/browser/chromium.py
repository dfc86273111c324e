"""A real browser that a test drives: headless Chromium, spoken to by its own DevTools protocol.

One process serves all tests; each test gets a context of its own (cookies, storage, permissions), as a private window.
The microphone is a file: a tone, so that it can be recognised at the other end of a call.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import math
import os
import shutil
import signal
import struct
import subprocess
import time
import wave
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

FLAGS = (
    "--headless",
    "--no-sandbox",  # the tests run as root
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-quic",
    "--disable-sync",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--no-proxy-server",
    "--remote-debugging-port=0",
    "--use-fake-device-for-media-stream",
    "--allow-loopback-in-peer-connection",  # else a browser offers no address of 127.0.0.0/8
    "--disable-features=WebRtcHideLocalIpsWithMdns",
)
START_WITHIN = 60.0
HEARD_DB = -45.0
"""Loudness of the strongest frequency that counts as sound; a tone of the lab comes with some -20."""


class Chromium:
    """The process."""

    def __init__(self, address: str) -> None:
        self.address = address

    @asynccontextmanager
    async def window(self, *, microphone: bool = True) -> AsyncIterator[Window]:
        """A private window; its microphone is granted to every page, or denied."""
        async with connect(self.address, max_size=None, open_timeout=30) as socket:
            protocol = _Protocol(socket)
            reading = asyncio.create_task(protocol.read())
            context = (await protocol.call("Target.createBrowserContext"))["browserContextId"]
            setting = "granted" if microphone else "denied"
            await protocol.call(
                "Browser.setPermission", browserContextId=context, permission={"name": "microphone"}, setting=setting
            )
            try:
                yield Window(protocol, context)
            finally:
                with suppress(AssertionError):
                    await protocol.call("Target.disposeBrowserContext", browserContextId=context)
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)


class Window:
    """Tabs that share storage and permissions."""

    def __init__(self, protocol: _Protocol, context: str) -> None:
        self._protocol, self._context = protocol, context

    async def open(self, url: str, first: str = "") -> Tab:
        """A new tab; returns when the page is loaded. `first`: a script that is run before the page's own."""
        target = await self._protocol.call("Target.createTarget", url="about:blank", browserContextId=self._context)
        attached = await self._protocol.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        tab = Tab(self._protocol, target["targetId"], attached["sessionId"])
        if first:
            await tab.call("Page.enable")
            await tab.call("Page.addScriptToEvaluateOnNewDocument", source=first)
        await tab.load(url)
        return tab


class Tab:
    """One page."""

    def __init__(self, protocol: _Protocol, target: str, session: str) -> None:
        self._protocol, self._target, self._session = protocol, target, session

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return await self._protocol.call(method, self._session, **parameters)

    @contextmanager
    def hearing(self, method: str) -> Iterator[list[dict[str, Any]]]:
        """What the browser tells of this event meanwhile."""
        with self._protocol.hearing(method, self._session) as heard:
            yield heard

    async def load(self, url: str) -> None:
        await self.call("Page.enable")
        await self.call("Page.navigate", url=url)
        await self.until("document.readyState === 'complete' && location.href !== 'about:blank'", within=30)

    async def reload(self) -> None:
        await self.evaluate("window.before = true")
        await self.call("Page.reload")
        await self.until("document.readyState === 'complete' && !window.before", within=30)

    async def close(self) -> None:
        """As a user closes a tab."""
        await self._protocol.call("Target.closeTarget", targetId=self._target)

    async def crash(self) -> None:
        """The page's process dies."""
        with suppress(AssertionError, TimeoutError):
            async with asyncio.timeout(2):
                await self.call("Page.crash")

    async def evaluate(self, expression: str) -> Any:
        """The value of this JavaScript; a promise is awaited."""
        said = await self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in said:
            raise AssertionError(f"{expression}: {said['exceptionDetails']}")
        return said["result"].get("value")

    async def until(self, expression: str, within: float = 15) -> None:
        """Wait until this JavaScript is true; AssertionError with the page's text if it does not get so."""
        try:
            async with asyncio.timeout(within):
                while not await self._true(expression):
                    await asyncio.sleep(0.02)
        except TimeoutError:
            shown = await self.evaluate("document.body.innerText + ' ' + JSON.stringify(document.body.dataset)")
            raise AssertionError(f"waited {within} s for {expression}; the page shows: {shown}") from None

    async def _true(self, expression: str) -> bool:
        try:
            return bool(await self.evaluate(expression))
        except AssertionError as error:  # the page is just being replaced by another one
            if "context" in str(error):
                return False
            raise

    async def text(self, selector: str) -> str:
        return await self.evaluate(f"document.querySelector({selector!r}).innerText")

    async def click(self, selector: str) -> None:
        """With the mouse, as a user: it counts as a gesture. Waits until there is something to click."""
        await self.until(f"document.querySelector({selector!r})?.checkVisibility()")
        at = await self.evaluate(
            f"(() => {{ const element = document.querySelector({selector!r}); element.scrollIntoView();"
            "const { x, y, width, height } = element.getBoundingClientRect();"
            "return { x: x + width / 2, y: y + height / 2 } })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            await self.call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **at)

    async def fill(self, selector: str, text: str) -> None:
        await self.evaluate(f"document.querySelector({selector!r}).select()")
        await self.call("Input.insertText", text=text)

    async def hears(self, hz: int, within: float = 20) -> None:
        """Wait until the strongest frequency that comes out of the page's loudspeaker is this one, and audible."""
        heard = await self.evaluate(LISTEN % {"hz": hz, "db": HEARD_DB, "ms": within * 1000})
        if not heard["well"]:
            raise AssertionError(f"the browser did not hear {hz} Hz within {within} s, the last was {heard}")


LISTEN = """(async () => {
  const audio = new AudioContext();
  await audio.resume();
  const ear = new AnalyserNode(audio, { fftSize: 8192, smoothingTimeConstant: 0 });
  const bins = new Float32Array(ear.frequencyBinCount), width = audio.sampleRate / ear.fftSize;
  const until = performance.now() + %(ms)d, heard = { hz: 0, db: -Infinity, well: false };
  let source, stream;
  while (!heard.well && performance.now() < until) {
    const now = document.querySelector("audio").srcObject;
    if (now && now !== stream) {
      source?.disconnect();
      source = audio.createMediaStreamSource((stream = now));
      source.connect(ear);
    }
    await new Promise((done) => setTimeout(done, 50));
    ear.getFloatFrequencyData(bins);
    const peak = bins.indexOf(bins.reduce((one, other) => Math.max(one, other)));
    heard.hz = Math.round(peak * width);
    heard.db = bins[peak];
    heard.well = Math.abs(heard.hz - %(hz)d) <= 2 * width && heard.db > %(db)f;
  }
  await audio.close();
  return { ...heard, db: Number.isFinite(heard.db) ? heard.db : null };
})()"""


class _Protocol:
    """Numbered calls and their answers; of events those that somebody wants to hear."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._open: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._heard: dict[tuple[str, str], list[dict[str, Any]]] = {}

    @contextmanager
    def hearing(self, method: str, session: str) -> Iterator[list[dict[str, Any]]]:
        heard = self._heard[method, session] = []
        try:
            yield heard
        finally:
            del self._heard[method, session]

    async def read(self) -> None:
        async for message in self._socket:
            said = json.loads(message)
            heard = self._heard.get((said.get("method", ""), said.get("sessionId", "")))
            if heard is not None:
                heard.append(said["params"])
            answer = self._open.pop(said.get("id", 0), None)
            if answer is not None and not answer.done():
                answer.set_result(said)

    async def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        answer = self._open[number] = asyncio.get_running_loop().create_future()
        message = {"id": number, "method": method, "params": parameters}
        await self._socket.send(json.dumps(message | ({"sessionId": session} if session else {})))
        async with asyncio.timeout(60):
            said = await answer
        if "error" in said:
            raise AssertionError(f"{method}: {said['error']}")
        return said["result"]


@contextmanager
def chromium(folder: Path, microphone_hz: int) -> Iterator[Chromium]:
    """A running browser with this tone for a microphone; its files lie in `folder`."""
    program = shutil.which("chromium")
    assert program, "there is no chromium: run asterisk-docker/install.sh host test"
    tone_file(folder / "microphone.wav", microphone_hz)
    command = [
        *("setpriv", "--pdeathsig", "KILL", program, *FLAGS),
        f"--user-data-dir={folder / 'profile'}",
        f"--use-file-for-fake-audio-capture={folder / 'microphone.wav'}",
        "about:blank",
    ]
    with (folder / "chromium.log").open("wb") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd=folder
        )
    try:
        yield Chromium(_address(folder / "profile" / "DevToolsActivePort", process, folder / "chromium.log"))
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _address(file: Path, process: subprocess.Popen[bytes], log: Path) -> str:
    """Chromium says in a file where it listens, once it does."""
    deadline = time.monotonic() + START_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        lines = file.read_text().split() if file.exists() else []
        if len(lines) == 2:
            return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
        time.sleep(0.05)
    raise AssertionError(f"Chromium did not start:\n{log.read_text(errors='replace')[-2000:]}")


def tone_file(path: Path, hz: int, seconds: int = 1, rate: int = 48_000) -> None:
    """A tone that has no seam when it is played again and again."""
    samples = (round(8_000 * math.sin(2 * math.pi * hz * n / rate)) for n in range(rate * seconds))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
