"""A plane begins, lives and ends as its composition says; the parts have tests of their own."""

from __future__ import annotations

import asyncio
import inspect
import os
import re
import shutil
import signal
import stat
import sys
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from immutables import Map

from ccplane import app, parts, recall, reload
from ccplane.agents.facts import Profile
from ccplane.asterisk import prompts
from ccplane.asterisk.switch import Replaced
from ccplane.core import State
from ccplane.core.inputs import PeopleRead, PlaneBegan
from ccplane.errors import SetupError, SiteError, StoreError
from ccplane.ids import AgentId
from ccplane.leading import fence, lead
from ccplane.log.outbox import Outbox
from ccplane.postgres.lease import Lease
from ccplane.postgres.migrate import migrate
from ccplane.postgres.people import encode_people, people
from ccplane.postgres.pool import Database
from ccplane.settings import HOME, Settings
from ccplane.site import Rendering, SiteFaults, parse, read
from ccplane.site.files import FOLDERS
from ccplane.testing import run as in_virtual_time
from tests.ports import free_port

postgres = pytest.mark.postgres
slow = pytest.mark.slow


# ------------------------------------------------------------------------------------------------------- its token


@pytest.mark.parametrize("left", [None, "", "\n"])
def test_a_token_is_made_once_and_one_that_was_cut_off_is_made_anew(tmp_path: Path, left: str | None):
    path = tmp_path / "admin-token"
    if left is not None:
        path.write_text(left)
    token = parts._token("", path)
    assert len(token) >= 24
    assert parts._token("", path) == token == path.read_text().strip()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert parts._token("given", path) == "given"


# ------------------------------------------------------------------------------------------------------- its site


def test_the_site_that_was_parsed_at_the_start_is_not_parsed_again(monkeypatch: pytest.MonkeyPatch):
    files = read(HOME)
    site = parse(files, 2)
    earlier = parse(files | {"acd/queues.toml": files["acd/queues.toml"] + "\n# another\n"}, 2)
    parsed: list[object] = []

    def counted(files: object, demo_agents: int) -> object:
        parsed.append(files)
        return earlier

    monkeypatch.setattr(reload, "parse", counted)
    site_of = reload.Sites(site, lambda: State(sites={"old": {"a": "b"}}), 2)
    assert site_of(site.hash) is site
    assert parsed == []
    assert site_of("old") is site_of("old") is earlier
    assert parsed == [{"a": "b"}]


FAULT = SiteError("unknown-key", "unknown key", path="acd/queues.toml", line=4, key="support.stratgy")


def test_given_a_fault_in_the_folder_then_the_site_that_was_in_force_is_had_without_it():
    files = read(HOME)
    site = parse(files, 2)
    state = State(site=site.hash, sites=Map({site.hash: files}))
    assert recall.in_force(state, SiteFaults([FAULT]), 2) == (files, site)


@pytest.mark.parametrize("kept", [{}, {"acd/queues.toml": "of an older version"}])
def test_given_no_site_that_can_be_gone_on_with_then_the_folders_fault_is_told(kept: dict[str, str]):
    state = State(site="old", sites=Map({"old": kept})) if kept else State()
    with pytest.raises(SiteError) as told:
        recall.in_force(state, FAULT, 2)
    assert told.value is FAULT


# ----------------------------------------------------------------------------------------------------- who leads


class Ours:
    """A lease that is always to be had."""

    def __init__(self) -> None:
        self.epoch = 0
        self.on_lost = print

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def take(self, epoch: int) -> int:
        self.epoch = epoch + 1
        return self.epoch


@pytest.mark.parametrize(("leads", "room"), [(True, True), (True, False), (False, True)])
def test_the_switch_is_commanded_only_by_the_leader_and_only_while_it_can_be_written_down(leads: bool, room: bool):
    lease, outbox = SimpleNamespace(may_send=lambda: leads), SimpleNamespace(has_room=room)
    assert fence(lease, outbox)() is (leads and room)  # type: ignore[arg-type]


def test_ari_and_ami_stand_behind_the_same_fence():
    """Each takes its `may_send` in the one place that makes them; and the link, which lets events wait for it."""
    fences = re.findall(r"may_send=([\w.]+)", inspect.getsource(parts.Parts))
    assert fences == ["self._gate"] * 3


class Contested:
    """A link that another plane takes over again and again, after so many seconds each."""

    def __init__(self, *lived: float) -> None:
        self.lived, self.connected_at = list(lived), []

    async def run(self) -> None:
        self.connected_at.append(asyncio.get_running_loop().time())
        if not self.lived:
            await asyncio.Event().wait()
        await asyncio.sleep(self.lived.pop(0))
        raise Replaced("ccplane")


def test_two_planes_on_one_asterisk_take_it_from_each_other_ever_more_slowly():
    """After a minute of calm the pause is short again."""
    link, posted = Contested(0, 0, 0, 0, 0, 0, 0, 61, 0), []
    plane = SimpleNamespace(post=posted.append, state=SimpleNamespace(epoch=1))
    outbox = SimpleNamespace(begin=lambda epoch: None)

    async def main() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(lead(Ours(), [link.run], plane, outbox), 1000)

    in_virtual_time(main())
    at = link.connected_at
    assert [round(b - a, 3) for a, b in pairwise(at)] == [0.5, 1, 2, 4, 8, 10, 10, 61.5, 1]
    assert len(posted) == len(at) - 1
    assert all(isinstance(each, PlaneBegan) and each.same_process for each in posted), "a drain goes on"


# ------------------------------------------------------------------------------------------- a whole one, on Postgres


@pytest.fixture
def settings(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Of a plane whose Asterisk is not there; nothing is spoken."""

    async def render(*_: object) -> int:
        return 0

    for module in (parts, reload):
        monkeypatch.setattr(module, "render", render)
    return Settings(
        runtime=tmp_path,
        database_url=database,
        port=free_port(),
        ari_url="http://127.0.0.1:9/ari",
        ari_password="none",
        admin_token="token",
        demo_agents=2,
    )


async def stored(database: str, kind: str) -> int:
    pool = Database(database)
    await pool.open()
    try:
        async with pool.connection() as connection:
            return await connection.fetchval("SELECT count(*) FROM fact WHERE kind = $1", kind)
    finally:
        await pool.close()


async def until(is_so, within: float = 20) -> None:
    async with asyncio.timeout(within):
        while not await is_so():
            await asyncio.sleep(0.02)


ZOE = Profile(id=AgentId("1999"), name="Zoe", skills={}, endpoint="PJSIP/1999")


@postgres
async def test_the_last_facts_are_in_postgres_when_a_plane_has_ended(settings: Settings, database: str):
    async with app.plane_of(settings) as running:

        async def shipping() -> bool:
            return running.plane.snapshot.seq > 0 and await shipped()

        async def shipped() -> bool:
            try:
                return await stored(database, "PeopleLoaded") == 1
            except StoreError:
                return False

        await until(shipping)
        running.plane.post(PeopleRead((ZOE,)))
    assert await stored(database, "PeopleLoaded") == 2


@postgres
async def test_one_that_began_without_postgres_takes_schema_and_people_over_once_it_answers(
    settings: Settings, database: str, monkeypatch: pytest.MonkeyPatch
):
    """Here it answers with an empty database, as after a restore: even then facts arrive, and phones have accounts."""
    box = Outbox(settings.runtime / "outbox.sqlite")
    box.open()
    box.put_note("people", encode_people(()))
    await box.close()
    check, away = Database.check, [True]

    async def check_later(self: Database) -> None:
        if away:
            away.pop()
            raise StoreError("postgres-unreachable", "Postgres is away.")
        await check(self)

    monkeypatch.setattr(Database, "check", check_later)
    async with app.plane_of(settings) as running:
        assert not running.plane.state.agents

        async def known() -> bool:
            return len(running.plane.state.agents) == 2

        await until(known)

        async def shipped() -> bool:
            return await stored(database, "PeopleLoaded") == 1

        await until(shipped)
        assert not running.ended.done()
    reopened = Outbox(settings.runtime / "outbox.sqlite")
    reopened.open()
    pool = Database(database)
    await pool.open()
    assert reopened.note("people") == encode_people(await people(pool)) != encode_people(())
    await pool.close()
    await reopened.close()


def a_folder(tmp_path: Path) -> Path:
    """The demo site, to be spoilt."""
    folder = tmp_path / "site"
    for each in FOLDERS:
        shutil.copytree(HOME / each, folder / each)
    return folder


class Voice:
    """Speaks, until it can't: a second of silence for each text."""

    def __init__(self) -> None:
        self.is_there = True

    async def __call__(self, prompt: Rendering) -> bytes:
        if not self.is_there:
            raise SetupError("prompt-not-made", f"The prompt {prompt.text!r} could not be made.")
        return bytes(2 * prompts.RATE)


@postgres
async def test_a_running_plane_takes_figures_over_and_reads_the_file_by_the_sites_clock(
    settings: Settings, tmp_path: Path
):
    settings = settings.model_copy(update={"site": a_folder(tmp_path)})
    (settings.site / "acd/site.toml").write_text('timezone = "Asia/Shanghai"\n')
    schedule = b"agent,from,to,activity\n1001,2026-11-23 09:00,2026-11-23 17:00,work\n"
    day = {"from": "2026-11-23", "to": "2026-11-23"}
    async with app.plane_of(settings) as running, httpx.AsyncClient(base_url=running.url, trust_env=False) as client:
        client.headers["Authorization"] = f"Bearer {running.admin_token}"

        async def taken() -> bool:  # the agents have to be in Postgres first
            sent = await client.put("/api/v1/figures/schedules", content=schedule, headers={"Content-Type": "text/csv"})
            return sent.status_code == 200

        await until(taken)
        (row,) = (await client.get("/api/v1/figures/schedules", params=day)).json()["rows"]
        assert row["from"] == "2026-11-23T09:00:00+08:00"
        (site,) = (await client.get("/api/v1/figures", params=day, timeout=30)).json()["rows"]
        assert site["figures"]["utilisation"] is None


@postgres
async def test_given_a_start_with_a_fault_and_without_a_prompt_when_the_folder_is_mended_then_a_reload_makes_the_prompt(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The files are those of the site that is in force; of that something is missing all the same."""
    voice = Voice()
    for module in (parts, reload):
        monkeypatch.setattr(module, "render", prompts.render)
    monkeypatch.setattr(prompts, "_spoken", voice)
    monkeypatch.setattr(prompts, "_need_programs", lambda _: None)
    settings = settings.model_copy(update={"site": a_folder(tmp_path), "sounds": tmp_path / "sounds"})
    queues = settings.site / "acd/queues.toml"
    async with app.plane_of(settings) as running:
        await running.plane.written()
    welcome = prompts.file_of(parse(read(settings.site), 2).sound("welcome", "en"), settings.sounds_dir)
    welcome.unlink()
    voice.is_there = False
    well = queues.read_text()
    queues.write_text("[support")
    async with app.plane_of(settings) as running, httpx.AsyncClient(base_url=running.url, trust_env=False) as client:
        client.headers["Authorization"] = f"Bearer {running.admin_token}"
        assert not welcome.exists(), "no call waits for it"
        queues.write_text(well)
        assert (await client.post("/api/v1/site/reload")).status_code >= 500, "it can't be made yet"
        voice.is_there = True
        told = (await client.post("/api/v1/site/reload")).json()
        assert (told["site"], told["changed"], told["prompts"]) == (running.plane.state.site, [], 1)
        assert welcome.exists()
        welcome.unlink()
        assert (await client.post("/api/v1/site/reload")).json()["prompts"] == 0, "nothing has changed since"


@postgres
async def test_a_crash_while_the_folder_has_a_fault_is_no_outage(settings: Settings, tmp_path: Path):
    """It goes on with the site that was in force, and says so until a reload succeeds."""
    folder = a_folder(tmp_path)
    queues, settings = folder / "acd/queues.toml", settings.model_copy(update={"site": folder})
    well = queues.read_text()
    queues.write_text("[support")
    with pytest.raises(SiteError):
        await app.plane_of(settings).__aenter__()
    assert not (settings.runtime / "outbox.sqlite").exists(), "a first start has nothing to go on with"

    queues.write_text(well)
    async with app.plane_of(settings) as running:
        first = running.plane.state
        await running.plane.written()
    queues.write_text(well + "\nstratgy = 1\n[support")
    (folder / "acd/agents.toml").write_text("[demo")

    async with (
        app.plane_of(settings) as running,
        httpx.AsyncClient(base_url=running.url, trust_env=False, timeout=30) as client,
    ):
        client.headers["Authorization"] = f"Bearer {running.admin_token}"
        assert running.plane.state.site == first.site
        assert len(running.plane.state.agents) == len(first.agents) == 2

        async def told() -> tuple[bool, str]:
            part = (await client.get("/readyz")).json()["parts"]["site"]
            return part["ok"], part["detail"]

        ok, detail = await told()
        assert not ok
        assert detail.startswith("acd/agents.toml:1: ")
        assert "and 1 more" in detail
        assert "the site before it is in force" in detail

        shutil.copy(HOME / "acd/agents.toml", folder / "acd/agents.toml")
        assert (await client.post("/api/v1/site/reload")).status_code == 422
        ok, detail = await told()
        assert not ok
        assert detail.startswith("acd/queues.toml:"), "what is wrong now"

        queues.write_text(well)
        assert (await client.post("/api/v1/site/reload")).status_code == 200
        assert await told() == (True, "")


@postgres
@slow
@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
async def test_one_that_waits_for_anothers_lease_ends_when_told(tmp_path: Path, database: str, by: signal.Signals):
    await migrate(database)
    pool = Database(database)
    await pool.open()
    other = Lease(pool, "site", "another", term=600)
    await other.take(0)
    own = {name: value for name, value in os.environ.items() if not name.startswith("CCPLANE_")}
    given = {
        "CCPLANE_RUNTIME": str(tmp_path),
        "CCPLANE_DATABASE_URL": database,
        "CCPLANE_ARI_URL": "http://[::1]:9/ari",
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ccplane", "run"), env=own | given, stdout=-1, stderr=asyncio.subprocess.STDOUT
    )
    try:
        told = b""
        async with asyncio.timeout(20):
            while b"waiting for the lease" not in told:
                line = await process.stdout.readline()
                assert line, f"it ended before it waited for the lease:\n{told.decode()}"
                told += line
        process.send_signal(by)
        said, _ = await asyncio.wait_for(process.communicate(), 20)
        assert process.returncode == 0
        assert b"Traceback" not in said
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        await other.release()
        await pool.close()
