"""`[support.waiting]` in acd/queues.toml: what those who wait hear beside the music, and what their keys do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from msgspec.structs import replace

from ccplane.contacts.announce import Announce, way_of
from ccplane.ids import ProgramName, QueueName
from ccplane.routing.announce import MINUTES, POSITIONS, Saying
from ccplane.routing.rules import Queue
from ccplane.site.document import Document
from ccplane.site.ivr import Spoken, blame
from ccplane.site.names import Reference
from ccplane.site.shapes import QueueTable, WaitingTable
from ccplane.site.site import LANGUAGES, Program, Prompt
from ccplane.site.voices import Studio

NUMBER: Final = "{n}"
POSITION: Final = "waiting-position"
NEXT: Final = "waiting-next"
MINUTE: Final = "waiting-minute"
MINUTES_OF: Final = "waiting-minutes"
MORE: Final = "waiting-more"
LONGER: Final = "waiting-longer"
USUAL: Final[Mapping[str, Mapping[str, str]]] = {
    NEXT: {"en": "You are the next to be served.", "zh-CN": "您是下一位。"},
    POSITION: {"en": "You are number {n} in the line.", "zh-CN": "您排在第{n}位。"},
    MINUTE: {"en": "You will wait less than a minute.", "zh-CN": "预计等待时间不超过一分钟。"},
    MINUTES_OF: {"en": "You will wait less than {n} minutes.", "zh-CN": "预计等待时间不超过{n}分钟。"},
    MORE: {"en": "You will wait more than an hour.", "zh-CN": "预计等待时间超过一小时。"},
    LONGER: {"en": "We are sorry, it takes longer than we told you.", "zh-CN": "非常抱歉，等待时间比之前告知的要长。"},
}
"""What is said where ivr/prompts.toml has no prompt of that name, which may say it otherwise."""


def announce_of(table: QueueTable) -> Announce | None:
    """As the file says it, without the sounds of its messages."""
    waiting = table.waiting
    if waiting is None:
        return None
    return Announce(
        first_ms=waiting.first,
        every_ms=waiting.every,
        position=waiting.position,
        estimate=waiting.estimate,
        keys={key: way_of(said) for key, said in waiting.keys.items()},
    )


def judge_waiting(document: Document, name: str, waiting: WaitingTable) -> None:
    """What is said of it that can be judged alone."""
    if not (waiting.position or waiting.estimate or waiting.messages or waiting.keys):
        document.warning("nothing-to-say", "says nothing: no position, estimate, messages or keys", name, "waiting")


def messages_in(
    document: Document, queues: Mapping[QueueName, Queue], prompts: Mapping[str, Spoken], references: list[Reference]
) -> dict[QueueName, Queue]:
    """The queues with the sounds of their messages. Prompts and queues that are named are given back, to be looked
    up once all is read."""
    found = {}
    for name, queue in queues.items():
        raw = document.data.get(name)
        waiting = raw.get("waiting") if isinstance(raw, dict) else None
        named = waiting.get("messages", []) if isinstance(waiting, dict) else []
        references.extend(Reference("prompt", each, blame(document, name, "waiting", "messages")) for each in named)
        for key, way in queue.announce.keys.items() if queue.announce else ():
            if way.queue is not None:
                references.append(Reference("queue", way.queue, blame(document, name, "waiting", "keys", key)))
        known = [prompts[each].prompt for each in named if each in prompts]
        sounds = tuple({language: prompt.sound(language) for language in LANGUAGES} for prompt in known)
        plan = queue.announce
        found[name] = queue if plan is None else replace(queue, announce=replace(plan, messages=sounds))
    return found


def sayings_of(said: Mapping[str, Prompt]) -> dict[str, Saying]:
    """By language, the sounds of places and waits."""
    return {language: _saying(said, language) for language in LANGUAGES}


def _saying(said: Mapping[str, Prompt], language: str) -> Saying:
    return Saying(
        positions=tuple(said[_of(POSITION, place)].sound(language) for place in range(1, POSITIONS + 1)),
        minutes=tuple(said[_of(MINUTES_OF, minutes)].sound(language) for minutes in MINUTES),
        more=said[MORE].sound(language),
        longer=said[LONGER].sound(language),
    )


def said_to_the_waiting(prompts: Mapping[str, Spoken], studio: Studio) -> dict[str, Prompt]:
    """Every prompt by which places and waits are said: the site's own of that name, else of the family, else ours."""
    return {name: _prompt(name, family, number, prompts, studio) for name, family, number in _wanted()}


def _wanted() -> Iterator[tuple[str, str, int]]:
    """Each prompt's name, where its text comes from, and the number in it."""
    yield _of(POSITION, 1), NEXT, 1
    for place in range(2, POSITIONS + 1):
        yield _of(POSITION, place), POSITION, place
    for minutes in MINUTES:
        yield _of(MINUTES_OF, minutes), MINUTES_OF if minutes > 1 else MINUTE, minutes
    yield MORE, MORE, MINUTES[-1]
    yield LONGER, LONGER, 0


def _prompt(name: str, family: str, number: int, prompts: Mapping[str, Spoken], studio: Studio) -> Prompt:
    if name in prompts:
        return prompts[name].prompt
    own = prompts[family].prompt.texts if family in prompts else {}
    texts = {**USUAL[family], **own}
    return studio.prompt(name, {language: text.replace(NUMBER, str(number)) for language, text in texts.items()})


def _of(family: str, number: int) -> str:
    return f"{family}-{number}"


def stands_are_said(queues: Mapping[QueueName, Queue], programs: Mapping[ProgramName, Program]) -> bool:
    """Whether places or waits are said anywhere, so that these prompts are needed at all."""
    plans = (queue.announce for queue in queues.values() if queue.announce)
    by_queue = any(plan.position or plan.estimate for plan in plans)
    return by_queue or any("while_waiting" in program.source for program in programs.values())
