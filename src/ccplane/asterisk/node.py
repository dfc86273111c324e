"""A private Asterisk of our own: rendered, started, watched and ended here.

It runs inside a Debian root (asterisk-docker/install.sh) in a mount namespace of its own (asterisk-docker/enter.sh):
nothing is installed on the machine, no mount is seen from outside, and the last process takes them all with it.
Several nodes run at once from one read-only root; what a node owns lies in its folder:

    etc/      rendered from asterisk-docker/etc and the site's dialplan/ at each start
    lib/      the astdb: phones that were pushed, device states; outlives a restart
    sounds/   prompts; `x.wav` here is `sound:ccplane/x` there
    spool/    recordings
    log/ run/ messages, the control socket, the record of the process, our secrets (mode 0600)
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from ccplane.asterisk.booting import ari_status, fully_booted
from ccplane.asterisk.console import at_console, record_of
from ccplane.asterisk.ports import NodePorts
from ccplane.asterisk.rendering import Templates
from ccplane.child import Child
from ccplane.errors import SetupError, SwitchError
from ccplane.long_logs import last_lines, turn
from ccplane.private import read_private, write_private
from ccplane.routing.rules import Queue

HOME: Final = Path(__file__).resolve().parents[3]
"""The project's top folder: templates and dialplan lie there, beside src/."""

START_WITHIN: Final = 60.0
"""Seconds; a start takes about two on two cores, but a machine may be busy."""

TRUNK: Final = "127.0.0.1:5090"
SECRETS: Final = ("ari", "ami", "guard")
OWN_LOGS: Final = ("messages.log", "queue_log")
"""What Asterisk writes on and on. The guard goes on in a queue_log that was put aside, as in one that was rotated."""


class LocalNode:
    """One private Asterisk. `start` returns when it answers; everything it leaves lies in `directory`."""

    def __init__(
        self,
        root: Path,
        directory: Path,
        *,
        name: str = "ast1",
        ports: NodePorts | None = None,
        bind: str = "127.0.0.1",
        dialplan: Path | None = None,
        templates: Path | None = None,
        realm: str = "ccplane",
        rtp_timeout: int = 30,
        trunk: str = TRUNK,
        trunk_qualify_s: int = 15,
        outlive_parent: bool = False,
        queues: Iterable[Queue] = (),
    ) -> None:
        """`rtp_timeout`: seconds without media after which a call is ended, 0 for never (phones that send none).
        `trunk`: host and port to which calls outside go, and how often it is asked whether it is there; 0 for never.
        `queues`: the site's, for the fallback."""
        self.root = root
        self.directory = directory.absolute()
        self.name = name
        self.ports = ports or NodePorts()
        self.bind = bind
        self.realm = realm
        self._dialplan = dialplan or HOME / "dialplan"
        self._templates = templates or HOME / "asterisk-docker" / "etc"
        self._rtp_timeout = rtp_timeout
        self.trunk = trunk
        self._trunk_qualify_s = trunk_qualify_s
        self._outlive_parent = outlive_parent
        self.queues = tuple(queues)
        self._child = Child(record_of(self.directory))
        self._secrets: dict[str, str] = {}

    # --- what others need to know -----------------------------------------------------------------------------

    @property
    def sip_port(self) -> int:
        return self.ports.sip

    @property
    def http_port(self) -> int:
        return self.ports.http

    @property
    def ami_port(self) -> int:
        return self.ports.ami

    @property
    def ari_url(self) -> str:
        return f"http://{self.bind}:{self.ports.http}/ari"

    @property
    def ari_username(self) -> str:
        return "ccplane"

    @property
    def ari_password(self) -> str:
        return self._secret("ari")

    @property
    def ami_username(self) -> str:
        return "ccplane"

    @property
    def ami_password(self) -> str:
        return self._secret("ami")

    @property
    def guard_username(self) -> str:
        return "ccplane-guard"

    @property
    def guard_password(self) -> str:
        return self._secret("guard")

    @property
    def sounds_dir(self) -> Path:
        """Prompts: a file `x.wav` here (8 kHz, 16 bit, mono) is played as `sound:ccplane/x`."""
        return self.directory / "sounds"

    @property
    def spool_dir(self) -> Path:
        return self.directory / "spool"

    @property
    def log_dir(self) -> Path:
        return self.directory / "log"

    @property
    def running(self) -> bool:
        return self._child.running

    @property
    def pid(self) -> int | None:
        return self._child.pid

    # --- its life ---------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Returns when every module is loaded and ARI answers; raises SetupError or SwitchError saying why not."""
        self._need_what_it_takes()
        await self._child.end_stale()
        self.ports.need_to_be_free(self.bind)
        self._make_directories()
        templates = Templates(self._templates, self._dialplan, HOME / "dialplan")
        templates.render(self.directory, self._values(), self.queues)
        console = self.log_dir / "console.log"
        console.unlink(missing_ok=True)
        for each in OWN_LOGS:
            turn(self.log_dir / each)
        enter = HOME / "asterisk-docker" / "enter.sh"
        self._child.start(
            ["unshare", "--mount", "--propagation", "private", enter, self.root.resolve(), self.directory],
            log=console,
            when_we_die=None if self._outlive_parent else signal.SIGKILL,
        )
        try:
            await self._ready_or_dead()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Asterisk ends its calls and itself, is killed if it takes too long. Nothing to do if it is not running."""
        await self._child.stop(signal.SIGTERM, grace=5.0)

    def kill(self) -> None:
        """A crash: SIGKILL, nothing tidied."""
        self._child.kill()

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    async def wait(self) -> int:
        """Returns when Asterisk has ended, for whatever reason."""
        return await self._child.wait()

    async def cli(self, command: str) -> str:
        """What Asterisk's own console answers; for tests and for the 3 a.m. engineer."""
        process = await asyncio.create_subprocess_exec(
            *at_console(self.pid or 0, command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        return output.decode("utf-8", "replace")

    # --- before ------------------------------------------------------------------------------------------------

    def _need_what_it_takes(self) -> None:
        if os.geteuid() != 0:
            raise SetupError(
                "no-rights",
                "A private Asterisk needs root for its mounts: run this as root, "
                "or set CCPLANE_ARI_URL to an Asterisk that already runs.",
            )
        if not (self.root / "usr/sbin/asterisk").exists():
            raise SetupError(
                "no-asterisk-root",
                f"There is no Asterisk in {self.root}: run `asterisk-docker/install.sh root {self.root}`.",
                root=str(self.root),
            )

    def _secret(self, which: str) -> str:
        """Generated once for a node and kept in a file that only its owner reads."""
        if not self._secrets:
            path = self.directory / "run" / "secrets.json"
            self._secrets = _kept_secrets(path)
            if not self._secrets:
                self._make_directories()
                self._secrets = {key: secrets.token_urlsafe(24) for key in SECRETS}
                write_private(path, json.dumps(self._secrets))
        return self._secrets[which]

    def _make_directories(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        self.directory.chmod(0o700)
        for each in ("etc", "lib", "log", "run", "spool", "sounds"):
            (self.directory / each).mkdir(exist_ok=True)
        for each in (
            "spool/recording/fallback",
            "spool/recording/faxes",
            "spool/fallback",
            "spool/monitor",
            "lib/keys",
        ):
            (self.directory / each).mkdir(parents=True, exist_ok=True)

    def _values(self) -> dict[str, str]:
        modules = next(self.root.glob("usr/lib/*/asterisk/modules"), Path("usr/lib/asterisk/modules"))
        return {
            "NAME": self.name,
            "BIND": self.bind,
            "REALM": self.realm,
            "MODULES": f"/{modules.relative_to(self.root)}",
            "SIP_PORT": str(self.ports.sip),
            "HTTP_PORT": str(self.ports.http),
            "AMI_PORT": str(self.ports.ami),
            "RTP_FIRST": str(self.ports.rtp_first),
            "RTP_LAST": str(self.ports.rtp_last),
            "RTP_TIMEOUT": str(self._rtp_timeout),
            "PLANE_NETWORK": "127.0.0.0/255.0.0.0",
            "TRUNK_NETWORK": "127.0.0.0/8",
            "TRUNK": self.trunk,
            "TRUNK_QUALIFY": str(self._trunk_qualify_s),
            "ARI_USERNAME": self.ari_username,
            "ARI_PASSWORD": self.ari_password,
            "AMI_USERNAME": self.ami_username,
            "AMI_PASSWORD": self.ami_password,
            "GUARD_USERNAME": self.guard_username,
            "GUARD_PASSWORD": self.guard_password,
        }

    # --- until ready -------------------------------------------------------------------------------------------

    async def _ready_or_dead(self) -> None:
        dead = asyncio.ensure_future(self._child.wait())
        ready = asyncio.ensure_future(self._ready())
        try:
            await asyncio.wait({dead, ready}, timeout=START_WITHIN, return_when=asyncio.FIRST_COMPLETED)
            if ready.done():
                ready.result()
            elif dead.done():
                raise SwitchError("asterisk-died", f"Asterisk ended while it started:\n{self._last_words()}")
            else:
                raise SwitchError("asterisk-not-ready", f"Asterisk did not get ready:\n{self._last_words()}")
        finally:
            for task in (dead, ready):
                task.cancel()
            await asyncio.gather(dead, ready, return_exceptions=True)

    async def _ready(self) -> None:
        """AMI says when all modules are loaded (ARI answers long before that); then ARI must answer too."""
        await fully_booted(self.bind, self.ports.ami, self.ami_username, self.ami_password)
        status = await ari_status(self.bind, self.ports.http, self.ari_username, self.ari_password)
        if status != 200:
            raise SwitchError("ari-refused", f"Asterisk is up, but ARI answers {status} at {self.ari_url}.")

    def _last_words(self) -> str:
        return "\n".join(last_lines(self.log_dir / "console.log", 15))


def _kept_secrets(path: Path) -> dict[str, str]:
    """Those of an earlier run; none if the file is missing, or is not whole."""
    try:
        found = json.loads(read_private(path))
        return {key: str(found[key]) for key in SECRETS} if all(found[key] for key in SECRETS) else {}
    except (ValueError, KeyError, TypeError):
        return {}
