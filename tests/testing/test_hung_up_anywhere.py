"""Whoever hangs up at any await of any example program: absorbed, a true record, nothing left at the switch.

The awaits are found by running each example against callers of all sorts; those of its source that none of them gets to
are a failure of this test.
"""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from ccplane.contacts import facts as c
from ccplane.contacts.facts import callbacks
from ccplane.contacts.look_ups import NotFound
from ccplane.contacts.verbs import Gather, HangUp, TakeMessage
from ccplane.core.inputs import CallbackKept
from ccplane.facts import RepairMade
from ccplane.laws import Fact
from ccplane.settings import HOME
from ccplane.site import parse, read
from ccplane.testing import Rehearsal, answers, rehearse, run
from ccplane.testing.fake_faxes import Sheets
from ccplane.testing.fake_people import FakeCall

pytestmark = pytest.mark.slow

DEMO = read(HOME)
WAITING = '\n[{}.waiting]\nkeys = {{ 1 = "callback", 2 = "voicemail" }}\n'
DEMO |= {"acd/queues.toml": DEMO["acd/queues.toml"] + "".join(map(WAITING.format, ("support", "sales", "anyone")))}
OWN = ("own_call", "sign_in", "pause")
"""Those for the centre's own phones."""
EXAMPLES = sorted(set(parse(DEMO).programs) - set(OWN))

NO_TIME = {"set_data", "set_language", "served"}
"""Verbs that are over in the decision in which they begin: nobody can hang up in one."""


@dataclass(frozen=True)
class Sort:
    """A sort of caller: what they press each time they are asked, and what they meet. `keeps`: Postgres is there."""

    keys: tuple[str, ...] = ()
    agent: bool = False
    keeps: bool = True
    found: Any = None
    """What a look-up finds."""
    waits_for_key: str = ""
    """Pressed once they wait in a queue whose agent does not pick up."""
    outside: bool = False
    """Whether somebody answers at the number outside."""
    sends: Sheets | None = None
    """What their fax machine sends, if they are one."""


SENT = {"state": "sent", "on": "2026-11-20"}
CARD = ("471100", "1")
SORTS = [
    Sort(CARD),
    Sort(("471100", "2")),
    Sort(agent=True, waits_for_key="2"),
    Sort(("1",), agent=True, waits_for_key="2"),
    Sort(("0",), agent=True, waits_for_key="2"),
    Sort(("0",), agent=True, waits_for_key="1"),
    Sort(),
    Sort(agent=True),
    Sort(outside=True),
    Sort(sends=Sheets(2)),
    Sort(sends=Sheets(2, fails_after=1)),
    Sort(("1001",), agent=True),
    Sort(("1001",)),
    Sort(("4711",), waits_for_key="#"),
    Sort(("1",)),
    Sort(("1",), keeps=False),
    Sort(("1", "4711#")),
    Sort(("1", "4711#"), agent=True),
    Sort(("1", "#")),
    Sort(("9",)),
    Sort(("2", "1")),
    Sort(("4711#",)),
    Sort(("471100",)),
    Sort(("4711#",), found=SENT),
    Sort(("4711#",), found={"state": "packing"}),
    Sort(("4711#",), found=NotFound()),
    Sort(("8", "0")),
    Sort(("5", "10"), agent=True),
    Sort(agent=True, waits_for_key="1"),
    Sort(("2",), agent=True, waits_for_key="1"),
]


class Walk:
    """One call to a program, by one sort of caller, who hangs up at the nth verb (0: at none), `after` s into it."""

    def __init__(self, program: str, sort: Sort, leaves_at: int = 0, after: float = 0.0) -> None:
        self.program, self.sort, self.leaves_at, self.after = program, sort, leaves_at, after
        self.awaits: list[frozenset[str]] = []
        """Where the program stood at each verb: the lines, its own and those of the programs that it runs."""

    async def walk(self) -> None:
        numbers = f'\n[4999]\nprogram = "{self.program}"\nqueue = "support"\n'
        files = DEMO | {"ivr/numbers.toml": DEMO["ivr/numbers.toml"] + numbers}
        async with rehearse(files) as centre:
            self.centre = centre
            centre.look_ups.after = 2.0
            if self.sort.found is not None:
                centre.look_ups["orders"] = self.sort.found
            if self.sort.outside:
                centre.switch.outside("5551200", answers(after=3, hang_up_after=5))
            if self.sort.agent:
                phone = answers(after=30 if self.sort.waits_for_key else 0.1, hang_up_after=5)
                centre.switch.phone("1001", phone)
                centre.sign_in("1001")
                await centre.becomes("1001", "ready")
            self.keys = iter(self.sort.keys)
            centre.plane.follow(self.follow)
            self.call = centre.switch.call("4999", caller="5550100")
            self.call.sends = self.sort.sends
            await self.call.over(within=5 * 3600)
            await asyncio.sleep(120)
            self.judge(centre, self.call)
            for agent in centre.plane.state.agents.values():
                assert agent.shown in ("ready", "offline", "offered", "paused"), f"{agent.shown}: stuck"

    def follow(self, snapshot: Any, facts: Sequence[Fact], seq: int) -> None:
        for fact in facts:
            match fact:
                case c.StepStarted():
                    self.awaits.append(_where(self.centre, fact.contact))
                    if len(self.awaits) == self.leaves_at:
                        _later(self.after, self.call.hang_up)
                    if isinstance(fact.verb, Gather):
                        _later(0.5, lambda: self.call.types(next(self.keys, "")))
                    if isinstance(fact.verb, TakeMessage):
                        _later(5, self.call.falls_silent)
                case c.ContactQueued() | c.ConferenceEntered() if self.sort.waits_for_key:
                    _later(3, lambda: self.call.press(self.sort.waits_for_key))
                case callbacks.CallbackAsked() if self.sort.keeps:
                    _later(0.01, lambda asked=fact: self.centre.plane.post(CallbackKept(asked.callback)))

    def judge(self, centre: Rehearsal, call: FakeCall) -> None:
        arrived = next(each for each in centre.facts if isinstance(each, c.ContactArrived))
        facts = [each for each in centre.facts if getattr(each, "contact", None) == arrived.contact]
        assert centre.plane.faults == 0
        assert not [each for each in centre.facts if isinstance(each, c.ProgramFailed | RepairMade)]
        (ended,) = (each for each in facts if isinstance(each, c.ContactEnded))
        (*_, last) = (each.verb for each in facts if isinstance(each, c.StepStarted))
        if self.leaves_at and len(self.awaits) == self.leaves_at and not isinstance(last, HangUp):
            assert ended.by is c.EndedBy.CALLER, ended
        steps = [at for at, each in enumerate(facts) if isinstance(each, c.StepStarted | c.StepEnded)]
        assert facts.index(ended) > max(steps), "nothing is begun for who is gone"
        began = sum(isinstance(each, c.ContactQueued) for each in facts)
        left = sum(isinstance(each, c.ContactUnqueued | c.TalkStarted) for each in facts)
        assert began == left, "every stay in a queue has come to something"
        assert sum(isinstance(each, c.TalkStarted) for each in facts) == sum(
            isinstance(each, c.TalkEnded) for each in facts
        )
        assert not centre.plane.state.contacts.get(ended.contact)
        channels = [
            each.id for each in centre.switch.board.node.lines.values() if each.endpoint.endswith(("trunk", "-fax"))
        ]
        assert not channels, "no channel is left; an agent may ring for a callback"
        assert f"b-{arrived.contact}" not in centre.switch.board.node.rooms, "no room is left but a callback's"
        assert not centre.plane._runner._running, "no program is left"


def _later(seconds: float, act: Callable[[], None]) -> None:
    """Never within the decision that is just being made."""
    asyncio.get_running_loop().call_later(seconds, act)


def _where(centre: Rehearsal, contact: str) -> frozenset[str]:
    lines, inner = set(), centre.plane._runner._running.get(contact)
    while hasattr(inner, "cr_frame"):
        if inner.cr_frame is not None and inner.cr_frame.f_code.co_filename.startswith("ari_apps/"):
            lines.add(f"{inner.cr_frame.f_code.co_filename}:{inner.cr_frame.f_lineno}")
        inner = inner.cr_await
    return frozenset(lines)


@cache
def walks(program: str) -> dict[str, tuple[Sort, int]]:
    """For each line at which this example, or one that it runs, stands: a sort of caller, and the verb at which."""
    found: dict[str, tuple[Sort, int]] = {}
    for sort in SORTS:
        walk = Walk(program, sort)
        run(walk.walk())
        for number, lines in enumerate(walk.awaits, 1):
            for line in sorted(lines):
                found.setdefault(line, (sort, number))
    return found


def awaits_of(program: str) -> Iterator[tuple[int, int]]:
    """The first and the last line of each await in its source at which a call can be."""
    for node in ast.walk(ast.parse(DEMO[f"ari_apps/{program}.py"])):
        if isinstance(node, ast.Await) and not NO_TIME & set(ast.unparse(node).replace("(", ".").split(".")):
            yield node.lineno, node.end_lineno or node.lineno


@pytest.mark.parametrize("program", EXAMPLES)
def test_callers_of_all_sorts_get_to_every_await_of(program: str):
    found = {int(line.partition(":")[2]) for line in walks(program) if line.startswith(f"ari_apps/{program}.py:")}
    missed = [first for first, last in awaits_of(program) if not found & set(range(first, last + 1))]
    assert not missed, f"no caller gets to these lines of ari_apps/{program}.py"


@pytest.mark.parametrize("program", EXAMPLES)
def test_a_hang_up_at_any_await_is_absorbed_leaves_a_true_record_and_nothing_at_the_switch_in(program: str):
    """At once when the verb begins, and a second into it."""
    for line, (sort, number) in walks(program).items():
        for after in (0.0, 1.0):
            try:
                run(Walk(program, sort, number, after).walk())
            except AssertionError as error:
                raise AssertionError(f"hung up {after} s into {line}, {sort}: {error}") from error
