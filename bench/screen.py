"""`make bench-screen`: how soon what happens stands on a wallboard, `at` of the fact → painted by the browser.

python -m bench.screen                    1,000 agents, 50 calls a second, for a minute: about two minutes
python -m bench.screen --seconds 10 --no-files

The plane's loop, its log on disk, the programs, the API and the stream are the real ones, facts go to a Postgres of our
own, and a headless Chromium shows the page. Phones and callers alone are made up: they answer as a switch would. The
tile of all contacts that entered a queue is its own stamp: when it shows n, the nth of them can be seen. The browser
has the machine's clock; the fact bears whole milliseconds of it.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, Final

import uvloop

from bench.made import Made, checked, on_machine, promises, verdict
from bench.switching.__main__ import positive
from bench.switching.measure import machine, milliseconds, revision
from ccplane.agents.facts import Intent, Phone, Profile
from ccplane.app import GIVE_WAY_S
from ccplane.callflow.runner import Runner
from ccplane.contacts.facts import ContactQueued
from ccplane.core import State
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.http.app import create_app
from ccplane.http.metrics import Meters
from ccplane.http.server import serve
from ccplane.ids import AgentId, ChannelId, DeviceName, NodeName
from ccplane.kpi.board import Board
from ccplane.laws import Fact
from ccplane.log.clock import SiteClock
from ccplane.log.outbox import Outbox
from ccplane.log.shipping import Shipper
from ccplane.logged import log_as
from ccplane.plane import Plane, Snapshot
from ccplane.postgres.embedded import EmbeddedPostgres
from ccplane.postgres.migrate import migrate
from ccplane.postgres.pool import Database
from ccplane.postgres.store import PostgresFacts
from ccplane.recall import kept
from ccplane.settings import HOME
from ccplane.site import Site, parse
from tests.browser.chromium import Tab, chromium
from tests.http.memory import TOKEN
from tests.http.memory import Site as Around

AGENTS: Final = 1_000
QUEUES: Final = 20
RATE: Final = 50
WARM_S: Final = 20.0
"""Until about as many calls end as begin."""
RINGS_S, TALK_S = 1.0, 12.0
MOST_MS: Final = 1_000.0
AFTER_S: Final = 2.0
"""What is not seen by then never will be."""
MADE: Final = Made("screen", "From a fact to the wallboard")
NODE: Final = NodeName("ast1")
BOARD: Final = "tiles=offered,waiting,answered,service_level,agents_ready,agents_talking&charts=agents&lang=en"
WATCH: Final = """(() => {
  window.seen = [];
  const shown = document.querySelector("#tiles [data-figure=offered] b");
  const painted = new MessageChannel();
  painted.port1.onmessage = ({ data }) => seen.push([data, Date.now()]);
  new MutationObserver(() => {
    const value = Number(shown.textContent.replace(/\\D/g, ""));
    requestAnimationFrame(() => painted.port2.postMessage(value));
  }).observe(shown, { subtree: true, childList: true, characterData: true });
})()"""
"""What the tile shows, and when (ms UTC): a message that is sent while a frame is made comes when it was made."""


class Phones:
    """What is commanded is done at once, and the people at the phones take their time."""

    def __init__(self) -> None:
        self.post: Any = None

    def execute(self, command: do.Command) -> None:
        match command:
            case do.AnswerCaller():
                self._later(0, i.CallerUp(command.contact))
            case do.AddCaller():
                self._later(0, i.EnteredRoom(command.contact, command.channel))
            case do.RingAgent():
                self._later(0, i.LegRinging(command.offer, command.leg))
                self._later(RINGS_S, i.LegUp(command.offer, command.leg))
            case do.JoinAgent():
                self._later(0, i.EnteredRoom(command.contact, command.leg))
                self._later(TALK_S, i.LegEnded(command.offer, command.leg, cause=16))
            case do.HangUpCaller():
                self._later(0, i.CallerGone(command.contact, command.cause))
            case _:
                pass

    def flush(self) -> None:
        """Nothing waits."""

    def _later(self, seconds: float, what: i.Input) -> None:
        asyncio.get_running_loop().call_later(seconds, self.post, what)


class Stamps:
    """When the nth contact of the day entered a queue, ms UTC."""

    def __init__(self) -> None:
        self.at: list[int] = []

    def follow(self, _: Snapshot, facts: Sequence[Fact], __: int) -> None:
        self.at += [fact.at for fact in facts if isinstance(fact, ContactQueued)]


def files(queues: int) -> dict[str, str]:
    """A site with so many queues, whose day does not end while it is measured."""
    names = [f"queue-{n:02}" for n in range(queues)]
    hours = datetime.now(UTC).hour - 12
    return {
        "acd/queues.toml": "".join(f'[{name}]\nskills = {{ {name} = 1 }}\nwrap_up = "2s"\n' for name in names),
        "acd/agents.toml": "",
        "acd/site.toml": f'timezone = "Etc/GMT{hours:+}"\n',
        "ivr/numbers.toml": 'default = "straight_to_queue"\n'
        + "".join(f'[{4000 + n}]\nprogram = "straight_to_queue"\nqueue = "{name}"\n' for n, name in enumerate(names)),
        "ivr/prompts.toml": (HOME / "ivr" / "prompts.toml").read_text(),
        "ari_apps/straight_to_queue.py": (HOME / "ari_apps" / "straight_to_queue.py").read_text(),
    }


def signed_in(plane: Plane, site: Site, given: dict[str, str], agents: int) -> None:
    """The site and its people, all of them ready."""
    plane.post(i.PlaneBegan(1, "bench", 0))
    plane.post(i.SiteRead(site.hash, site.rules, given))
    ids, names = [AgentId(str(1001 + n)) for n in range(agents)], list(site.rules.queues)
    profiles = [
        Profile(id=agent, name=f"Agent {agent}", endpoint=f"PJSIP/{agent}", skills={names[n % len(names)]: 5})
        for n, agent in enumerate(ids)
    ]
    plane.post(i.PeopleRead(tuple(profiles)))
    plane.post(
        i.SwitchSurveyed(
            node=NODE, version="22", began_at=plane.snapshot.at, gap_ms=0, after_gap=True, channels={}, rooms={},
            phones={},
        )
    )  # fmt: skip
    for agent in ids:
        plane.post(i.PhoneSeen(DeviceName(agent), Phone.REACHABLE))
        plane.post(i.IntentAsked(agent=agent, intent=Intent.READY, by="bench"))


async def calls(plane: Plane, clock: SiteClock, queues: int, rate: int) -> None:
    """For ever, at fixed moments."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for n in count():
        await asyncio.sleep(max(0.0, began + n / rate - loop.time()))
        now = clock.now()
        plane.post(
            i.CallerArrived(
                node=NODE, channel=ChannelId(f"{now // 1000}.{n}"), number_dialled=str(4000 + n % queues),
                caller=f"555{n % 10_000:04}", caller_name="", switch_at=now,
            )
        )  # fmt: skip


@asynccontextmanager
async def a_plane(folder: Path, options: argparse.Namespace) -> AsyncIterator[tuple[Plane, SiteClock, Around]]:
    """A plane over an outbox, which ships to a Postgres of its own; and the ports of its API."""
    given = files(options.queues)
    site = parse(given)
    async with AsyncExitStack() as stack:
        server = EmbeddedPostgres(folder / "postgres")
        stack.push_async_callback(server.stop)
        await migrate(await server.start())
        database = Database(server.url())
        await database.open()
        stack.push_async_callback(database.close)
        outbox = Outbox(folder / "outbox.sqlite")
        outbox.open()
        outbox.begin(1)
        stack.push_async_callback(outbox.close)
        clock, phones, around = SiteClock.open(outbox, 0), Phones(), Around()
        plane = Plane(
            state=State(), board=Board.begun(site.rules.timezone), seq=0, clock=clock, log=outbox, hands=phones,
            runner=Runner(lambda _: site), meter=Meters(), encode=kept,
        )  # fmt: skip
        phones.post = plane.post
        stack.callback(plane.freeze)  # what the phones still say is for nobody
        shipping = asyncio.create_task(Shipper(outbox, PostgresFacts(database), clock.now).run())
        stack.callback(shipping.cancel)
        signed_in(plane, site, given, options.agents)
        around.files = site
        around.plane = plane
        yield plane, clock, around


async def late(into: list[float]) -> None:
    while True:
        due = time.perf_counter() + 0.005
        await asyncio.sleep(0.005)
        into.append(max(time.perf_counter() - due, 0.0))


def delays(stamps: Sequence[int], seen: Sequence[Sequence[int]], since: int, until: int) -> list[float | None]:
    """Of each fact between these moments (ms): after how many seconds it was seen; None if it never was."""
    found: list[float | None] = []
    shown = iter(seen)
    value, at = -1, 0
    for place, stamp in enumerate(stamps, 1):
        while value < place and (each := next(shown, None)):
            value, at = each
        if since <= stamp < until:
            found.append((at - stamp) / 1000 if value >= place else None)
    return found


async def measured(tab: Tab, stamps: Stamps, seconds: float) -> dict[str, Any]:
    waits: list[float] = []
    looking = asyncio.create_task(late(waits))
    since, cpu, began = time.time(), time.process_time(), time.monotonic()
    await asyncio.sleep(seconds)
    share = (time.process_time() - cpu) / (time.monotonic() - began)
    until = time.time()
    looking.cancel()
    await asyncio.sleep(AFTER_S)
    found = delays(stamps.at, await tab.evaluate("seen"), int(since * 1000), int(until * 1000))
    there = [each for each in found if each is not None]
    return {
        "facts": len(found),
        "never_seen": len(found) - len(there),
        "shown_ms": milliseconds(there),
        "loop_late_ms": milliseconds(waits),
        "core": round(share, 3),
    }


async def run(options: argparse.Namespace) -> dict[str, Any]:
    sys.setswitchinterval(GIVE_WAY_S)
    log_as("warning")
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="ccplane-bench-") as name:
        folder = Path(name)
        async with AsyncExitStack() as stack:
            plane, clock, around = await stack.enter_async_context(a_plane(folder, options))
            stamps = Stamps()
            plane.follow(stamps.follow)
            ports = replace(around.ports(), clock=clock.now)
            app = create_app(ports, admin_token=TOKEN)
            server = await stack.enter_async_context(serve(app, "127.0.0.1", 0))
            browser = stack.enter_context(chromium(folder, 440))
            window = await stack.enter_async_context(browser.window())
            tab = await window.open(f"{server.url}/wallboard?{BOARD}")
            await tab.until("document.body.className === 'live'", within=60)
            await tab.evaluate(WATCH)
            gc.collect()
            gc.freeze()
            calling = asyncio.create_task(calls(plane, clock, options.queues, options.rate))
            stack.callback(calling.cancel)
            await asyncio.sleep(options.warm)
            found = await measured(tab, stamps, options.seconds)
            calling.cancel()
            agents = plane.state.agents.values()
            found |= {
                "faults": plane.faults,
                "facts_in_the_log": plane.snapshot.seq,
                "talking": sum(each.shown == "talking" for each in agents),
            }
            for stream in app.state.streams:
                stream.close()
    return {"load_before": round(load, 1)} | found


def table(made: dict[str, Any]) -> str:
    shown, waits = ("{p50} / {p99} / {max} ms (n={n})".format(**made[each]) for each in ("shown_ms", "loop_late_ms"))
    return "\n".join(
        (
            *promises(made["checks"]),
            "",
            "| | p50 / p99 / highest |",
            "|---|---|",
            f"| a contact enters a queue → painted | {shown} |",
            f"| the loop late meanwhile | {waits} |",
            f"| the plane with its API, of a core | {made['core']:.0%} |",
        )
    )


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.screen", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--agents", type=positive, default=AGENTS)
    parser.add_argument("--queues", type=positive, default=QUEUES)
    parser.add_argument("--rate", type=positive, default=RATE, help="calls per second")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--warm", type=float, default=WARM_S, help="seconds before it is measured")
    parser.add_argument("--no-files", action="store_true", help="print only")
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> int:
    options = arguments(given)
    made: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"), "revision": revision(), "machine": machine(),
        "agents": options.agents, "queues": options.queues, "calls_a_second": options.rate, "seconds": options.seconds,
    } | uvloop.run(run(options))  # fmt: skip
    too_few = max(0, round(options.rate * options.seconds * 0.99) - made["facts"])
    made["checks"] = checked(
        [
            ("fact → painted by the browser, p99, ms", MOST_MS, made["shown_ms"]["p99"] or float("inf")),
            ("facts that were never seen", 0, made["never_seen"]),
            ("calls too few, faults of the plane", 0, too_few + made["faults"]),
        ]
    )
    said = table(made)
    print(said)
    if not options.no_files:
        words = f"{options.agents:,} agents, {options.queues} queues, {options.rate} calls a second for "
        words += f"{options.seconds:g} s; plane, Postgres and browser on this one machine, whose load before was "
        MADE.write(made, f"{on_machine(made)}{words}{made['load_before']}.", said)
    return verdict(made["checks"])


if __name__ == "__main__":
    sys.exit(main())
