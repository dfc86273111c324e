"""The site is edited while calls go on: Postgres first, then at once in force; all or nothing, told with who did it."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest

from ccplane.cli.diff import lines
from ccplane.core.inputs import PeopleRead, SiteRead
from ccplane.errors import RequestError, StoreError
from ccplane.http.app import create_app
from ccplane.http.ports import AgentChange
from ccplane.live_edits import Holding, LiveEdits
from ccplane.postgres.overlays import Laid, decode_overlays, overlays
from ccplane.reload import Sites
from ccplane.routing.rules import SiteChange, SiteEdited
from ccplane.settings import Settings
from ccplane.site import SiteFaults, parse, read
from ccplane.site.overlays import Overlay, laid
from tests.http.conftest import client_from
from tests.http.memory import TOKEN, MemoryNotes, Site

pytestmark = pytest.mark.postgres

FILES = {
    "acd/queues.toml": '[sales]\nskills = {}\nweight = "5s"\n[support]\nskills = { support = 3 }\n',
    "acd/agents.toml": '[1001]\nname = "Ana"\nskills = { support = 5 }\n[1002]\nskills = { support = 5 }\n',
    "ivr/numbers.toml": 'default = "front"\n',
    "ari_apps/front.py": "async def main(call):\n    await call.hang_up()\n",
}
WEIGHT = "acd/queues.toml: sales.weight"
RING = "acd/queues.toml: support.ring"


class World:
    """A plane in memory whose site is this folder, and edits of it kept in a real Postgres."""

    def __init__(self, db, folder: Path) -> None:
        self.db, self.folder = db, folder
        for path, text in FILES.items():
            self.write(path, text)
        self.http = Site()
        self.plane, self.notes = self.http.plane, MemoryNotes()
        self.settings = Settings(site=folder, runtime=folder / "runtime")
        files = read(folder)
        site = parse(files)
        self.plane.history.give(SiteRead(site.hash, site.rules, files))
        self.plane.history.give(PeopleRead(tuple(each.profile(f"PJSIP/{each.id}") for each in site.agents)))
        self.refusing = ""
        self.sites = Sites(site, lambda: self.plane.state, None)
        self.holding = Holding((), self.now)
        self.edits = self.made()

    def made(self) -> LiveEdits:
        return LiveEdits(
            self.settings,
            self.holding,
            self.sites,
            self.plane,
            self.db,
            self.notes,
            self.now,
            lambda: self.refusing,
            asyncio.Lock(),
        )

    def write(self, path: str, text: str) -> None:
        (self.folder / path).parent.mkdir(exist_ok=True)
        (self.folder / path).write_text(text)

    def now(self) -> int:
        return self.plane.history.now

    @property
    def queues(self):
        return self.plane.snapshot.state.rules.queues

    def told(self) -> list[SiteEdited]:
        return [fact for fact in self.plane.history.facts if isinstance(fact, SiteEdited)]

    async def put(self, *edits, until=None, by="Lea"):
        await self.edits.put([Overlay(path, value) for path, value in edits], until=until, by=by)


@pytest.fixture
def world(db, tmp_path):
    return World(db, tmp_path)


async def test_an_edit_holds_at_once_and_is_told_with_who_from_and_to(world):
    await world.put((WEIGHT, "60s"), (RING, "9s"))
    assert (world.queues["sales"].weight_s, world.queues["support"].ring_ms) == (60, 9_000)
    [fact] = world.told()
    assert fact.by == "Lea"
    assert fact.changes == (SiteChange(WEIGHT, '"5s"', '"60s"'), SiteChange(RING, None, '"9s"'))


async def test_postgres_and_the_outbox_have_it_with_who_since_and_until_when(world):
    await world.put((WEIGHT, "60s"), until=world.now() + 5_000)
    expected = Laid(path=WEIGHT, value="60s", by="Lea", since=world.now(), until=world.now() + 5_000)
    assert await overlays(world.db) == (expected,)
    assert decode_overlays(world.notes.note("overlays")) == (expected,)


async def test_of_several_edits_one_of_which_is_bad_none_holds(world):
    with pytest.raises(SiteFaults) as told:
        await world.put((WEIGHT, "60s"), (RING, "9"))
    assert [each.key for each in told.value.faults] == ["support.ring"]
    assert world.queues["sales"].weight_s == 5
    assert await overlays(world.db) == ()
    assert world.told() == []


async def test_a_later_edit_goes_over_an_earlier_one_and_says_what_that_was(world):
    await world.put((WEIGHT, "60s"))
    await world.put((WEIGHT, "30s"), by="Ben")
    assert world.told()[-1].changes == (SiteChange(WEIGHT, '"60s"', '"30s"'),)
    assert [each.by for each in await overlays(world.db)] == ["Ben"]


async def test_what_is_lifted_is_as_the_file_says_again(world):
    await world.put((WEIGHT, "60s"), (RING, "9s"))
    await world.edits.lift(WEIGHT, by="Ben")
    assert (world.queues["sales"].weight_s, world.queues["support"].ring_ms) == (5, 9_000)
    assert (world.told()[-1].by, world.told()[-1].changes) == ("Ben", (SiteChange(WEIGHT, '"60s"', '"5s"'),))
    assert [each.path for each in await overlays(world.db)] == [RING]
    with pytest.raises(RequestError) as again:
        await world.edits.lift(WEIGHT, by="Ben")
    assert again.value.code == "no-such-overlay"


async def test_without_postgres_nothing_is_changed(world):
    await world.db.close()
    world.edits._database = type(world.db)("postgresql://localhost:1/nowhere")
    with pytest.raises(StoreError):
        await world.put((WEIGHT, "60s"))
    assert world.queues["sales"].weight_s == 5


async def test_while_a_hand_over_goes_on_nothing_is_changed(world):
    world.refusing = "a hand-over is under way"
    with pytest.raises(RequestError) as told:
        await world.put((WEIGHT, "60s"))
    assert told.value.code == "cannot-reload"
    assert await overlays(world.db) == ()


async def test_a_half_done_edit_of_the_folder_is_none_of_an_overlays_business(world):
    world.write("acd/queues.toml", "[sales\n")
    await world.put((WEIGHT, "60s"))
    assert world.queues["sales"].weight_s == 60


async def test_an_overlay_ends_by_itself_when_its_time_is_over(world):
    await world.put((WEIGHT, "60s"), until=world.now() + 1_000)
    await world.put((RING, "9s"))
    ending = asyncio.create_task(world.edits.run())
    world.plane.history.now += 1_000
    async with asyncio.timeout(20):
        async for _ in world.plane.subscribe():
            if world.queues["sales"].weight_s == 5:
                break
    fact = world.told()[-1]
    assert (fact.by, fact.changes) == ("expiry", (SiteChange(WEIGHT, '"60s"', '"5s"'),))
    assert world.queues["support"].ring_ms == 9_000
    async with asyncio.timeout(20):
        while [each.path for each in await overlays(world.db)] != [RING]:
            await asyncio.sleep(0.02)
    ending.cancel()


async def test_what_has_run_out_while_nobody_was_there_does_not_hold(world):
    await world.put((WEIGHT, "60s"), until=world.now() + 1_000)
    world.plane.history.now += 1_000
    assert Holding(await overlays(world.db), world.now)() == ()


async def test_an_overlay_without_which_the_site_has_a_fault_holds_on_and_says_so(world):
    bad = dict(FILES) | {"acd/queues.toml": FILES["acd/queues.toml"].replace('"5s"', '"5"')}
    files = laid(bad, [Overlay(WEIGHT, "60s")])
    site = parse(files)
    world.plane.history.give(SiteRead(site.hash, site.rules, files))
    world.holding.every = (Laid(path=WEIGHT, value="60s", by="Lea", since=0, until=world.now()),)
    assert not await world.edits._expired()
    assert "an overlay whose time is over holds on, for without it the site has a fault" in world.edits.trouble()
    assert world.queues["sales"].weight_s == 60


# ------------------------------------------------------------------------------------------------------------- the API


@pytest.fixture
async def admin(world):
    ports = world.http.ports()
    app = create_app(type(ports)(**{**vars(ports), "overlays": world.edits}), admin_token=TOKEN)
    async with client_from(app) as client:
        yield client


async def test_overlays_are_put_listed_and_lifted_by_the_api(world, admin):
    asked = {"edits": [{"path": WEIGHT, "value": "60s"}], "until": "2023-11-16T08:00:00Z", "by": "Lea"}
    put = await admin.put("/api/v1/overlays", json=asked)
    [told] = put.json()["overlays"]
    assert (put.status_code, told["path"], told["value"], told["file"], told["by"]) == (200, WEIGHT, "60s", "5s", "Lea")
    assert told["until"] == "2023-11-16T08:00:00.000Z"
    assert (await admin.get("/api/v1/overlays")).json() == put.json()
    lifted = await admin.delete("/api/v1/overlays", params={"path": WEIGHT, "by": "Lea"})
    assert (lifted.status_code, lifted.json()) == (200, {"overlays": []})


async def test_a_bad_overlay_is_refused_with_the_faults_of_the_files(world, admin):
    asked = {"edits": [{"path": RING, "value": "10m"}]}
    problem = (await admin.put("/api/v1/overlays", json=asked)).json()
    assert (problem["status"], problem["code"]) == (422, "site-faults")
    assert problem["errors"][0]["where"] == "acd/queues.toml:4: support.ring"
    assert problem["errors"][0]["message"] == "is at most 5m, not 10m"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"edits": []}, "invalid-request"),
        ({"edits": [{"path": WEIGHT}]}, "invalid-request"),
        ({"edits": [{"path": WEIGHT, "value": 1}], "until": "2001-01-01T00:00:00Z"}, "invalid-request"),
        ({"edits": [{"path": "acd/agents.toml: 1001.skills", "value": {}}]}, "site-faults"),
        ({"edits": [{"path": "nonsense", "value": {}}]}, "site-faults"),
    ],
)
async def test_what_is_no_edit_is_refused(admin, asked, code):
    response = await admin.put("/api/v1/overlays", json=asked)
    assert (response.status_code, response.json()["code"]) == (422, code)
    gone = await admin.delete("/api/v1/overlays", params={"path": WEIGHT})
    assert (gone.status_code, gone.json()["code"]) == (404, "no-such-overlay")


async def test_the_diff_tells_overlays_the_folder_and_the_people(world, admin):
    await world.put((WEIGHT, "60s"))
    world.write("acd/queues.toml", FILES["acd/queues.toml"] + 'ring = "7s"\n')
    ana = world.plane.snapshot.state.agents["1001"].profile
    await world.http.staff.edit(ana.id, AgentChange(skills={"support": 9}), by="Lea")
    told = (await admin.get("/api/v1/site/diff")).json()
    assert [each["path"] for each in told["overlays"]] == [WEIGHT]
    assert told["folder"] == [{"path": RING, "before": None, "after": "7s"}]
    assert told["people"] == [
        {"path": "acd/agents.toml: 1001.skills", "before": {"support": 5}, "after": {"support": 9}}
    ]
    assert told["faults"] == []


async def test_the_diff_tells_why_a_reload_would_be_refused(world, admin):
    world.write("acd/queues.toml", "[sales]\nskils = {}\n")
    told = (await admin.get("/api/v1/site/diff")).json()
    assert any("sales.skils: unknown key" in each for each in told["faults"])


# ----------------------------------------------------------------------------------------------------- the page's words

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "live-edits.md").read_text()


async def test_the_example_on_the_page_does_what_it_says_and_the_diff_is_printed_as_there(world, admin):
    body = re.search(r"```\nPUT /api/v1/overlays\n(.*?)\n```", PAGE, re.S)
    put = await admin.put("/api/v1/overlays", json=json.loads(body[1]))
    assert put.status_code == 200, put.text
    assert (world.queues["sales"].weight_s, world.queues["support"].ring_ms) == (60, 30_000)
    address = re.search(r"```\nDELETE (\S+)\n```", PAGE)
    assert (await admin.delete(address[1])).status_code == 200
    assert world.queues["sales"].weight_s == 5
    world.write("acd/queues.toml", FILES["acd/queues.toml"] + 'wrap_up = "10s"\n')
    ana = world.plane.snapshot.state.agents["1001"].profile
    await world.http.staff.edit(ana.id, AgentChange(skills={"support": 7}), by="Lea")
    printed = "\n".join(lines((await admin.get("/api/v1/site/diff")).json()))
    assert f"```\n{printed}\n```" in PAGE


async def test_where_nothing_differs_the_diff_says_so(admin):
    assert lines((await admin.get("/api/v1/site/diff")).json()) == ["All holds as the files say."]
