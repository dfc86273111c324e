"""Emergencies: what callers are told at once while something is wrong. Switched on, looked at, switched off."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from types import GenericAlias
from typing import Annotated, Final, Literal

import msgspec
from fastapi import APIRouter, Depends, Path, Response
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from ccplane.callflow.said import said
from ccplane.callflow.saying import Text
from ccplane.contacts.emergency import Emergency, Then
from ccplane.contacts.verbs import KEYS, Spoken
from ccplane.core.inputs import EmergencyLifted, EmergencyWanted
from ccplane.errors import RequestError, SetupError
from ccplane.http.auth import By, Guard
from ccplane.http.openapi import answers
from ccplane.http.ports import Plane
from ccplane.http.views import Time, iso, told
from ccplane.ids import QueueName
from ccplane.routing.dialling import plain
from ccplane.site import Site


def _said_so(pattern: str, sentence: str) -> AfterValidator:
    """Of this pattern, or the sentence says what it is."""

    def check(given: str) -> str:
        if not re.fullmatch(pattern, given):
            raise PydanticCustomError("bad-emergency", "{sentence}", {"sentence": sentence})
        return given

    return AfterValidator(check)


Name = Annotated[str, Path(), _said_so(r"\w[\w-]{0,39}", "a name has letters, digits, - and _, at most 40")]
Area = Annotated[str, _said_so(r"\+?[0-9]{1,20}", "an area is how numbers begin: at most 20 digits, perhaps after a +")]
PLAIN: Final = r"^[^\x00-\x08\x0b-\x1f\x7f]*$"
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1_000, pattern=PLAIN)]
MakeSounds = Callable[[str, tuple[Spoken, ...]], Awaitable[tuple[str, ...]]]
"""Make what is not there yet, by the voices of the site of that hash; the sounds that could not be made."""


class EmergencyAskedFor(BaseModel):
    """What is told to whom: to all callers, or to those of a `number`, of an `area` (how the numbers of those who call
    begin), or who wait in a `queue`. Either `texts` by language, or a `prompt` of ivr/prompts.toml. `key`: who presses
    it goes on to what they called for. `until`: it ends by itself then; without, only when it is switched off."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "area": "021",
                    "texts": {"en": "There is no gas in Pudong today.", "zh-CN": "浦东今日停气。"},
                    "then": "hang-up",
                    "key": "1",
                    "until": "2026-11-23T18:00:00Z",
                    "by": "Lea",
                }
            ]
        },
    )

    number: Annotated[str | None, Field(max_length=40)] = None
    area: Area | None = None
    queue: Annotated[str | None, Field(max_length=40)] = None
    texts: dict[Literal["en", "zh-CN"], Words] = {}
    prompt: Annotated[str, Field(max_length=80)] = ""
    then: Then = "go-on"
    box: Annotated[str, Field(max_length=40, pattern=r"^(\w[\w-]*)?$")] = ""
    key: Annotated[str, Field(max_length=1)] = ""
    until: AwareDatetime | None = None
    by: By = ""

    @model_validator(mode="after")
    def _can_be(self) -> EmergencyAskedFor:
        if bool(self.texts) == bool(self.prompt):
            raise PydanticCustomError("bad-emergency", "has either texts or a prompt")
        if sum(each is not None for each in (self.number, self.area, self.queue)) > 1:
            raise PydanticCustomError("bad-emergency", "is of one number, one area, one queue, or of all")
        if self.queue is not None and (self.then != "go-on" or self.key):
            raise PydanticCustomError(
                "bad-emergency", "of a queue is heard by those who wait, who wait on: no `then`, no `key`"
            )
        if self.key and self.key not in tuple(KEYS):
            raise PydanticCustomError("bad-emergency", f"its key is one of {KEYS}")
        if self.key and self.then == "go-on":
            raise PydanticCustomError("bad-emergency", "with `then` go-on all go on: no `key`")
        if self.box and self.then != "voicemail":
            raise PydanticCustomError("bad-emergency", "has a box with `then` voicemail alone")
        return self


class EmergencyTold(msgspec.Struct, frozen=True, kw_only=True):
    """An emergency that holds. `says`: by language, its text, or that of its prompt."""

    name: str
    since: Time
    until: Time | None
    number: str | None
    area: str | None
    queue: str | None
    says: dict[str, str]
    then: str
    box: str
    key: str
    by: str


Emergencies = msgspec.defstruct(
    "Emergencies",
    [("emergencies", GenericAlias(list, (EmergencyTold,))), ("yet_to_hear", int)],
    namespace={"__doc__": "Those that hold. `yet_to_hear`: callers who wait, and are to hear one of them."},
)
LONGEST_MS: Final = 31 * 86_400_000


def routes(
    plane: Plane, site_of: Callable[[str], Site], make: MakeSounds, admin: Guard, clock: Callable[[], int]
) -> APIRouter:
    router = APIRouter(prefix="/api/v1/emergencies", tags=["emergencies"], dependencies=[Depends(admin)])

    @router.get("", summary="The emergencies that hold", responses=answers(Emergencies))
    async def emergencies() -> Response:
        state = plane.snapshot.state
        listed = [emergency_told(each) for each in state.emergencies.values()]
        return told(Emergencies(listed, len(state.unheard)))

    @router.put("/{name}", summary="Switch one on", responses=answers(EmergencyTold))
    async def switch_on(name: Name, asked: EmergencyAskedFor) -> Response:
        """Its texts are made into sounds first, which takes seconds at most: 503 `cannot-be-spoken` if that fails, and
        nothing is changed. Who calls from then on hears it first; those who wait hear it once. One of the same name is
        replaced. 404 `no-such-queue`, `no-such-number`; 422 `no-such-prompt`, `bad-time`."""
        state, now = plane.snapshot.state, clock()
        if asked.queue is not None and asked.queue not in state.rules.queues:
            known = ", ".join(state.rules.queues)
            raise RequestError("no-such-queue", f"There is no queue of this name; acd/queues.toml has {known}.")
        if asked.number is not None and state.rules.number(asked.number) is None:
            raise RequestError("no-such-number", "ivr/numbers.toml has no such number.", number=asked.number)
        until = None if asked.until is None else round(asked.until.timestamp() * 1000)
        if until is not None and not now < until <= now + LONGEST_MS:
            raise RequestError("bad-time", f"It is {iso(now)}; `until` is later, and at most 31 days.")
        site = site_of(state.site)
        says = _prompt(site, asked.prompt) if asked.prompt else _texts(site, asked.texts)
        if missing := await make(state.site, tuple(each for each in says.values() if each.text)):
            languages = ", ".join(language for language, each in says.items() if each.uri in missing)
            raise SetupError("cannot-be-spoken", f"The voice does not speak the text ({languages}): the log says why.")
        wanted = Emergency(
            name=name,
            since=now,
            says=says,
            number=asked.number,
            area=None if asked.area is None else plain(state.rules.dialling, asked.area),
            queue=None if asked.queue is None else QueueName(asked.queue),
            then=asked.then,
            to=asked.box,
            key=asked.key,
            until=until,
            by=asked.by or "api",
            texts=dict(site.prompts[asked.prompt].texts) if asked.prompt else {},
        )
        after = await plane.ask(EmergencyWanted(wanted))
        return told(emergency_told(after.state.emergencies.get(name, wanted)))

    @router.delete("/{name}", summary="Switch one off", status_code=204, responses=answers(None))
    async def switch_off(name: Name, by: By = "") -> Response:
        """Who heard it already goes on as it said."""
        if name not in plane.snapshot.state.emergencies:
            raise RequestError("no-such-emergency", "No emergency of this name holds.", name=name)
        await plane.ask(EmergencyLifted(name, by or "api"))
        return Response(status_code=204)

    return router


def emergency_told(of: Emergency) -> EmergencyTold:
    return EmergencyTold(
        name=of.name,
        since=iso(of.since),
        until=None if of.until is None else iso(of.until),
        number=of.number,
        area=of.area,
        queue=of.queue,
        says=of.words,
        then=of.then,
        box=of.to,
        key=of.key,
        by=of.by,
    )


def _texts(site: Site, texts: dict[Literal["en", "zh-CN"], str]) -> dict[str, Spoken]:
    return {str(language): said(site, language, Text(text)).texts[0] for language, text in texts.items()}


def _prompt(site: Site, name: str) -> dict[str, Spoken]:
    if name not in site.prompts:
        raise RequestError("no-such-prompt", f"ivr/prompts.toml has no prompt {name!r}.", prompt=name)
    return {each.language: Spoken(each.uri, each.language, "") for each in site.prompts[name].renderings()}
