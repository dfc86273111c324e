"""`make run`: everything on one machine, in the foreground, and nothing left when it ends.

What the settings don't name is started here: a private Asterisk, an embedded Postgres, then the plane as a child
(`python -m ccplane run`). A part that dies is started again, with a pause that grows; calls that are up don't notice a
plane or a database that died. Ctrl-C, SIGTERM and a closed terminal end all of it in order; a second Ctrl-C at once.

However this process ends, even by kill -9, the kernel ends its children, and the next start finds and ends what might
still be there. A file lock, which goes with the process, keeps a second instance away.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import shlex
import signal
import socket
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Protocol

import click
import httpx

from ccplane.asterisk.node import HOME, LocalNode, NodePorts, need_free
from ccplane.child import Child
from ccplane.errors import CcplaneError, MachineError, SetupError
from ccplane.postgres.embedded import EmbeddedPostgres
from ccplane.settings import Settings, load, make_runtime

PAUSES: Final = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds before a part that died is started again; the last one repeats."""

CALM: Final = 60.0
"""Seconds a part must have been up for its next death to count as the first."""

PHONES_WITHIN: Final = 5.0
"""Seconds that a plane which routes calls is given to push the phones' accounts to the switch."""

PATIENCE: Final = 15.0
"""Seconds after which a plane that is not ready is mentioned, again and again."""

INSTALL_FAULTS: Final = {3: "no-network", 4: "no-rights", 5: "no-good-asterisk"}
"""asterisk-docker/install.sh's exit status, as a SetupError's code."""


def say(words: str) -> None:
    """To the terminal; one that was closed must not keep us from ending the rest."""
    with suppress(OSError):
        click.echo(words)


Beside = Callable[[], Coroutine[Any, Any, None]]


class Part(Protocol):
    """Something that is started, can die, and is ended."""

    async def start(self) -> object: ...
    async def stop(self) -> None: ...
    async def wait(self) -> int: ...
    def kill(self) -> None: ...


class PlaneProcess:
    """The plane itself, as a child. Ready when it says so."""

    def __init__(self, command: Sequence[str], runtime: Path, url: str) -> None:
        self.environment: Mapping[str, str] = {}
        self._command, self._url = command, url
        self._child = Child(runtime / "plane.json")

    async def end_stale(self) -> None:
        """One that an earlier run left may still hold the port, for as long as it takes to end in order."""
        await self._child.end_stale(signal.SIGTERM)

    async def start(self) -> None:
        """Returns when /readyz answers 200, however long that takes. PlaneEnded if it ends before."""
        await self.end_stale()
        self._child.start(self._command, log=None, environment=self.environment, when_we_die=signal.SIGTERM)
        ready, dead = asyncio.ensure_future(self._ready()), asyncio.ensure_future(self._child.wait())
        try:
            while not (ready.done() or dead.done()):
                ended, _ = await asyncio.wait({ready, dead}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
                if not ended:
                    say(f"ccplane: not ready yet; {self._url}/readyz says what is missing")
            if dead.done():
                raise PlaneEnded(dead.result())
        finally:
            for task in (ready, dead):
                task.cancel()
            await asyncio.gather(ready, dead, return_exceptions=True)

    async def _ready(self) -> None:
        """Calls are routed, and phones can register; but calls are not kept waiting for phones that can't be pushed."""
        routes_since: float | None = None
        async with httpx.AsyncClient(trust_env=False, timeout=2.0) as client:
            while routes_since is None or time.monotonic() - routes_since < PHONES_WITHIN:
                with suppress(httpx.HTTPError):
                    answer = await client.get(f"{self._url}/readyz")
                    if answer.status_code != 200:
                        routes_since = None
                    elif _phones_are_pushed(answer):
                        return
                    else:
                        routes_since = routes_since or time.monotonic()
                await asyncio.sleep(0.05)
        say(f"ccplane: calls are routed, but not all phones can register yet; {self._url}/readyz says why")

    async def stop(self) -> None:
        await self._child.stop(signal.SIGTERM, grace=15.0)

    async def wait(self) -> int:
        return await self._child.wait()

    def kill(self) -> None:
        self._child.kill()


def _phones_are_pushed(ready: httpx.Response) -> bool:
    try:
        return bool(ready.json()["parts"]["phones"]["ok"])
    except (ValueError, KeyError, TypeError):
        return False


class PlaneEnded(CcplaneError):
    """The plane ended before it was ready; it has said why itself."""

    def __init__(self, status: int) -> None:
        super().__init__("plane-ended", f"ccplane ended with status {status} before it was ready.", status=status)
        self.status = status
        self.exit_code = status if status > 0 else 1


class Stack:
    """All parts of one machine, in the order in which they start."""

    def __init__(self, settings: Settings, plane_command: Sequence[str] | None = None) -> None:
        self.settings = settings
        self.node: LocalNode | None = None
        self.postgres: EmbeddedPostgres | None = None
        command = plane_command or (sys.executable, "-m", "ccplane", "run")
        self._plane = PlaneProcess(command, settings.runtime, f"http://{settings.bind}:{settings.port}")
        self._parts: dict[str, Part] = {}
        self._installer = Child(settings.runtime / "install.json")

    async def start(self) -> None:
        """Returns when calls can be taken. Asterisk and Postgres start side by side."""
        given = self.settings
        await self._plane.end_stale()
        need_free(given.bind, given.port, socket.SOCK_STREAM, "CCPLANE_PORT")
        if not given.ari_url:
            await self._install()
            self.node = self._parts["Asterisk"] = local_node(given)
        if not given.database_url:
            self.postgres = self._parts["Postgres"] = EmbeddedPostgres(given.postgres_dir)
        starts = [timed(name, part) for name, part in self._parts.items()]
        for result in await asyncio.gather(*starts, return_exceptions=True):  # all are waited for, then the first fault
            if isinstance(result, BaseException):
                raise result
        self._plane.environment = plane_environment(given, self.node, self.postgres)
        self._parts["ccplane"] = self._plane
        await timed("ccplane", self._plane)

    async def watch(self) -> None:
        """Starts again whatever dies. Never returns."""
        async with asyncio.TaskGroup() as group:
            for name, part in self._parts.items():
                group.create_task(keep_up(name, part))

    async def stop(self) -> None:
        """Ends everything, the last started first. The database outlives the plane: its last facts are shipped."""
        await self._installer.stop(group=True)
        for name, part in reversed(self._parts.items()):
            started = time.monotonic()
            await part.stop()
            say(f"{name}: ended ({time.monotonic() - started:.1f} s)")

    def kill(self) -> None:
        for part in self._parts.values():
            part.kill()

    async def _install(self) -> None:
        """The private root; says what it does, since the first time takes a minute."""
        script = HOME / "asterisk-docker" / "install.sh"
        await self._installer.end_stale()
        self._installer.start([script, "root", self.settings.root_dir], log=None)
        status = await self._installer.wait()
        await self._installer.stop()
        if status != 0:
            code = INSTALL_FAULTS.get(status, "no-asterisk-root")
            raise SetupError(code, "There is no Asterisk to run: the message above says why, and what to do.")


def local_node(settings: Settings) -> LocalNode:
    return LocalNode(
        settings.root_dir,
        settings.node_dir,
        name=settings.node,
        bind=settings.bind,
        dialplan=settings.site / "dialplan",
        trunk=settings.trunk,
        ports=NodePorts(
            sip=settings.sip_port,
            http=settings.http_port,
            ami=settings.ami_port,
            rtp_first=settings.rtp_first,
            rtp_last=settings.rtp_last,
        ),
    )


def plane_environment(settings: Settings, node: LocalNode | None, postgres: EmbeddedPostgres | None) -> dict[str, str]:
    """Ours, and where the parts are that we started."""
    environment = dict(os.environ)
    if node:
        environment |= {
            "CCPLANE_ARI_URL": node.ari_url,
            "CCPLANE_ARI_USERNAME": node.ari_username,
            "CCPLANE_ARI_PASSWORD": node.ari_password,
            "CCPLANE_AMI_HOST": node.bind,
            "CCPLANE_AMI_PORT": str(node.ami_port),
            "CCPLANE_AMI_USERNAME": node.ami_username,
            "CCPLANE_AMI_PASSWORD": node.ami_password,
            "CCPLANE_SOUNDS": str(node.sounds_dir),
            "CCPLANE_SPOOL": str(node.spool_dir),
        }
    if postgres:
        environment["CCPLANE_DATABASE_URL"] = postgres.url()
    return environment | {"CCPLANE_RUNTIME": str(settings.runtime)}


async def timed(name: str, part: Part) -> None:
    started = time.monotonic()
    await part.start()
    say(f"{name}: ready ({time.monotonic() - started:.1f} s)")


async def keep_up(name: str, part: Part) -> None:
    """Starts the part again each time it dies, with a pause that grows while it dies young.

    Whatever keeps it from starting (a full disk, a fault of ours) is said and tried again: the other parts, and the
    calls that are up, must not end for it.
    """
    deaths = 0
    while True:
        since = time.monotonic()
        status = await part.wait()
        deaths = 1 if time.monotonic() - since > CALM else deaths + 1
        pause = PAUSES[min(deaths, len(PAUSES)) - 1]
        say(f"{name}: ended by itself (status {status}); starting it again in {pause} s")
        await asyncio.sleep(pause)
        try:
            await timed(name, part)
        except CcplaneError as error:
            say(f"{name}: {error}")
        except Exception as error:
            say(f"{name}: could not be started: {error!r}")


@contextmanager
def sole_instance(runtime: Path) -> Iterator[None]:
    """Holds the folder for this process. SetupError "already-running" if another one has it."""
    make_runtime(runtime)
    with (runtime / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise SetupError(
                "already-running",
                f"Another ccplane runs from {runtime} (process {lock.read().strip() or 'unknown'}): "
                "end that one first, or give this one a folder of its own with CCPLANE_RUNTIME=DIR.",
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        try:
            yield
        finally:
            lock.truncate(0)


async def run(settings: Settings, plane_command: Sequence[str] | None = None, beside: Beside | None = None) -> int:
    """Starts all, watches until told to end, ends all. The exit status.

    `beside`: what else is done once calls can be taken; it is cancelled when told to end, and when it returns all ends.
    """
    stack = Stack(settings, plane_command)
    told = asyncio.Event()
    with ExitStack() as cleanup:
        cleanup.enter_context(sole_instance(settings.runtime))
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, _told, told, stack)
        try:
            started = time.monotonic()
            if not await unless(told, stack.start()):
                return 130
            say(welcome(settings, stack, time.monotonic() - started))
            await unless(told, _both(stack, beside) if beside else stack.watch())
            return 0
        finally:
            await stack.stop()


async def _both(stack: Stack, beside: Beside) -> None:
    watching = asyncio.create_task(stack.watch())
    try:
        await beside()
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


def _told(told: asyncio.Event, stack: Stack) -> None:
    if told.is_set():
        stack.kill()
    else:
        say("\nEnding; once more to end at once.")
        told.set()


async def unless(told: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Does the work until we are told to end. True if it was done, False if it was cut off."""
    doing, waiting = asyncio.ensure_future(work), asyncio.ensure_future(told.wait())
    try:
        await asyncio.wait({doing, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if not doing.done():
            return False
        doing.result()
        return True
    finally:
        for task in (doing, waiting):
            task.cancel()
        await asyncio.gather(doing, waiting, return_exceptions=True)


def welcome(settings: Settings, stack: Stack, took: float) -> str:
    """What to open and what to dial: the README's own commands, with this start's settings."""
    url = f"http://{settings.bind}:{settings.port}"
    sip = f"{settings.external_address}:{settings.sip_port}"
    first, last = 1001, 1000 + settings.demo_agents
    token = "$CCPLANE_ADMIN_TOKEN" if settings.admin_token else f"$(cat {_from_here(settings.runtime / 'admin-token')})"
    ccplane = _exports(settings) + _from_here(Path(sys.executable).with_name("ccplane"))
    first_of_all = (
        "\n  first     export CCPLANE_ADMIN_TOKEN=…   the token this start was given\n" if settings.admin_token else ""
    )
    asterisk = f"log {stack.node.log_dir / 'messages.log'}" if stack.node else settings.ari_url
    return f"""
ccplane is ready ({took:.1f} s). Ctrl-C ends everything. From another terminal, in this folder:
{first_of_all}
  phones    {first} to {last}, SIP {sip} (UDP or TCP); a phone's secret:
            TOKEN={token}
            curl -s -H "Authorization: Bearer $TOKEN" {url}/api/v1/agents/{first}/phone
  browser   {url}/phone, with the PIN of {ccplane} agent {first} pin
            or with that token
  sign in   {ccplane} agent {first} ready
  dial      sip:4001@{sip}   a menu: 1 sales, 2 support, 9 leave a message, 0 anyone
            sip:4002@{sip}   straight to support
            sip:4003@{sip}   straight to sales
            sip:4004@{sip}   menus of two levels, and an order's number
  look      {ccplane} status
  open      {url}/wallboard          queues and agents, live
            {url}/api/v1/wallboard   the same as JSON
            {url}/api/v1/messages    what callers said, with the token
            {url}/api/docs           the API
            {url}/readyz             what works and what doesn't
            {url}/metrics            for Prometheus
  asterisk  {asterisk}
"""


def _from_here(path: Path) -> str:
    """As one would type it in this folder."""
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))


def _exports(settings: Settings) -> str:
    """What a command must be told to reach this plane: those of its settings that are not the usual ones."""
    asked = {name: getattr(settings, name) for name in ("runtime", "bind", "port")}
    unusual = {name: value for name, value in asked.items() if value != Settings.model_fields[name].default}
    return "".join(f"CCPLANE_{name.upper()}={shlex.quote(str(value))} " for name, value in unusual.items())


async def _main() -> int:
    return await run(load())


def main() -> int:
    """`python -m ccplane.local`, which is `make run`."""
    return in_one_sentence(_main())


def in_one_sentence(work: Coroutine[Any, Any, int]) -> int:
    """Runs it; an error is one sentence for people. The exit status."""
    try:
        return asyncio.run(work)
    except CcplaneError as error:
        told = error
    except OSError as error:
        if error.errno is None:  # no word of the system's, so a fault of ours
            raise
        told = MachineError(error)
    click.echo(f"ccplane: {told}", err=True)
    return told.exit_code


if __name__ == "__main__":
    sys.exit(main())
