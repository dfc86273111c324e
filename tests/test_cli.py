from __future__ import annotations

import asyncio
import errno
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result
from fastapi import FastAPI
from msgspec.structs import replace

from ccplane.agents.facts import PinWay
from ccplane.cli import agents, main
from ccplane.cli import status as status_command
from ccplane.cli.trace import lines as trace_lines
from ccplane.contacts.owed import Owed
from ccplane.core import inputs
from ccplane.core.pins import LOCK_MS
from ccplane.facts import encode
from ccplane.http.app import create_app
from ccplane.http.live import known
from ccplane.http.server import Server, serve
from ccplane.http.views import iso
from ccplane.ids import ContactId, MessageId
from ccplane.local.plane_process import PlaneEnded
from ccplane.postgres.faxes import FaxRow
from tests.http.memory import TOKEN, Site
from tests.kpi import histories
from tests.kpi.histories import AGENTS, QUEUES
from tests.ports import free_ports

ANA, *_ = AGENTS
SALES, _ = QUEUES
COMMANDS = ("run", "check", "status", "agent", "asterisk", "migrate", "backup", "restore", "hours", "trace")

Call = Callable[..., Coroutine[Any, Any, Result]]


def call(*arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(main, arguments, input=typed)


@pytest.fixture(scope="module")
def quiet_port() -> int:
    """A port at which nothing answers."""
    return free_ports()[0]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quiet_port: int) -> Path:
    """A runtime folder of the test's own, and none of the developer's settings."""
    monkeypatch.setenv("CCPLANE_RUNTIME", str(tmp_path))
    monkeypatch.setenv("CCPLANE_PORT", str(quiet_port))
    for name in ("CCPLANE_ADMIN_TOKEN", "CCPLANE_DATABASE_URL", "CCPLANE_SITE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site()
    site.faxes_dir = tmp_path / "faxes"
    return site


@pytest.fixture
def app(site: Site) -> FastAPI:
    return create_app(site.ports(), admin_token=TOKEN)


@pytest.fixture
async def plane(app: FastAPI, folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    """A running plane whose token lies where the command looks for it."""
    (folder / "admin-token").write_text(f"{TOKEN}\n")
    async with serve(app, "127.0.0.1", 0) as server:
        monkeypatch.setenv("CCPLANE_PORT", str(server.port))
        yield server


async def ask(*arguments: str, typed: str | None = None) -> Result:
    """The command on a thread, as the plane that it asks runs in this one."""
    return await asyncio.to_thread(call, *arguments, typed=typed)


def told(result: Result) -> str:
    """The one sentence of an error."""
    assert result.stdout == ""
    assert result.stderr.startswith("ccplane: ")
    assert "Traceback" not in result.stderr
    return result.stderr.removeprefix("ccplane: ").strip()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_examples(command):
    result = call(command, "--help")
    assert result.exit_code == 0
    assert f"ccplane {command}" in result.stdout.split("Examples:")[1]


def test_help_loads_nothing_heavy():
    heavy = {"asyncpg", "fastapi", "httpx", "msgspec", "pydantic", "uvicorn", "prometheus_client"}
    code = f"import sys, ccplane.cli; print(sorted({heavy!r} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"


def test_it_is_a_module_too():
    shown = subprocess.run([sys.executable, "-m", "ccplane", "--version"], capture_output=True, text=True, check=True)
    assert shown.stdout.startswith("ccplane 0.")


def test_a_setting_that_does_not_exist_is_the_operators_fault(monkeypatch):
    monkeypatch.setenv("CCPLANE_POTR", "1")
    result = call("status")
    assert result.exit_code == 2
    assert "did you mean CCPLANE_PORT?" in told(result)


def test_run_ends_with_what_the_plane_ended_with(monkeypatch):
    monkeypatch.setitem(sys.modules, "ccplane.app", SimpleNamespace(run=lambda settings: 3))
    monkeypatch.delattr("ccplane.app", raising=False)
    assert call("run").exit_code == 3


@pytest.mark.parametrize("local", [(), ("--local",)])
def test_a_runtime_folder_that_cannot_be_had_is_the_operators_fault(monkeypatch, local):
    monkeypatch.setenv("CCPLANE_RUNTIME", "/proc/nope")
    result = call("run", *local)
    assert result.exit_code == 2
    assert "CCPLANE_RUNTIME" in told(result)


def test_what_the_machine_refuses_is_one_sentence(monkeypatch):
    def run(settings: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/var/file")

    monkeypatch.setitem(sys.modules, "ccplane.app", SimpleNamespace(run=run))
    monkeypatch.delattr("ccplane.app", raising=False)
    result = call("run")
    assert result.exit_code == 1
    assert told(result) == "This machine refused: No space left on device (/var/file)."


def test_run_local_ends_with_what_the_plane_ended_with(monkeypatch):
    async def run(settings: object) -> int:
        raise PlaneEnded(2)

    monkeypatch.setattr("ccplane.local.supervise.run", run)
    assert call("run", "--local").exit_code == 2


def test_run_local_starts_the_whole_machine(monkeypatch):
    async def run(settings: object) -> int:
        return 4

    monkeypatch.setattr("ccplane.local.supervise.run", run)
    assert call("run", "--local").exit_code == 4


def test_check_says_what_a_good_site_has():
    result = call("check")
    assert result.exit_code == 0
    assert result.stdout.startswith("No fault found: queues 3, numbers ")


def test_check_says_file_and_line_of_a_fault(tmp_path):
    (tmp_path / "acd").mkdir()
    (tmp_path / "acd/queues.toml").write_text("[support\n")
    result = call("check", str(tmp_path))
    assert result.exit_code == 2
    assert "acd/queues.toml:1" in result.stdout


def test_status_of_nothing_says_so_and_fails():
    result = call("status")
    assert result.exit_code == 1
    assert "No ccplane answers at http://127.0.0.1:" in told(result)


async def test_status_shows_parts_queues_and_agents(site, plane):
    history = site.plane.history
    history.sign_in(ANA)
    contact = history.call(SALES)
    history.wait(1_000)
    history.answer(contact)
    history.call(SALES)
    history.wait(3_000)
    result = await ask("status")
    assert result.exit_code == 0
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[0] == ["ccplane", "at", plane.url + ":", "ready"]
    assert ["ari", "ok", "0.5", "s"] in lines
    assert ["sales", "1", "3", "s", "2", "1", "0", "100.0", "%", "100.0", "%"] in lines
    assert ["support", "0", "–", "0", "0", "0", "–", "–"] in lines
    assert ["agents:", "1", "talking,", "3", "offline"] in lines


def refused(site: Site) -> None:
    """The agent's phone says 486 to whatever is offered now."""
    (contact,) = site.plane.history.state.contacts.values()
    assert contact.offer
    site.plane.history.give(inputs.LegEnded(contact.offer.id, contact.offer.leg, cause=17, sip=486))


async def test_status_shows_whose_phone_refused_and_how_long_they_rest_or_that_they_were_paused(site, plane):
    history = site.plane.history
    history.sign_in(ANA)
    history.call(SALES)
    refused(site)
    history.wait(1_500)
    line = "  Agent 1001: offered nothing for 3.5 s, 1 missed in a row"
    assert line in (await ask("status")).stdout.splitlines()
    for _ in range(2):
        history.wait(5_000)
        refused(site)
    line = "  Agent 1001: paused, missed 3 offers in a row, the last: busy"
    assert line in (await ask("status")).stdout.splitlines()


def test_those_held_back_are_looked_for_on_every_page():
    calm = {"state": "ready", "missed_in_a_row": 0, "rest_until": None, "fallback_first": False, "reason": ""}
    pages = {
        "/api/v1/agents?limit=1000": {"agents": [{"id": "1", "name": "", **calm}], "next": "a="},
        "/api/v1/agents?limit=1000&after=a%3D": {
            "agents": [{"id": "2", "name": "Ben", **calm, "rest_until": "2026-01-31T12:00:02.000Z"}],
            "next": None,
        },
    }
    found = list(status_command._held_back(lambda method, path, expected: pages[path], "2026-01-31T12:00:00.000Z"))
    assert found == ["  2 Ben: offered nothing for 2.0 s, 0 missed in a row"]


def test_a_plane_of_before_is_shown_as_far_as_it_tells(monkeypatch):
    """While an upgrade goes on the command is newer than the plane."""
    queue = {"name": "sales", "waiting": 0, "longest_wait_s": 0.0, "offered": 1, "answered": 1, "abandoned": 0}
    answers = {
        "/readyz": {"status": "ready", "parts": {"ari": {"ok": True, "age_s": 0.5, "detail": ""}}},
        "/api/v1/wallboard": {
            "at": "2026-01-31T12:00:00.000Z",
            "queues": [queue | {"service_level": 1.0, "three_rings": 1.0}],
            "agents": [{"id": "1001", "state": "ready", "since": "2026-01-31T11:00:00.000Z"}],
        },
        "/api/v1/agents?limit=1000": {"agents": [{"id": "1001", "name": "Ana", "state": "ready"}], "next": None},
    }

    @contextmanager
    def asking(*_: object, **__: object) -> Iterator[Any]:
        yield lambda method, path, **_: answers[path]

    monkeypatch.setattr(status_command, "asking", asking)
    result = call("status")
    assert result.exit_code == 0, result.output
    assert "  agents: 1 ready" in result.stdout.splitlines()


async def test_why_says_why_a_contact_waits_and_when_it_could_be_served(site, plane):
    history = site.plane.history
    history.sign_in(ANA)
    first, second = history.call(SALES), history.call(SALES)
    result = await ask("why", second)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == f"{second}: all who meet what is asked for are busy."
    assert " > step 1: sales 1; 1 signed in, 0 free" in lines
    assert "   1001 Agent 1001: offered; by step 1" in lines
    assert (await ask("why", first)).stdout.startswith(f"{first}: a phone rings for it.")
    nobody = await ask("why", "c-nowhere-1")
    assert (nobody.exit_code, "There is no contact with this id." in told(nobody)) == (2, True)


@pytest.mark.parametrize("token", [None, "wrong"])
async def test_status_needs_no_token_and_names_nobody_without_it(site, plane, folder, token):
    (folder / "admin-token").unlink()
    if token:
        (folder / "admin-token").write_text(token)
    site.plane.history.sign_in(ANA)
    site.plane.history.call(SALES)
    refused(site)
    result = await ask("status")
    assert result.exit_code == 0
    assert "offered nothing" not in result.stdout


async def test_status_explains_its_columns(plane):
    told, explained = (await ask("status")).stdout, call("status", "--help").stdout
    for column in ("in time", "three rings"):
        assert f"{column}: " in told
        assert column in explained.split("Examples:")[0]
    assert "Seconds beside a part" in told


@pytest.mark.parametrize(("part", "word", "code"), [("database", "degraded", 0), ("ari", "not-ready", 1)])
async def test_the_exit_code_of_status_says_whether_calls_are_routed(site, plane, part, word, code):
    site.health.down[part] = "connection refused"
    result = await ask("status")
    assert (result.exit_code, result.stdout.splitlines()[0].split()[-1]) == (code, word)
    assert "AWAY" in result.stdout
    assert "connection refused" in result.stdout


async def test_agent_shows_a_state_or_sets_it(site, plane):
    assert (await ask("agent", ANA)).stdout == "Agent 1001: offline\n"
    history = site.plane.history
    history.sign_in(ANA)
    history.call(SALES)
    result = await ask("agent", ANA, "paused", "--reason", "lunch")
    assert (result.exit_code, result.stdout) == (0, "Agent 1001: offered, then paused (lunch)\n")
    assert history.state.agents[ANA].intent == "paused"


async def test_an_agent_whose_name_lacks_the_id_is_shown_with_both(site, plane):
    people = [replace(person, name="Ana Souza") if person.id == ANA else person for person in histories.people()]
    site.plane.history.give(inputs.PeopleRead(agents=tuple(people)))
    assert (await ask("agent", ANA)).stdout == "1001 Ana Souza: offline\n"


async def test_one_who_is_ready_without_a_phone_is_told_what_is_missing_in_one_line(site, plane):
    result = await ask("agent", ANA, "ready")
    (line,) = result.stdout.splitlines()
    assert line.startswith("Agent 1001: unreachable; ready as soon as their phone registers")
    assert f"GET {plane.url}/api/v1/agents/1001/phone" in line
    assert "README" in line
    site.plane.history.sign_in(ANA)
    assert (await ask("agent", ANA)).stdout == "Agent 1001: ready\n"


async def test_the_token_of_the_environment_goes_before_the_file(plane, folder, monkeypatch):
    (folder / "admin-token").write_text("an old one")
    assert (await ask("agent", ANA)).exit_code == 2
    monkeypatch.setenv("CCPLANE_ADMIN_TOKEN", TOKEN)
    assert (await ask("agent", ANA)).exit_code == 0


@pytest.mark.parametrize("agent", ["9999", "../wallboard", "é"])
async def test_an_agent_that_does_not_exist_is_the_operators_fault(plane, agent):
    result = await ask("agent", agent)
    assert result.exit_code == 2
    assert told(result)


async def test_what_is_wrong_with_a_reason_is_told(plane):
    result = await ask("agent", ANA, "paused", "--reason", "x" * 201)
    assert result.exit_code == 2
    assert "body.reason" in told(result)


async def test_a_fault_of_the_planes_is_not_the_operators(site, plane, monkeypatch):
    async def fails(what: object) -> None:
        raise ValueError("inside")

    monkeypatch.setattr(site.plane, "ask", fails)
    result = await ask("agent", ANA, "ready")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == "ccplane: ccplane failed at this; its log says why."


@pytest.mark.parametrize("left", [None, b"", b"\n", b"\xff"])
def test_without_a_token_it_says_where_one_belongs(folder, left):
    if left is not None:
        (folder / "admin-token").write_bytes(left)
    result = call("agent", ANA)
    assert result.exit_code == 2
    assert str(folder / "admin-token") in told(result)
    assert "CCPLANE_ADMIN_TOKEN" in told(result)


def test_the_console_of_an_asterisk_that_does_not_run_says_so_and_what_to_do(folder):
    result = call("asterisk", "core", "show", "version")
    assert result.exit_code == 2
    assert f"No Asterisk of ours runs out of {folder}" in result.output
    assert "make run" in result.output


def test_migrate_without_a_database_says_what_is_wrong(monkeypatch, tmp_path):
    monkeypatch.setenv("CCPLANE_DATABASE_URL", f"postgresql:///ccplane?host={tmp_path}")
    result = call("migrate")
    assert result.exit_code == 1
    assert told(result)


@pytest.mark.parametrize("command", [("migrate",), ("replay", "2026-11-23")])
def test_with_nothing_running_it_is_said_that_there_is_no_database_and_how_to_name_one(folder, command):
    result = call(*command)
    assert result.exit_code == 2
    assert f"is running for {folder}" in told(result)
    assert "CCPLANE_DATABASE_URL is not set" in told(result)


async def test_agent_pin_gives_or_makes_one_and_shows_it_once(site, plane):
    result = await ask("agent", ANA, "pin")
    assert result.stdout == f"The PIN of {ANA} is now 424242; it is not shown again.\n"
    assert (await ask("agent", ANA, "pin", "-", typed="135790\n")).exit_code == 0
    assert site.pins.pins[ANA] == "135790"
    assert "135790" not in (await ask("agent", ANA)).stdout


async def test_agent_pin_refuses_what_is_none(site, plane):
    result = await ask("agent", ANA, "pin", "-", typed="12345\n")
    assert result.exit_code == 2
    assert "body.pin" in told(result)
    assert (await ask("agent", ANA, "ready", "-")).exit_code == 2, "a PIN for nothing"
    assert site.plane.history.state.agents[ANA].intent == "offline"


async def test_agent_asks_for_a_pin_at_a_terminal_twice_and_shows_no_digit_as_it_is_typed(site, plane, monkeypatch):
    monkeypatch.setattr(agents, "_at_a_terminal", lambda: True)
    asked = await ask("agent", ANA, "pin", "-", typed="135790\n135791\n246802\n246802\n")
    assert (asked.exit_code, site.pins.pins[ANA]) == (0, "246802")
    assert "135790" not in asked.output


async def test_agent_takes_no_pin_from_the_command_line_where_others_see_it(site, plane):
    result = await ask("agent", ANA, "pin", "135790")
    assert result.exit_code == 2
    assert "pin -" in result.stderr
    assert "135790" not in result.stderr
    assert not site.pins.pins


async def test_agent_extends_and_ends_the_work_after_a_call(site, plane):
    history = site.plane.history
    history.sign_in(ANA)
    history.reads(wrap_up_extend_ms=3_000)
    contact = history.call("sales")
    history.answer(contact)
    talk = history.state.contacts[contact].talk
    history.give(inputs.LegEnded(talk.offer, talk.leg, cause=16))
    assert "wrap-up, then ready" in (await ask("agent", ANA, "wrap-up-extend")).stdout
    assert history.state.agents[ANA].wrap_up_until == history.now + 5_000
    assert "ready" in (await ask("agent", ANA, "wrap-up-done")).stdout
    refused = await ask("agent", ANA, "wrap-up-done")
    assert (refused.exit_code, "no work after a call" in refused.stderr) == (2, True)


async def test_agent_shows_a_locked_pin_and_unlocks_it(site, plane):
    site.plane.history.now = int(time.time() * 1000)
    for _ in range(5):
        site.plane.history.give(inputs.PinTried(agent=ANA, right=False, way=PinWay.PHONE, whence="2001"))
    assert f"PIN locked until {iso(site.plane.history.now + LOCK_MS)}" in (await ask("agent", ANA)).stdout
    lifted = await ask("agent", ANA, "unlock")
    assert lifted.exit_code == 0
    assert "locked" not in lifted.stdout


def stored(site, contact):
    """What the log has of a call, as Postgres gives it."""
    facts = [each for each in site.plane.history.facts if getattr(each, "contact", None) == contact]
    as_stored = [{"epoch": 1, "seq": n, **json.loads(encode(each))} for n, each in enumerate(facts)]
    site.contacts.stored[contact] = replace(known(site.plane.state.contacts[contact]), facts=as_stored)


async def test_trace_shows_what_a_call_did_and_what_it_does_until_it_is_over(site, app, plane):
    history = site.plane.history
    contact = history.call_waiting(SALES)
    site.plane.publish()
    stored(site, contact)
    traced = asyncio.create_task(ask("trace", contact))
    readers = app.state.streams[1]
    while not readers.count:
        await asyncio.sleep(0.01)
    history.give(inputs.CallerGone(contact, cause=16))
    site.plane.publish()
    result = await asyncio.wait_for(traced, 20)
    assert result.exit_code == 0, result.output
    words = [line.split("  ", 1)[1] for line in result.stdout.splitlines()]
    assert words[0].endswith(f" calls {SALES}")
    assert words[1:3] == ["-- queue", f"  1  waits in queue {SALES}"]
    assert words[-1] == "<< by the caller, cause 16"
    assert words.count(f"  1  waits in queue {SALES}") == 1


async def test_trace_goes_on_at_the_plane_that_takes_over_and_says_what_was_between(site, app, plane):
    contact = site.plane.history.call_waiting(SALES)
    site.plane.publish()
    stored(site, contact)
    traced = asyncio.create_task(ask("trace", contact))
    readers = app.state.streams[1]
    while not readers.count:
        await asyncio.sleep(0.01)
    readers.close()
    while readers.count:
        await asyncio.sleep(0.01)
    while not readers.count:
        await asyncio.sleep(0.01)
    site.plane.history.give(inputs.CallerGone(contact, cause=16))
    site.plane.publish()
    result = await asyncio.wait_for(traced, 20)
    assert result.exit_code == 0, result.output
    assert "ccplane hands over, or stops" in result.stderr
    assert result.stdout.splitlines()[-1].endswith("<< by the caller, cause 16")
    assert result.stdout.count("waits in queue") == 1


async def test_trace_of_a_call_that_never_was_says_so(plane):
    result = await ask("trace", "c-nowhere-1")
    assert (result.exit_code, "no contact with this id" in told(result)) == (2, True)


def test_a_trace_of_many_calls_says_whose_each_line_is():
    at = "2026-11-23T09:00:00.000Z"
    step = {"name": "step", "at": at, "contact": "c-1", "event": "step", "step": 3, "try": 2, "text": "asks «order»"}
    step["where"] = "ari_apps/orders.py:14"
    result = {"name": "result", "at": at, "contact": "c-1", "event": "result", "text": "pressed 47", "ms": 2_140}
    told_so_far = list(trace_lines([step, result, {"name": "left-out", "lines": 7}], alone=False))
    assert told_so_far[2] == "… 7 lines left out: there was more than could be shown"
    told_so_far = [line.split("  ", 1)[1] for line in told_so_far[:2]]
    assert told_so_far[0] == "c-1    3  asks «order» (begun again, 2)  [orders.py:14]"
    assert told_so_far[1] == "c-1    = pressed 47 (2.1 s)"


async def test_an_emergency_is_switched_on_shown_in_the_status_and_switched_off(site, plane):
    site.plane.history.now = round(time.time() * 1000)
    result = await ask("emergency")
    assert result.stdout == "No emergency holds.\n"
    words = ("--area", "021", "--text", "en=There is no gas.", "--text", "zh-CN=今日停气。", "--then", "hang-up")
    result = await ask("emergency", "on", "gas", *words, "--key", "1", "--for", "2h", "--by", "Lea")
    assert result.exit_code == 0, result.output
    first, *others = result.stdout.splitlines()
    assert first.startswith("gas: for callers from 021, since ")
    assert " until " in first
    assert first.endswith(", by Lea")
    assert others == ["  en: There is no gas.", "  zh-CN: 今日停气。", "  then hang-up; key 1 goes on"]
    held = site.plane.state.emergencies["gas"]
    assert held.until is not None
    assert held.until - held.since == pytest.approx(7_200_000, abs=60_000)
    assert (await ask("emergency")).stdout.splitlines()[1:] == others
    assert "  EMERGENCY gas: There is no gas. (ccplane emergency off gas)" in (await ask("status")).stdout.splitlines()
    assert (await ask("emergency", "off", "gas", "--by", "Lea")).stdout == "gas is off.\n"
    assert not site.plane.state.emergencies


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("--text", "en"), "is not LANGUAGE=TEXT"),
        (("--text", "en=x", "--for", "soon"), "is no length of time"),
        (("--text", "en=x", "--until", "soon"), "is no time"),
        (("--text", "en=x", "--until", "18:00", "--for", "2h"), "either --for or --until"),
        (("--text", "en=x", "--then", "explode"), "'explode' is not one of"),
        (("--text", "en=x", "--text", "en=y"), "two texts in en"),
    ],
)
def test_an_emergency_that_is_none_is_refused_before_anything_is_asked(words, what):
    result = call("emergency", "on", "gas", *words)
    assert (result.exit_code, what in result.stderr) == (2, True), result.stderr


async def test_an_emergency_of_a_queue_that_is_not_there_says_which_there_are(plane):
    result = await ask("emergency", "on", "gas", "--queue", "nobody", "--text", "en=x")
    assert (result.exit_code, "There is no queue of this name" in told(result)) == (2, True)


@pytest.mark.parametrize(
    ("name", "area", "what"),
    [("gas leak", "021", "a name has letters, digits, - and _"), ("gas", "shanghai", "an area is how numbers begin")],
)
async def test_what_an_emergency_cannot_be_called_or_be_for_is_said_in_words(plane, name, area, what):
    result = await ask("emergency", "on", name, "--text", "en=x", "--area", area)
    assert (result.exit_code, what in told(result)) == (2, True), result.stderr


async def test_customers_are_known_blocked_shown_and_forgotten(site, plane):
    result = await ask("customers", "set", "138", "--name", "Ms Li", "--credit", "120", "--language", "zh-CN")
    assert result.exit_code == 0, result.output
    first, *others = result.stdout.splitlines()
    assert first == "138  Ms Li"
    assert others[:2] == ["  spoken to in zh-CN", "  comes as if they had waited 120 s longer"]
    await ask("customers", "set", "138", "--note", "two shops", "--language", "none")
    assert site.customers.rows["138"].language is None
    assert (site.customers.rows["138"].name, site.customers.rows["138"].note) == ("Ms Li", "two shops")
    result = await ask("customers", "block", "138", "--why", "threats", "--until", "2030-01-01T00:00+00:00")
    assert "  BLOCKED until 2030-01-01T00:00:00.000Z: threats" in result.stdout.splitlines()
    assert "BLOCKED" not in (await ask("customers", "unblock", "138")).stdout
    assert (await ask("customers", "forget", "138")).stdout == "138 is forgotten.\n"
    result = await ask("customers", "show", "138")
    assert (result.exit_code, "No customer is known" in told(result)) == (2, True)


async def test_customers_are_exported_as_they_can_be_imported_again(site, plane, folder):
    file = folder / "customers.csv"
    file.write_text(
        "number,name,credit_s,language,blocked,blocked_until\n"
        "138-0013,=1+1,120,zh-CN,,\n"
        "138-0014,'t Hooft,,,,\n"
        "138-0015,'=x,,,,\n"
        "+8613,Ms Li,,,threats,2030-01-01T00:00:00+00:00\n"
    )
    result = await ask("customers", "import", str(file), "--dry-run")
    assert (result.stdout, site.customers.rows) == (f"{file}: 4 customers, no fault.\n", {})
    assert (await ask("customers", "import", str(file))).stdout == "4 customers were taken over.\n"
    before = dict(site.customers.rows)
    assert [before[f"138001{each}"].name for each in (3, 4, 5)] == ["=1+1", "'t Hooft", "=x"]
    out = folder / "out.csv"
    assert (await ask("customers", "export", str(out))).exit_code == 0
    assert "'=1+1" in out.read_text(), "no spreadsheet works it out"
    site.customers.rows.clear()
    assert (await ask("customers", "import", str(out))).exit_code == 0
    assert site.customers.rows == before


async def test_more_customers_than_fit_into_one_request_go_in_pieces(site, plane, folder):
    file = folder / "many.csv"
    file.write_text("number,note\n" + "".join(f"138{each:04},{'x' * 190}\n" for each in range(700)))
    assert (await ask("customers", "import", str(file))).stdout == "700 customers were taken over.\n"
    assert len(site.customers.rows) == 700


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name\nLi\n", "row 1: the column `number` is missing"),
        ("number,colour\n138,red\n", "row 1: no such column 'colour'"),
        ("number,name\n138\n", "row 2: has not as many cells as there are columns"),
        ("number\n138\nabc\n", "row 3, number: 'abc' is no number"),
        ("number\n138\n1-38\n", "row 3, number: is in row 2, too"),
        ("number,credit_s\n138,soon\n", "row 2, credit_s: 'soon' is no number of seconds"),
        ("number,credit_s\n138," + "9" * 5_000 + "\n", "is no number of seconds"),
        ("number,blocked_until\n138,2030-01-01T00:00+00:00\n", "row 2, blocked: is empty"),
        ("number,language\n138,fr\n", "row 2, language: 'fr' is none of en, zh-CN"),
        ("number,blocked_until\n138,soon\n", "row 2, blocked_until: 'soon' is no time"),
        ("number,name\n138," + "x" * 81 + "\n", "row 2, name: has at most 80 characters"),
        ('number,name\n138,"Li\n', "cannot be read"),
    ],
)
def test_a_file_of_customers_with_a_fault_is_refused_whole_with_row_and_column(folder, text, said):
    file = folder / "customers.csv"
    file.write_text(text)
    result = call("customers", "import", str(file))
    assert (result.exit_code, said in told(result)) == (2, True), result.stderr


async def test_messages_without_an_answer_are_shown_taken_given_back_and_answered(site, plane):
    assert (await ask("messages")).stdout == "No message waits for an answer.\n"
    left = Owed(
        id=MessageId("m-1"), contact=ContactId("c-1"), box="general", caller="138", left_at=0, ms=4_200,
        answer_until=60_000, overdue=True,
    )  # fmt: skip
    other = replace(left, id=MessageId("m-2"), box="sales", caller="", answer_until=None, overdue=False)
    for each in (other, left):
        await site.plane.ask(inputs.OwedFound(message=each))
    first, late, some_day = (await ask("messages")).stdout.splitlines()
    assert first == "2 wait for an answer, 1 of them overdue."
    assert late.startswith("m-1  general  138, 4 s, ")
    assert ": OVERDUE, by " in late
    assert late.endswith("; nobody has it")
    assert some_day.startswith("m-2  sales  a withheld number, 4 s, ")
    assert some_day.endswith(": some day; nobody has it")
    agent = sorted(site.plane.state.agents)[0]
    assert (await ask("messages", "take", "m-1", "--agent", agent)).stdout == f"{agent} is to answer it.\n"
    assert (await ask("messages", "--owner", agent, "--box", "general")).stdout.splitlines()[1].endswith("has it")
    taken = await ask("messages", "take", "m-1", "--agent", sorted(site.plane.state.agents)[1])
    assert (taken.exit_code, f"Agent {agent} has it already." in told(taken)) == (2, True)
    assert (await ask("messages", "give-back", "m-1")).stdout == "Anybody may answer it.\n"
    assert (await ask("messages", "answered", "m-1", "--by", "Lea")).stdout == "It is answered.\n"
    assert list(site.plane.state.owed) == ["m-2"]


FAX = FaxRow(
    id="f-1", contact="c-1", box="orders", caller="138", number_dialled="4014", came_at=60_000, pages=1, complete=True,
    reason="", station="+49 30", bytes=15, file="1.pdf", read_at=None, deleted_at=None,
)  # fmt: skip


async def test_faxes_are_shown_fetched_and_deleted(site, plane, folder):
    assert (await ask("faxes")).stdout == "No fax has come.\n"
    (folder / "faxes").mkdir()
    (folder / "faxes" / FAX.file).write_bytes(b"%PDF-1.4 a page")
    part = replace(FAX, id="f-2", caller="", pages=2, complete=False, reason="hung-up", file="2.pdf")
    site.faxes.stored |= {"f-1": FAX, "f-2": part}
    whole, some = (await ask("faxes", "--box", "orders")).stdout.splitlines()
    assert whole.startswith("f-1  orders  138 (+49 30), 1 page, ")
    assert whole.endswith(", new")
    assert some.startswith("f-2  orders  a withheld number (+49 30), 2 pages, NOT ALL: hung-up, ")
    assert site.faxes.wanted.box == "orders"
    file = folder / "order.pdf"
    assert (await ask("faxes", "get", "f-1", str(file))).stdout == f"{file}: 15 bytes\n"
    assert file.read_bytes() == b"%PDF-1.4 a page"
    gone = await ask("faxes", "get", "f-2", str(file))
    assert (gone.exit_code, "not there any more" in told(gone)) == (2, True)
    assert (await ask("faxes", "delete", "f-2")).stdout == "It is deleted.\n"


async def test_notices_are_shown_tried_again_and_given_up(site, plane):
    assert (await ask("notices")).stdout == "There are none.\n"
    site.notices.make("n-1")
    site.notices.make("n-2", "sent", kind="webhook", target="crm", message="m-2")
    site.notices.make("n-3", "failed", last_error="the mail server refuses this address: 550 no such user")
    failed, why, sent, due, later = (await ask("notices")).stdout.splitlines()
    assert (failed, why) == (
        "n-3  failed  email to team@example.com, of m-1; tried 3 times",
        "    the mail server refuses this address: 550 no such user",
    )
    assert sent.startswith("n-2  sent  webhook to crm, of m-2, at ")
    assert due.startswith("n-1  due  email to team@example.com, of m-1; tried 3 times, next at ")
    assert later == "    the mail server says 451 later"
    assert len((await ask("notices", "--state", "sent", "--message", "m-2")).stdout.splitlines()) == 1
    assert (await ask("notices", "retry", "n-3")).stdout == "n-3 is tried now.\n"
    twice = await ask("notices", "retry", "n-2")
    assert (twice.exit_code, "It was sent already" in told(twice)) == (2, True)
    assert (await ask("notices", "give-up", "n-1", "--by", "Lea")).stdout == "n-1 is not tried any more.\n"
    assert site.notices.rows["n-1"].last_error == "given up by Lea"
    over = await ask("notices", "give-up", "n-1")
    assert (over.exit_code, "It is given-up already." in told(over)) == (2, True)
