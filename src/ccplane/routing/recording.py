"""Which talks are recorded, as recordings/policy.toml has it. The nearest word wins: number, queue, direction, all."""

from __future__ import annotations

from enum import StrEnum

import msgspec
from msgspec.structs import replace

from ccplane.contacts.facts import Direction
from ccplane.ids import QueueName


class IfItFails(StrEnum):
    """What becomes of a talk that should be recorded and cannot be."""

    GO_ON = "go-on"
    END_CALL = "end-call"


class RecordingRule(msgspec.Struct, frozen=True, kw_only=True):
    """What one table of the policy says; None: nothing, so that the wider one holds."""

    record: bool | None = None
    consent: str | None = None
    """The prompt that says that talks are recorded; "" for none."""
    refuse: str | None = None
    """The key by which a caller refuses; "" for none."""
    if_it_fails: IfItFails | None = None

    def over(self, wider: RecordingRule) -> RecordingRule:
        """This rule, and the wider one where it says nothing."""
        said = {name: value for name in self.__struct_fields__ if (value := getattr(self, name)) is not None}
        return replace(wider, **said)


NOTHING_RECORDED = RecordingRule(record=False, consent="", refuse="", if_it_fails=IfItFails.GO_ON)


class RecordingPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """The whole policy. Without a file nothing is recorded: keeping voices is never an accident."""

    default: RecordingRule = NOTHING_RECORDED
    directions: dict[Direction, RecordingRule] = {}
    queues: dict[QueueName, RecordingRule] = {}
    numbers: dict[str, RecordingRule] = {}
    keep_wav: bool = True
    """Whether the WAV stays beside the Opus file."""
    least_free_mb: int = 500
    """With less than this free where recordings are written, none is begun."""

    @property
    def records(self) -> bool:
        """Whether any talk may be recorded."""
        rules = (self.default, *self.directions.values(), *self.queues.values(), *self.numbers.values())
        return any(rule.record for rule in rules)

    def rule(self, direction: Direction, queue: str | None, number: str) -> RecordingRule:
        """What holds for a talk; every field of it says something."""
        found = self.default.over(NOTHING_RECORDED)
        nearer = (self.directions.get(direction), self.queues.get(QueueName(queue or "")), self.numbers.get(number))
        for rule in nearer:
            found = rule.over(found) if rule else found
        return found
