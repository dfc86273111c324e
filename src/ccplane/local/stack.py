"""Which parts one machine needs, and in which order they start and end: what the settings name is not started here."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from ccplane.asterisk.node import HOME, LocalNode
from ccplane.asterisk.ports import NodePorts, need_free
from ccplane.child import Child
from ccplane.errors import SetupError, SiteError
from ccplane.local.guard_process import GuardProcess
from ccplane.local.parts import Part, keep_up, timed
from ccplane.local.plane_process import PlaneProcess
from ccplane.local.terminal import say
from ccplane.postgres.embedded import EmbeddedPostgres
from ccplane.routing.rules import Queue
from ccplane.settings import Settings
from ccplane.site import dialplan, parse, read

INSTALL_FAULTS: Final = {3: "no-network", 4: "no-rights", 5: "no-good-asterisk"}
"""asterisk-docker/install.sh's exit status, as a SetupError's code."""


class Stack:
    """All parts of one machine, in the order in which they start."""

    def __init__(self, settings: Settings, plane_command: Sequence[str] | None = None) -> None:
        self.settings = settings
        self.node: LocalNode | None = None
        self.postgres: EmbeddedPostgres | None = None
        command = plane_command or (sys.executable, "-m", "ccplane", "run")
        self._plane = PlaneProcess(command, settings.runtime, f"http://{settings.bind}:{settings.port}")
        self._guard = GuardProcess((sys.executable, "-m", "ccplane", "guard"), settings.runtime)
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
        if self.node or given.guard_account[0]:
            self._guard.environment = guard_environment(given, self._plane.environment, self.node)
            self._parts["guard"] = self._guard
            await timed("guard", self._guard)

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
        dialplan=dialplan_of(settings.site),
        queues=queues_of(settings),
        trunk=settings.trunk,
        rtp_timeout=settings.rtp_timeout_s,
        ports=NodePorts(
            sip=settings.sip_port,
            http=settings.http_port,
            ami=settings.ami_port,
            rtp_first=settings.rtp_first,
            rtp_last=settings.rtp_last,
        ),
    )


def dialplan_of(site: Path) -> Path:
    """The site's own, else the project's: it hands over every number, so that most sites need none. The node completes
    it with what ccplane itself needs."""
    return (site if dialplan.own(site) else HOME) / dialplan.FOLDER


def queues_of(settings: Settings) -> tuple[Queue, ...]:
    """The site's, for the fallback. What is wrong with a site the plane says."""
    try:
        return tuple(parse(read(settings.site), settings.demo_agents).rules.queues.values())
    except SiteError:
        return ()


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


GUARDS: Final = frozenset({"CCPLANE_RUNTIME", "CCPLANE_NODE", "CCPLANE_BIND", "CCPLANE_PORT", "CCPLANE_LOG_LEVEL"})
PROCESSES: Final = ("PATH", "HOME", "LANG", "LC_", "TZ", "TMPDIR", "PYTHON", "VIRTUAL_ENV", "SSL_CERT_")
"""What any program may want of its environment."""


def guard_environment(given: Settings, planes: Mapping[str, str], node: LocalNode | None) -> dict[str, str]:
    """What it needs of the plane's, and no other secret: its account, at the node that we started or as it was given,
    and the queue_log. At an Asterisk of the operator's own, if it was given none, the plane's account is its own."""
    ours = {
        name: value
        for name, value in planes.items()
        if name in GUARDS or name.startswith(("CCPLANE_GUARD_", "CCPLANE_AMI_HOST", "CCPLANE_AMI_PORT", *PROCESSES))
    }
    if node is None:
        username, password = given.guard_account
        return ours | {
            "CCPLANE_AMI_HOST": given.ami_address,
            "CCPLANE_GUARD_AMI_USERNAME": username,
            "CCPLANE_GUARD_AMI_PASSWORD": password,
        }
    return ours | {
        "CCPLANE_GUARD_AMI_USERNAME": node.guard_username,
        "CCPLANE_GUARD_AMI_PASSWORD": node.guard_password,
        "CCPLANE_GUARD_QUEUE_LOG": str(node.log_dir / "queue_log"),
    }
