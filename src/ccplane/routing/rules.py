"""The rules that routing follows, as the operator's files give them. Frozen; a reload makes new ones."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec
from msgspec.structs import replace

from ccplane.agents.wrap_up import WrapUp
from ccplane.contacts.announce import Announce
from ccplane.contacts.facts import MissCause
from ccplane.ids import AgentId, ProgramName, QueueName
from ccplane.laws import Fact
from ccplane.routing.announce import Saying
from ccplane.routing.boxes import Box
from ccplane.routing.callbacks import Callbacks
from ccplane.routing.dialling import Dialling
from ccplane.routing.hours import Hours
from ccplane.routing.misses import MissRule
from ccplane.routing.patterns import is_withheld, matches
from ccplane.routing.recording import RecordingPolicy

LEVELS: Final = 10
"""The highest level, of a skill and in a queue; the lowest is 1."""
FINISH: Final = "finish"
PROGRAM: Final = "program"
MOST_AT_ONCE: Final = 30
"""To decide that many takes 2 to 3 ms, and 100 would take 13: no decision may hold up the others for 5 (law 13)."""


class Step(msgspec.Struct, frozen=True):
    """What is asked of an agent for a while: all that stands here. An empty step is met by anyone."""

    skills: dict[str, int] = {}
    """All of these, each at this level (1 to 10) at least."""
    for_ms: int | None = None
    """How long it holds; only the last may be None, and is."""
    any_of: tuple[dict[str, int], ...] = ()
    """And at least one of these sets of levels; none given: nothing further is asked."""
    language: bool = False
    """They speak the contact's language."""
    level: int = 0
    """Their level in the queue itself, at least; 0 asks nothing."""
    agents: tuple[AgentId, ...] = ()
    """Only these. Where none of them could come, the step is passed over at once."""
    last_agent_ms: int | None = None
    """Only who served this customer last, if that was no longer ago than this; else the step is passed over at once."""
    also: tuple[Step, ...] = ()
    """Or whoever meets one of these: of further groups that are open. Never from a file."""

    def met_by(self, skills: Mapping[str, int]) -> bool:
        """Whether these skills are enough; nothing else that the step asks is looked at."""
        if not _has(skills, self.skills):
            return False
        return not self.any_of or any(_has(skills, each) for each in self.any_of)

    @property
    def of_persons(self) -> bool:
        """Whether it asks for certain agents, so that it is passed over where none of them could come."""
        return bool(self.agents) or self.last_agent_ms is not None


def _has(skills: Mapping[str, int], wanted: Mapping[str, int]) -> bool:
    for name, level in wanted.items():  # noqa: SIM110  (asked of every free agent: twice as fast)
        if skills.get(name, 0) < level:
            return False
    return True


class Measure(StrEnum):
    """What opens a further group of agents, and closes it again."""

    LONGEST_WAIT = "longest-wait"
    """How long the one who has been in the queue for the longest has been so, ms."""
    ESTIMATED_WAIT = "estimated-wait"
    """How long who comes now will wait, ms."""
    SERVICE_LEVEL = "service-level"
    """Of those answered, abandoned or waiting too long, within the window, the fraction answered in time: 0 to 1."""


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Agents who serve a queue only while it does badly."""

    name: str
    step: Step
    """Who they are: who meets this may serve the queue beside those whom its own steps ask for."""
    opens: dict[Measure, float]
    """It opens as soon as one of these is reached: waits, ms, at least so long; a service level below this."""
    closes: dict[Measure, float]
    """It closes once all of these hold without a break: waits up to so long; a service level at least this."""
    after_ms: int = 60_000
    """For so long."""
    window_ms: int = 1_800_000
    """Over which the service level is measured."""


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """A queue. Times in ms; `weight` in seconds of waiting; `percent` of the calls are to be answered `within_ms`."""

    name: QueueName
    steps: tuple[Step, ...]
    strategy: str = "longest-idle"
    ring_ms: int = 20_000
    ring_at_once: int | None = 1
    """How many agents are rung for one contact at once, MOST_AT_ONCE at the most; None: all who may serve it."""
    wrap_up_ms: int | None = 0
    """0: none; None: until the agent says that they are done."""
    wrap_up_extend_ms: int = 0
    wrap_up_most_ms: int | None = None
    max_wait_ms: int | None = None
    weight_s: int = 0
    strict: int = 0
    """Contacts of a queue with a higher number come before all of a lower one, however long those have waited."""
    percent: int = 80
    within_ms: int = 20_000
    music: str = "default"
    announce: Announce | None = None
    """What those who wait hear beside it, and what their keys do."""
    whisper: dict[str, str] = {}
    """The sound that says to an agent alone what it is about, by language; none: nothing is said."""
    whisper_all: bool = False
    """Also to those who pick up themselves; else where nobody has to."""
    most_waiting: int | None = None
    """So many wait at the most; who comes then overflows."""
    waiting_per_agent: float | None = None
    """So many wait at the most for each agent who is signed in and could serve them; who comes then overflows."""
    longest_wait_ms: int | None = None
    """Who has waited here for so long overflows."""
    overflow: QueueName | None = None
    """The queue that takes over who overflows; None: the program decides."""
    no_agents: QueueName | None = None
    """The queue that takes over where nobody is signed in who could serve them; None: the program decides."""
    hours: str | None = None
    """When it is open, by the name of the hours; None: always."""
    at_closing: str = FINISH
    """What becomes of those who wait when it closes: FINISH, they are served; PROGRAM, that decides; else the queue
    that takes them over, and whoever comes while it is closed."""

    repeat_ms: int | None = None
    """Whom an agent of ours has talked to no longer ago than this is raised by `repeat_credit_s`; None: nobody is."""
    repeat_credit_s: int = 0
    groups: tuple[Group, ...] = ()
    """Further agents, who serve it only while it does badly."""

    @property
    def closes_on_them(self) -> bool:
        """Whether those who wait when it closes do so no longer."""
        return self.hours is not None and self.at_closing != FINISH

    @property
    def at_once(self) -> int:
        """How many agents may be rung for one contact."""
        return MOST_AT_ONCE if self.ring_at_once is None else min(self.ring_at_once, MOST_AT_ONCE)

    def step_ends_at(self, step: int) -> int | None:
        """The wait, in ms, after which step number `step` (from 0) gives way to the next; None on the last."""
        if step >= len(self.steps) - 1:
            return None
        return sum(each.for_ms or 0 for each in self.steps[: step + 1])

    @property
    def wrap_up(self) -> WrapUp:
        """The work after one of its calls, where the agent has no rule of their own."""
        return WrapUp(self.wrap_up_ms, self.wrap_up_extend_ms, self.wrap_up_most_ms)

    @property
    def widest(self) -> Step:
        """The step that the most agents meet: the last."""
        return self.steps[-1]


class Number(msgspec.Struct, frozen=True, kw_only=True):
    """A number that callers dial: what happens, in which language, and which advertisement it stands for."""

    number: str
    program: ProgramName
    language: str = "en"
    queue: QueueName | None = None
    attribution: str = ""
    fallback: QueueName | None = None
    """Who answers while ccplane is away; None: those of `queue`, or everybody."""
    hours: str | None = None
    """When `program` takes the calls, by the name of the hours; None: always."""
    closed: ProgramName | None = None
    """Which program takes them otherwise."""
    withheld: ProgramName | None = None
    """Which program takes those of callers who show no number, while it is open; None: as all others."""


class SurgeRule(msgspec.Struct, frozen=True):
    """When far more call than usual: in a slot, against the median of the same of so many weeks, from the threshold on,
    and if at least so many called."""

    slot_ms: int = 15 * 60_000
    weeks: int = 4
    threshold: float = 2.0
    least: int = 30


class Harassment(msgspec.Struct, frozen=True):
    """Who calls so `marks` times within so long is blocked for so long; 0 marks: nobody is by that."""

    marks: int = 0
    within_ms: int = 30 * 86_400_000
    block_ms: int = 7 * 86_400_000


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """All the core needs to know of a site."""

    queues: dict[QueueName, Queue]
    numbers: dict[str, Number]
    language: str = "en"
    """Of callers to numbers that name none."""
    default_program: ProgramName
    """Takes calls to numbers that have no program, and callers whose program failed."""
    misses_until_pause: int = 3
    rest_ms: int = 5_000
    """How long an agent is left alone after a reject, a busy or an unreachable phone, or one that was to pick up by
    itself and did not; where `missed` says nothing else."""
    missed: dict[MissCause, MissRule] = {}
    """What follows from a miss by a certain cause."""
    auto_answer_ms: int = 6_000
    """How long a phone that is told to pick up by itself has for that."""
    join_ms: int = 8_000
    """How long the switch may take to show two channels in a room. Longer than a connection to it may carry nothing and
    live on (`Limits`, probe_every and probe_echo): what was told it all the same then comes, and the two are joined."""
    ring_cycle_ms: int = 5_000
    timezone: str = "UTC"
    recording: RecordingPolicy = RecordingPolicy()
    dialling: Dialling = Dialling()
    callbacks: Callbacks = Callbacks()
    hold: dict[str, str] = {}
    """The sound by which a caller is asked to hold, by language. None: music alone."""
    sayings: dict[str, Saying] = {}
    """By language, how places in the line and waits are said."""
    harassment: Harassment = Harassment()
    surge: SurgeRule | None = None
    shifts: dict[str, tuple[int, int]] = {}
    """Over which is counted live, by name: from and to, minutes after midnight by the site's clock. One that ends no
    later than it begins ends on the next day."""
    blocked_program: ProgramName | None = None
    """Takes the calls of customers who are blocked; None: they are refused."""
    hours: dict[str, Hours] = {}
    boxes: dict[str, Box] = {}
    """Where messages are left that are owed an answer, by name."""
    agents_box: Box | None = None
    """The same of each agent, whose id is its name; None: agents have none that is owed anything."""
    patterns: tuple[str, ...] = ()
    """Those of `numbers` that stand for many, the most exact one first."""
    default_queue: QueueName | None = None
    """Where those wait on whose queue is no more and not in `removed_queues`; None: their program decides."""
    removed_queues: dict[QueueName, QueueName] = {}
    """Where those wait on whose queue is no more, by its name."""

    def number(self, dialled: str) -> Number | None:
        """What is said of a number: as it is listed, else of the most exact pattern that it matches."""
        known = self.numbers.get(dialled)
        if known is not None or not self.patterns:
            return known
        found = next((each for each in self.patterns if matches(each, dialled)), None)
        return replace(self.numbers[found], number=dialled) if found else None

    def number_at(self, dialled: str, at: int, caller: str = "") -> Number | None:
        """The same, with the program that takes this caller's call at `at` (ms UTC)."""
        known = self.number(dialled)
        if known is None:
            return None
        hours = self.hours.get(known.hours) if known.hours else None
        if known.closed is not None and hours is not None and not hours.open_at(at):
            return replace(known, program=known.closed)
        return replace(known, program=known.withheld) if known.withheld is not None and is_withheld(caller) else known

    def closes_on(self, queue: Queue, since: int) -> int | None:
        """When the queue closes on who waits in it since then (ms UTC); None if it does not."""
        hours = self.hours.get(queue.hours) if queue.hours and queue.closes_on_them else None
        return hours.closes_after(since) if hours else None

    def queue_for(self, name: QueueName) -> QueueName | None:
        """The queue of this name, or the one that took its place; None if there is neither."""
        wanted = (name, self.removed_queues.get(name), self.default_queue)
        return next((each for each in wanted if each is not None and each in self.queues), None)


class SiteChange(msgspec.Struct, frozen=True):
    """What was changed at `path`, `acd/queues.toml: support.weight`: from, and to, as JSON; None: no such key."""

    path: str
    before: str | None = None
    after: str | None = None


class SiteEdited(Fact, frozen=True, kw_only=True):
    """Somebody changed what holds in the place of the site's files, without writing them; the rules that follow from
    it are loaded with it. `by`: who; `expiry` where the time of an overlay is over."""

    by: str
    changes: tuple[SiteChange, ...]


class QueuesUnserved(Fact, frozen=True, kw_only=True):
    """None of all agents could ever serve these queues, signed in or not: nobody meets their last step. Of all others
    somebody does. Told where it changes; a typo in a skill, or agents who are still to come."""

    queues: tuple[QueueName, ...]


class RulesLoaded(Fact, frozen=True, kw_only=True):
    """From here on these rules hold, also for those already waiting (law 11). `files`: the site as text, by path."""

    site: str
    rules: Rules
    files: dict[str, str]
