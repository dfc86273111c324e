"""What agents hear before they are joined: of each queue that has a `whisper`, as a prompt."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from ccplane.ids import QueueName
from ccplane.routing.rules import Queue
from ccplane.site.document import Document
from ccplane.site.ivr import TEXTS, Spoken, blame
from ccplane.site.names import Reference
from ccplane.site.site import Prompt
from ccplane.site.voices import Studio


def whispers_in(
    document: Document, prompts: Mapping[str, Spoken], studio: Studio, references: list[Reference]
) -> dict[QueueName, Prompt]:
    """By queue: a prompt of ivr/prompts.toml by its name, or texts of its own, which need not be in every language that
    callers are spoken to in."""
    found = {}
    for name, raw in document.data.items():
        given = raw.get("whisper") if isinstance(raw, dict) else None
        if isinstance(given, str):
            references.append(Reference("prompt", given, blame(document, name, "whisper")))
            if given in prompts:
                found[QueueName(name)] = prompts[given].prompt
        elif isinstance(given, dict):
            if texts := document.validated(TEXTS, given, name, "whisper"):
                found[QueueName(name)] = studio.prompt(f"{name}.whisper", texts)
        elif isinstance(raw, dict) and "whisper_to" in raw:
            document.warning("nothing-to-whisper", "means nothing where there is no `whisper`", name, "whisper_to")
    return found


def with_whispers(queues: Mapping[QueueName, Queue], whispers: Mapping[QueueName, Prompt]) -> dict[QueueName, Queue]:
    """The queues, each with the sounds that its whisper is."""
    return {name: _with(queue, whispers.get(name)) for name, queue in queues.items()}


def _with(queue: Queue, prompt: Prompt | None) -> Queue:
    return replace(queue, whisper={each: prompt.sound(each) for each in prompt.texts}) if prompt else queue
