"""What may stand in a scenario's file. Queues have the keys of acd/queues.toml, and are not repeated here."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from ccplane.simulate.chance import Empirical, Exponential, Fixed, Gamma, LogNormal, Never, Shape
from ccplane.site.shapes import HOUR, SECOND, Duration, Language, Members, Name, Skills, Table


def _list(value: object) -> object:
    return value if isinstance(value, list) else [value]


def _time_of_day(value: object) -> int:
    """ms from midnight. "24:00" and beyond are the next day's."""
    if isinstance(value, str) and len(parts := value.split(":")) == 2 and all(each.isdigit() for each in parts):
        hours, minutes = map(int, parts)
        if hours <= 48 and minutes < 60:
            return hours * HOUR + minutes * 60 * SECOND
    raise PydanticCustomError("no-time", 'is a time of day in quotes: "08:00"')


TimeOfDay = Annotated[int, BeforeValidator(_time_of_day)]
Rate = Annotated[float, Field(ge=0, le=100_000)]
Long = Annotated[Duration, Field(le=24 * HOUR)]


class TimeTable(Table):
    """How long something takes: `{ mean = "3m" }`, exponential; `{ mean = "3m", shape = "lognormal", cv = 1.2 }`."""

    mean: Annotated[Duration, Field(ge=1, le=24 * HOUR)] | None = None
    shape: Literal["exponential", "lognormal", "gamma", "fixed", "never"] = "exponential"
    cv: Annotated[float, Field(ge=0.01, le=20)] | None = None
    values: Annotated[list[Long], Field(min_length=1, max_length=100_000)] | None = None

    def shape_of(self) -> Shape:
        """The distribution. `cv` is standard deviation ÷ mean, 1 where none is given."""
        if self.values is not None:
            return Empirical.of(sorted(self.values))
        mean = self.mean or 0
        match self.shape:
            case "exponential":
                return Exponential(mean)
            case "lognormal":
                return LogNormal(mean, self.cv or 1.0)
            case "gamma":
                return Gamma(mean, self.cv or 1.0)
            case "fixed":
                return Fixed(mean)
            case "never":
                return Never()


def _as_time(value: Any) -> Any:
    """A length of time alone is always the same one; "never" is never."""
    if isinstance(value, str):
        return {"shape": "never"} if value == "never" else {"shape": "fixed", "mean": value}
    if isinstance(value, dict) and value.get("shape") != "never" and "mean" not in value and "values" not in value:
        raise PydanticCustomError("no-mean", 'needs `mean = "3m"`, or `values = ["20s", "4m"]`')
    if isinstance(value, dict) and "values" in value and len(value) > 1:
        raise PydanticCustomError(
            "values-alone", "has `values`: they are drawn as they are, and nothing else is needed"
        )
    if isinstance(value, dict) and "cv" in value and value.get("shape") not in ("lognormal", "gamma"):
        raise PydanticCustomError("cv-of-nothing", 'has `cv`, which only shapes "lognormal" and "gamma" have')
    return value


Time = Annotated[TimeTable, BeforeValidator(_as_time)]


class RedialTable(Table):
    """Who hangs up and calls again."""

    share: Annotated[float, Field(ge=0, le=0.95)]
    after: Time


class CustomersTable(Table):
    """`[customers.support]`."""

    queue: Name | None = None
    per_minute: Annotated[list[Rate], BeforeValidator(_list), Field(min_length=1, max_length=10_000)]
    slot: Annotated[Duration, Field(ge=60 * SECOND, le=24 * HOUR)] | None = None
    service: Time
    patience: Time | None = None
    credit: Annotated[Duration, Field(le=24 * HOUR)] = 0
    language: Language | None = None
    redial: RedialTable | None = None
    wrap_up: Time | None = None


class ShiftTable(Table):
    """`{ from = "08:00", to = "16:00" }`."""

    begins: TimeOfDay = Field(alias="from")
    ends: TimeOfDay = Field(alias="to")


class GroupTable(Table):
    """`[agents.experts]`."""

    count: (
        Annotated[
            list[Annotated[int, Field(ge=0, le=20_000)]], BeforeValidator(_list), Field(min_length=1, max_length=10_000)
        ]
        | None
    ) = None
    ids: Annotated[list[str], Field(min_length=1)] | None = None
    slot: Annotated[Duration, Field(ge=60 * SECOND, le=24 * HOUR)] | None = None
    skills: Skills = Field(default={})
    languages: list[Language] = Field(default=[])
    queues: Members = Field(default={})
    shifts: list[ShiftTable] = Field(default=[])


class ChangesTable(Table):
    """What stands above the tables of a file of changed rules."""

    pickup: Annotated[Duration, Field(le=120 * SECOND)] | None = None
    credit: dict[str, Annotated[Duration, Field(le=24 * HOUR)]] = Field(default={})


class ScenarioTable(Table):
    """What stands above the tables."""

    name: Annotated[str, Field(max_length=200)] = ""
    hours: Annotated[Duration, Field(ge=60 * SECOND, le=48 * HOUR)]
    opens: TimeOfDay = 0
    slot: Annotated[Duration, Field(ge=60 * SECOND, le=24 * HOUR)] = 1800 * SECOND
    site: Annotated[str, Field(min_length=1, max_length=400)] | None = None
    pickup: Annotated[Duration, Field(le=120 * SECOND)] = 0
    busyness: Annotated[float, Field(gt=0, le=1e6)] | None = None
    without_agents: Literal["leave", "wait"] = "leave"
