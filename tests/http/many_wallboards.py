"""How much of a core it takes that many wallboards watch a large centre, and what that does to the loop.

The plane is the real core in memory, with 1,000 agents, 20 queues and 50 calls a second; the stream, the server and the
readers' connections are real, the readers are another process. What the calls themselves take is measured first.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import statistics
import sys
import time
from typing import Any

from msgspec.structs import replace

from bench.made import Check, checked, promises, verdict
from ccplane.agents.facts import Profile
from ccplane.core import inputs
from ccplane.http.app import create_app
from ccplane.http.server import serve
from ccplane.ids import AgentId, QueueName
from ccplane.routing.rules import Queue, Step
from ccplane.settings import HOME
from tests.http.memory import TOKEN, Site

RESULT = HOME / "bench" / "results" / "wallboards.json"
AGENTS, QUEUES, CALLS_A_SECOND, SECONDS = 1_000, 20, 50, 15.0
MOST_OF_A_CORE = 0.2
MOST_LATER_MS = 5.0
"""No step may hold the loop longer (law 13): less than that is no change."""


NAMES = tuple(QueueName(f"queue-{n:02}") for n in range(QUEUES))


def large() -> Site:
    """A centre with its agents signed in."""
    site = Site()
    history = site.plane.history
    queues = {name: Queue(name=name, steps=(Step({name: 1}),)) for name in NAMES}
    history.give(inputs.SiteRead("s2", replace(history.state.rules, queues=queues), {}))
    ids = [AgentId(str(1001 + n)) for n in range(AGENTS)]
    people = [
        Profile(id=agent, name=f"Agent {agent}", skills={NAMES[n % QUEUES]: 5}, endpoint=f"PJSIP/{agent}")
        for n, agent in enumerate(ids)
    ]
    history.give(inputs.PeopleRead(agents=tuple(people)))
    for agent in ids:
        history.sign_in(agent)
    return site


async def goes_on(site: Site) -> None:
    """Each call is answered at once and ends after some seconds."""
    history, talks = site.plane.history, []
    loop = asyncio.get_running_loop()
    began, n = loop.time(), 0
    while True:
        n += 1
        await asyncio.sleep(max(0.0, began + n / CALLS_A_SECOND - loop.time()))
        history.wait(1_000 // CALLS_A_SECOND)
        contact = history.call(NAMES[n % QUEUES])
        if history.state.contacts[contact].offer:
            history.answer(contact)
            talks.append(contact)
        if len(talks) > 200:
            talk = history.state.contacts[talks.pop(0)].talk
            if talk:
                history.give(inputs.LegEnded(talk.offer, talk.leg, cause=16))
        site.plane.publish()


async def delays(into: list[float]) -> None:
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + 0.005
        await asyncio.sleep(0.005)
        into.append((loop.time() - due) * 1_000)


async def measured(app: Any, readers: int, query: str) -> dict[str, float]:
    """Of a core, and by how much the loop was late (ms)."""
    async with serve(app, "127.0.0.1", 0) as server:
        address = f"{server.url}/api/v1/wallboard/stream{query}"
        command = [sys.executable, "-m", "tests.http.many_wallboards", "--read", address, str(readers)]
        watching = await asyncio.create_subprocess_exec(*command) if readers else None
        stream, *_ = app.state.streams
        while stream.readers < readers:
            await asyncio.sleep(0.1)
        await asyncio.sleep(2)
        late: list[float] = []
        noting = asyncio.create_task(delays(late))
        cpu, clock = time.process_time(), time.monotonic()
        await asyncio.sleep(SECONDS)
        share = (time.process_time() - cpu) / (time.monotonic() - clock)
        noting.cancel()
        if watching:
            watching.terminate()
            await watching.wait()
        late.sort()
    return {"core": share, "p50_ms": statistics.median(late), "p99_ms": late[int(len(late) * 0.99)], "max_ms": late[-1]}


async def main(readers: int) -> dict[str, Any]:
    site = large()
    gc.collect()
    gc.freeze()  # as the plane does; what the benchmark itself keeps of all facts is no part of it
    feeding = asyncio.create_task(goes_on(site))
    found = {}
    for name, watching, query in (("nobody", 0, ""), ("changes", readers, "?changes=true"), ("whole", readers, "")):
        found[name] = await measured(create_app(site.ports(), admin_token=TOKEN), watching, query)
        print(name, {key: round(value, 3) for key, value in found[name].items()}, flush=True)
    feeding.cancel()
    return found


def judged(found: dict[str, dict[str, float]]) -> list[Check]:
    """What is promised: little of a core, and a loop that is hardly later than when nobody watches."""
    nobody, watched = found["nobody"], found["changes"]
    later = max(0.0, watched["p99_ms"] - nobody["p99_ms"])
    return checked(
        [
            ("all wallboards, of a core", MOST_OF_A_CORE, round(watched["core"] - nobody["core"], 3)),
            ("the loop later than without them, p99, ms", MOST_LATER_MS, round(later, 2)),
        ]
    )


async def read(url: str, readers: int) -> None:
    """So many connections whose bytes nobody looks at."""
    host, port = url.split("/")[2].split(":")
    path = "/" + url.split("/", 3)[3]

    async def one() -> None:
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        while await reader.read(1 << 16):
            pass

    await asyncio.gather(*(one() for _ in range(readers)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=300)
    parser.add_argument("--read", nargs=2)
    given = parser.parse_args()
    if given.read:
        asyncio.run(read(given.read[0], int(given.read[1])))
        raise SystemExit
    result = asyncio.run(main(given.readers))
    made = {"readers": given.readers, **result, "checks": judged(result)}
    RESULT.write_text(json.dumps(made, indent=1) + "\n")
    print("\n".join(promises(made["checks"])))
    raise SystemExit(verdict(made["checks"]))
