"""What may stand in the operator's TOML files: every key, its type, its bounds and its default.

Shapes judge a value by itself; whether values agree with each other is judged where they are read (acd.py, ivr.py).
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from ccplane.addresses import mailbox
from ccplane.contacts.notice import AGENT as AGENT_BLANK
from ccplane.routing.dialling import AGENT
from ccplane.routing.rules import MOST_AT_ONCE
from ccplane.routing.strategies import STRATEGIES
from ccplane.site.durations import DAY, milliseconds
from ccplane.site.faults import did_you_mean
from ccplane.site.site import ACTIONS, LANGUAGES
from ccplane.site.wallboard import CHARTS, FIGURES, PARTS, SOUNDS, THEMES, WallboardRule

SECOND: Final = 1_000
HOUR: Final = 3_600_000

SPOKEN: Final = r"[^\x00-\x08\x0b-\x1f\x7f]*\w[^\x00-\x08\x0b-\x1f\x7f]*"
"""At least one letter or digit, and no control characters but tab and new line."""


SHAPES_OF_NUMBERS: Final = (
    "a number is 2 to 20 digits, perhaps after a +; a feature code 2 to 4 after a *; for many at once at least two "
    "digits, then X for any digit, and at the end * for whatever follows"
)


def _matching(pattern: str, code: str, sentence: str) -> AfterValidator:
    compiled = re.compile(pattern)

    def judge(value: str) -> str:
        if not compiled.fullmatch(value):
            raise PydanticCustomError(code, "{sentence}", {"sentence": sentence})
        return value

    return AfterValidator(judge)


def _one_of(code: str, what: str, known: Callable[[], Any]) -> AfterValidator:
    def judge(value: str) -> str:
        if value not in known():
            sentence = f"unknown {what} `{value}`{did_you_mean(value, known())}"
            raise PydanticCustomError(code, "{sentence}", {"sentence": sentence})
        return value

    return AfterValidator(judge)


def _as_milliseconds(value: object) -> int:
    if not isinstance(value, str):
        raise PydanticCustomError("no-duration", 'is a length of time with its unit, in quotes: "20s" or "3m"')
    try:
        return milliseconds(value)
    except ValueError as error:
        raise PydanticCustomError("no-duration", "{why}", {"why": str(error)}) from error


def _as_at_once(value: object) -> int | None:
    if value == "all":
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_AT_ONCE:
        raise PydanticCustomError("out-of-range", f'is how many phones, 1 to {MOST_AT_ONCE}, or "all"')
    return value


def _no_number_of_phones(value: str) -> str:
    """Elsewhere "ring-all" is a strategy; here how many phones ring is a key of its own, beside any strategy."""
    if value.lower().replace("-", "").replace("_", "") in ("ringall", "all"):
        sentence = f'`{value}` is no strategy: to ring all who are free at once write `ring_at_once = "all"`'
        raise PydanticCustomError("no-such-strategy", "{sentence}", {"sentence": sentence})
    return value


def _timezone_hint(value: str) -> str:
    known = zoneinfo.available_timezones()  # asked only after a fault: it walks the machine's whole tz database
    if not known:
        return "; this machine knows none at all: install tzdata"
    hint = did_you_mean(value, known)
    return hint if "did you mean" in hint else '; write it like "Europe/Berlin"'


def _timezone(value: str) -> str:
    if value != "UTC":
        try:
            zoneinfo.ZoneInfo(value)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            sentence = f"unknown time zone `{value}`{_timezone_hint(value)}"
            raise PydanticCustomError("no-such-timezone", "{sentence}", {"sentence": sentence}) from None
    return value


def _email(value: object) -> str:
    try:
        if isinstance(value, str) and value and mailbox(value.replace(AGENT_BLANK, "1001")):
            return value
    except ValueError:
        pass
    sentence = 'is an address in ASCII, in quotes: "team@example.com"; {agent} in it stands for the agent\'s id'
    raise PydanticCustomError("bad-address", "{sentence}", {"sentence": sentence})


Duration = Annotated[int, BeforeValidator(_as_milliseconds)]
AtOnce = Annotated[int | None, BeforeValidator(_as_at_once)]
Name = Annotated[str, _matching(r"\w[\w-]{0,39}", "bad-name", "a name is letters, digits, - and _, at most 40")]
Prefix = Annotated[str, _matching(r"\+?[0-9]{1,20}", "bad-prefix", "a prefix is 1 to 20 digits, perhaps after a +")]
Dialled = Annotated[
    str, _matching(r"\+?[0-9]{2,20}|\*[0-9]{2,4}|\+?[0-9]{2}[0-9X]{0,18}\*?", "bad-number", SHAPES_OF_NUMBERS)
]
ShiftHours = Annotated[
    str,
    _matching(
        r"([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)",
        "bad-shift",
        'from and to: "06:00-14:00", "22:00-06:00"',
    ),
]
Key = Annotated[str, _matching(r"[0-9*#A-D]", "bad-key", "a key is one of 0-9, *, # and A-D")]
NameOrNone = Annotated[str, _matching(r"(\w[\w-]{0,39})?", "bad-name", 'letters, digits, - and _; "" is none')]
KeyOrNone = Annotated[str, _matching(r"[0-9*#A-D]?", "bad-key", 'a key is one of 0-9, *, # and A-D; "" is none')]
Consequence = Annotated[str, _matching(r"go-on|end-call", "bad-choice", 'is "go-on" or "end-call"')]
Text = Annotated[str, Field(max_length=2_000), _matching(SPOKEN, "bad-text", "has nothing that can be spoken")]
Language = Annotated[str, _one_of("no-such-language", "language", lambda: LANGUAGES)]
CHANNELS: Final = ("voice",)
"""The classes of channel of which an agent may have contacts."""
ENGINES: Final = ("espeak-ng", "piper", "command")
Engine = Annotated[str, _one_of("no-such-engine", "engine", lambda: ENGINES)]
Action = Annotated[str, _one_of("no-such-action", "action", lambda: ACTIONS)]
Strategy = Annotated[
    str, AfterValidator(_no_number_of_phones), _one_of("no-such-strategy", "strategy", lambda: STRATEGIES)
]
Timezone = Annotated[str, AfterValidator(_timezone)]
Level = Annotated[int, Field(ge=1, le=10)]
Skills = dict[Name, Level]
AgentNumber = Annotated[str, _matching(r"[0-9]{2,10}", "bad-agent-id", "an agent's id is 2 to 10 digits, in quotes")]
Email = Annotated[str, BeforeValidator(_email)]
Channel = Annotated[str, _one_of("no-such-channel", "class of channel", lambda: CHANNELS)]
Texts = Annotated[dict[Language, Text], Field(min_length=1)]


class Table(BaseModel):
    """A TOML table: nothing is converted, and a key that is not known is a typo."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", populate_by_name=False)


class AnswerTable(Table):
    """The service level: so many percent answered within a time."""

    percent: Annotated[int, Field(ge=1, le=100)] = 80
    within: Annotated[Duration, Field(ge=SECOND, le=HOUR)] = 20 * SECOND


def _true_or_duration(value: object) -> object:
    """`true` is however long ago it was."""
    if value is True:
        return EVER
    if isinstance(value, bool) or not isinstance(value, str):
        raise PydanticCustomError("wrong-type", 'is true, or how long ago at the most, in quotes: "30d"')
    return _as_milliseconds(value)


EVER: Final = 3_650 * DAY
"""Longer than anybody remembers."""
LongAgo = Annotated[int, BeforeValidator(_true_or_duration), Field(ge=SECOND, le=EVER)]


class StepTable(Table):
    """What is asked of an agent for a while: all of it. `any`: and one of these at least."""

    hold: Annotated[Duration, Field(ge=SECOND, le=HOUR)] | None = Field(default=None, alias="for")
    skills: Skills | None = None
    any_of: Annotated[list[Annotated[Skills, Field(min_length=1)]], Field(min_length=1)] | None = Field(
        default=None, alias="any"
    )
    language: bool | None = None
    level: Level | None = None
    agents: Annotated[list[AgentNumber], Field(min_length=1)] | None = None
    last_agent: LongAgo | None = None


UNTIL_DONE: Final = "until-done"


def _wrap_up_time(value: object) -> int | None:
    """A length of time, or None: until they are done."""
    if value == UNTIL_DONE:
        return None
    if not isinstance(value, str):
        sentence = f'is a length of time with its unit, in quotes: "20s" or "3m"; or "{UNTIL_DONE}"'
        raise PydanticCustomError("no-duration", "{sentence}", {"sentence": sentence})
    return _as_milliseconds(value)


def _time_or_table(value: object) -> object:
    """A time alone is a table with nothing else."""
    if isinstance(value, dict):
        return value
    time = _wrap_up_time(value)
    if time is not None and time > HOUR:
        raise PydanticCustomError("out-of-range", "is at most 1h, not {given}", {"given": str(value)})
    return {"time": value}


class WrapUpTable(Table):
    """`wrap_up = { time = "30s", extend = "30s", most = "3m" }`, of a queue or of an agent."""

    time: Annotated[Annotated[int, Field(le=HOUR)] | None, BeforeValidator(_wrap_up_time)]
    extend: Annotated[Duration, Field(ge=SECOND, le=HOUR)] | None = None
    most: Annotated[Duration, Field(ge=SECOND, le=8 * HOUR)] | None = None


WrapUpSaid = Annotated[WrapUpTable, BeforeValidator(_time_or_table)]


class OpenTable(Table):
    """By what a further group opens: any of these. `service_level`: a percentage."""

    longest_wait: Annotated[Duration, Field(ge=SECOND, le=24 * HOUR)] | None = None
    estimated_wait: Annotated[Duration, Field(ge=SECOND, le=24 * HOUR)] | None = None
    service_level: Annotated[int, Field(ge=1, le=100)] | None = None


class CloseTable(OpenTable):
    """By what it closes: all of these, for so long."""

    after: Annotated[Duration, Field(ge=SECOND, le=HOUR)] = 60 * SECOND


class GroupTable(Table):
    """`[[support.groups]]`: agents who serve a queue only while it does badly."""

    name: Name | None = None
    skills: Skills | None = None
    any_of: Annotated[list[Annotated[Skills, Field(min_length=1)]], Field(min_length=1)] | None = Field(
        default=None, alias="any"
    )
    level: Level | None = None
    agents: Annotated[list[AgentNumber], Field(min_length=1)] | None = None
    opens: OpenTable = Field(alias="open")
    closes: CloseTable = Field(alias="close")
    window: Annotated[Duration, Field(ge=60 * SECOND, le=HOUR)] = 30 * 60 * SECOND


def _name_or_texts(value: object) -> object:
    if not isinstance(value, str | dict):
        sentence = 'is the name of a prompt, or its texts: { en = "…" }'
        raise PydanticCustomError("wrong-type", "{sentence}", {"sentence": sentence})
    return value


WhisperTo = Annotated[str, _matching(r"auto-answered|all", "bad-choice", 'is "auto-answered" or "all"')]


Leads = Annotated[
    str,
    _matching(
        r"\w[\w-]{0,39}|queue:\w[\w-]{0,39}",
        "bad-key-leads",
        'is "callback", "queue:NAME", or a name for the program: letters, digits, - and _',
    ),
]


class WaitingTable(Table):
    """`[support.waiting]`: what those who wait hear, and what their keys do."""

    first: Annotated[Duration, Field(ge=0, le=HOUR)] = 15 * SECOND
    every: Annotated[Duration, Field(ge=10 * SECOND, le=HOUR)] = 45 * SECOND
    position: bool = False
    estimate: bool = False
    messages: Annotated[list[Name], Field(max_length=20)] = []
    keys: dict[Key, Leads] = {}


class RepeatTable(Table):
    """`repeat = { within = "24h", credit = "90s" }`: those who call again are raised."""

    within: Annotated[Duration, Field(ge=SECOND, le=30 * DAY)]
    credit: Annotated[Duration, Field(ge=SECOND, le=24 * HOUR)]


class SurveyAfter(Table):
    """`survey = { name = "after-call", share = 0.5, talk = "20s", quiet = "7d" }`."""

    name: Name
    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    talk: Annotated[Duration, Field(ge=0, le=HOUR)] = 0
    quiet: Annotated[Duration, Field(ge=0, le=90 * 24 * HOUR)] = 0


class QueueTable(Table):
    """`[support]` in acd/queues.toml."""

    strategy: Strategy = "longest-idle"
    answer: AnswerTable = AnswerTable()
    ring: Annotated[Duration, Field(ge=SECOND, le=5 * 60 * SECOND)] = 20 * SECOND
    ring_at_once: AtOnce = 1
    wrap_up: WrapUpSaid | None = None
    max_wait: Annotated[Duration, Field(ge=SECOND, le=24 * HOUR)] | None = None
    weight: Annotated[Duration, Field(le=24 * HOUR)] = 0
    strict: Annotated[int, Field(ge=0, le=9)] = 0
    music: Name = "default"
    waiting: WaitingTable | None = None
    whisper: Annotated[Any, BeforeValidator(_name_or_texts)] = None
    whisper_to: WhisperTo = "auto-answered"
    most_waiting: Annotated[int, Field(ge=1, le=100_000)] | None = None
    waiting_per_agent: Annotated[float, Field(gt=0, le=1_000)] | None = None
    longest_wait: Annotated[Duration, Field(ge=SECOND, le=24 * HOUR)] | None = None
    overflow: Name | None = None
    no_agents: Name | None = None
    hours: Name | None = None
    at_closing: Name | None = None
    repeat: RepeatTable | None = None
    survey: SurveyAfter | None = None
    groups: Annotated[list[GroupTable], Field(max_length=10)] = []
    skills: Skills | None = None
    steps: Annotated[list[StepTable], Field(min_length=1)] | None = None


Priority = Annotated[int, Field(ge=1, le=99)]


class MembershipTable(Table):
    """How an agent belongs to a queue: `support = { level = 7, priority = 1 }`."""

    level: Level = 5
    priority: Priority = 1


def _priority_or_table(value: object) -> object:
    """A number alone is the priority."""
    return {"priority": value} if isinstance(value, int) and not isinstance(value, bool) else value


Members = dict[Name, Annotated[MembershipTable, BeforeValidator(_priority_or_table)]]
Capacity = dict[Channel, Annotated[int, Field(ge=0, le=1)]]


class AbilityTable(Table):
    """What an agent is good for."""

    skills: Skills = {}
    role: Name = AGENT
    languages: Annotated[list[Language], Field(max_length=20)] = []
    queues: Members = {}
    capacity: Capacity | None = None
    wrap_up: WrapUpSaid | None = None
    team: NameOrNone = ""


class AgentTable(AbilityTable):
    """`[1021]` in acd/agents.toml."""

    name: Annotated[str, Field(min_length=1, max_length=80)] | None = None


class RangeTable(AbilityTable):
    """Many agents at once, with ids in a row: `[demo]` in acd/agents.toml."""

    first: Annotated[int, Field(ge=10, le=99_999_999)] = Field(alias="from")
    count: Annotated[int, Field(ge=1, le=10_000)]


class SeatTable(Table):
    """`[2001]` in acd/seats.toml."""

    shared: bool = False
    auto_answer: bool = False
    always_on: bool = False


class MissTable(Table):
    """`[missed.rejected]` in acd/site.toml: what follows from a missed offer of this cause."""

    rest: Annotated[Duration, Field(le=HOUR)] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] | None = None


class AutoAnswerTable(MissTable):
    """`[missed.auto-answer-failed]`. `after`: how long a phone has to pick up by itself."""

    after: Annotated[Duration, Field(ge=SECOND, le=60 * SECOND)] = 6 * SECOND


class MissedTable(Table):
    """`[missed]` in acd/site.toml, by cause."""

    no_answer: MissTable = Field(default=MissTable(), alias="no-answer")
    rejected: MissTable = MissTable()
    busy: MissTable = MissTable()
    unreachable: MissTable = MissTable()
    auto_answer_failed: AutoAnswerTable = Field(default=AutoAnswerTable(), alias="auto-answer-failed")


class SurgeTable(Table):
    """`surge = { slot = "15m", weeks = 4, threshold = 2.0, least = 30 }`."""

    slot: Annotated[Duration, Field(ge=5 * 60 * SECOND, le=HOUR)] = 15 * 60 * SECOND
    weeks: Annotated[int, Field(ge=1, le=52)] = 4
    threshold: Annotated[float, Field(ge=1.1, le=100)] = 2.0
    least: Annotated[int, Field(ge=1, le=1_000_000)] = 30


class HarassmentTable(Table):
    """`harassment = { marks = 3, within = "30d", block = "7d" }`."""

    marks: Annotated[int, Field(ge=1, le=100)]
    within: Annotated[Duration, Field(ge=HOUR, le=366 * 24 * HOUR)] = 30 * 24 * HOUR
    block: Annotated[Duration, Field(ge=HOUR, le=366 * 24 * HOUR)] = 7 * 24 * HOUR


class FirstContactTable(Table):
    """`first_contact = { before = "7d", after = "7d" }`."""

    before: Annotated[Duration, Field(ge=HOUR, le=90 * 24 * HOUR)] = 7 * 24 * HOUR
    after: Annotated[Duration, Field(ge=HOUR, le=90 * 24 * HOUR)] = 7 * 24 * HOUR


PauseReasons = Annotated[list[Annotated[str, Field(min_length=1, max_length=80)]], Field(max_length=40)]


class RulesTable(Table):
    """acd/site.toml."""

    timezone: Timezone = "UTC"
    misses_until_pause: Annotated[int, Field(ge=1, le=100)] = 3
    rest: Annotated[Duration, Field(le=HOUR)] = 5 * SECOND
    missed: MissedTable = MissedTable()
    ring_cycle: Annotated[Duration, Field(ge=SECOND, le=60 * SECOND)] = 5 * SECOND
    default_queue: Name | None = None
    removed_queues: dict[Name, Name] = {}
    harassment: HarassmentTable | None = None
    surge: SurgeTable | None = None
    shifts: Annotated[dict[Name, ShiftHours], Field(max_length=12)] = {}
    breaks: PauseReasons = ["break"]
    meals: PauseReasons = ["meal", "lunch"]
    first_contact: FirstContactTable = FirstContactTable()


class RoleTable(Table):
    """What agents of a role may dial, or to what callers may be put through, by prefix."""

    allow: list[Prefix] = []
    deny: list[Prefix] = []


class DiallingTable(Table):
    """acd/dialling.toml."""

    program: Name
    trunk: Annotated[str, Field(max_length=40, pattern=r"^[A-Za-z0-9_-]*$")] = ""
    caller_id: Annotated[str, Field(max_length=20, pattern=r"^\+?[0-9]*$")] = ""
    ring: Annotated[Duration, Field(ge=5 * SECOND, le=5 * 60 * SECOND)] = 45 * SECOND
    international: Annotated[str, Field(max_length=6, pattern=r"^[0-9]*$")] = "00"
    emergency: list[Prefix] = []
    roles: dict[Name, RoleTable] = {}
    transfers: RoleTable = RoleTable()


CalledFirst = Annotated[str, _matching(r"agent|customer", "bad-choice", 'is "agent" or "customer"')]


class CallbacksTable(Table):
    """acd/callbacks.toml."""

    allow: list[Prefix]
    deny: list[Prefix] = []
    hours: Name | None = None
    ring: Annotated[Duration, Field(ge=5 * SECOND, le=5 * 60 * SECOND)] = 30 * SECOND
    tries: Annotated[int, Field(ge=1, le=20)] = 3
    retry: Annotated[Duration, Field(ge=SECOND, le=7 * DAY)] = 15 * 60 * SECOND
    expiry: Annotated[Duration, Field(ge=60 * SECOND, le=30 * DAY)] = DAY
    first: CalledFirst = "agent"
    greeting: Name | None = None


class BoxTable(Table):
    """`[general]` in acd/voicemail.toml."""

    queue: Name | None = None
    agent: Annotated[str, Field(pattern=r"^[0-9]{2,10}$")] | None = None
    greeting: Name = "leave-a-message"
    thanks: Name | None = None
    full: Name | None = None
    review: Name | None = None
    longest: Annotated[Duration, Field(ge=5 * SECOND, le=HOUR)] = 180 * SECOND
    silence: Annotated[Duration, Field(ge=SECOND, le=60 * SECOND)] = 5 * SECOND
    most: Annotated[int, Field(ge=1, le=1_000)] = 100
    answer_within: Annotated[Duration, Field(ge=60 * SECOND, le=30 * DAY)] | None = None
    hours: Name | None = None
    email: Annotated[list[Email], Field(max_length=20)] = []
    attach: bool = False
    webhook: Name | None = None


class WebhookTable(Table):
    """`[webhooks.crm]` in acd/voicemail.toml."""

    url: Annotated[str, Field(max_length=1_000)]
    secret_env: Annotated[str, Field(pattern=r"^[A-Z_][A-Z0-9_]{0,99}$")]


DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Place = Annotated[
    str,
    _matching(
        r"[A-Z]{2,3}(-[A-Za-z0-9]{1,20})?", "no-such-calendar", 'a country\'s two letters, "CN"; "DE-BY" a part of it'
    ),
]


class HoursTable(Table):
    """`[main]` in ivr/hours.toml, beside its lines of the week."""

    timezone: Timezone | None = None
    holidays: Place | Annotated[list[Place], Field(max_length=10)] = []
    on_holidays: Any = None
    make_up: Any = None
    days: Annotated[dict[str, Any], Field(max_length=1_000)] = {}


class DayTable(Table):
    """What is said of one day: `{ hours = "closed", reason = "stocktaking" }`."""

    hours: Any
    reason: Annotated[str, Field(max_length=80)] = ""


class NumbersTable(Table):
    """What stands above the numbers in ivr/numbers.toml."""

    default: Name
    language: Language = "en"
    operator: Name | None = None
    blocked: Name | None = None


class NumberTable(Table):
    """`[4001]` in ivr/numbers.toml."""

    program: Name
    queue: Name | None = None
    fallback: Name | None = None
    language: Language | None = None
    attribution: Annotated[str, Field(max_length=200)] = ""
    hours: Name | None = None
    closed: Name | None = None
    withheld: Name | None = None


class VoiceTable(Table):
    """`[en]` in ivr/voices.toml. `speed`: 1.0 is the voice's own."""

    engine: Engine = "espeak-ng"
    voice: (
        Annotated[
            str,
            Field(min_length=1, max_length=400),
            _matching(r"[^-\x00-\x1f][^\x00-\x1f]*", "bad-voice", "a voice is a name or a file, and begins with no -"),
        ]
        | None
    ) = None
    speed: Annotated[float, Field(ge=0.5, le=2.0)] = 1.0
    command: Annotated[list[Annotated[str, Field(max_length=400)]], Field(min_length=1, max_length=20)] | None = None


class EntryTable(Table):
    """What a key of a menu stands for."""

    queue: Name | None = None
    program: Name | None = None
    menu: Name | None = None
    voicemail: Name | None = None
    action: Action | None = None
    language: Language | None = None
    name: Annotated[str, Field(min_length=1, max_length=40)] | None = None


class MenuTable(Table):
    """A menu's file in ivr/. `prompt`, `invalid`, `silence`: a name in prompts.toml, or texts by language."""

    prompt: Annotated[Any, BeforeValidator(_name_or_texts)]
    invalid: Annotated[Any, BeforeValidator(_name_or_texts)] = None
    timeout: Annotated[Duration, Field(ge=SECOND, le=60 * SECOND)] = 5 * SECOND
    silence: Annotated[Any, BeforeValidator(_name_or_texts)] = None
    tries: Annotated[int, Field(ge=1, le=10)] = 2
    wrong_tries: Annotated[int, Field(ge=1, le=10)] | None = None
    no_input: Key
    give_up: Key | None = None
    operator: Name | None = None
    barge_in: bool = True
    keys: Annotated[dict[Key, EntryTable], Field(min_length=1)]


FigureName = Annotated[str, _one_of("no-such-figure", "figure", lambda: FIGURES)]
ChartName = Annotated[str, _one_of("no-such-chart", "chart", lambda: CHARTS)]
PartName = Annotated[str, _one_of("no-such-part", "part", lambda: PARTS)]
ThemeName = Annotated[str, _one_of("no-such-theme", "theme", lambda: THEMES)]
SoundName = Annotated[str, _one_of("no-such-sound", "sound", lambda: SOUNDS)]


class ThresholdTable(Table):
    """`waiting = { warn = 3, alarm = 8, sound = "chime" }`"""

    warn: int | float | str | None = None
    alarm: int | float | str | None = None
    sound: SoundName = "none"


class WallboardTable(Table):
    """`[sales]` in acd/wallboards.toml."""

    title: Texts | None = None
    theme: ThemeName = "auto"
    language: Language | None = None
    queues: list[Name] = []
    teams: list[Name] = []
    skills: list[Name] = []
    serving: list[Name] = []
    tiles: Annotated[list[FigureName], Field(max_length=12)] = list(WallboardRule.tiles)
    charts: list[ChartName] = []
    show: list[PartName] = list(PARTS)
    wall: bool = False
    turn: Annotated[Duration, Field(ge=2 * SECOND, le=600 * SECOND)] = WallboardRule.turn_ms
    rows: Annotated[int, Field(ge=1, le=60)] = WallboardRule.rows
    agents: Annotated[int, Field(ge=1, le=200)] = WallboardRule.agents
    ticker: Texts | None = None
    thresholds: dict[FigureName, ThresholdTable] = {}
