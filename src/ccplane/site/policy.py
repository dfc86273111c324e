"""recordings/: what we keep. The policy, as its file says it; a site without the file records nothing."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Final

from pydantic import Field, TypeAdapter

from ccplane.contacts.facts import Direction
from ccplane.ids import QueueName
from ccplane.routing.recording import IfItFails, RecordingPolicy, RecordingRule
from ccplane.site.document import Document
from ccplane.site.names import Reference
from ccplane.site.shapes import Consequence, Dialled, KeyOrNone, Name, NameOrNone, Table


class RuleTable(Table):
    """What may stand in every table of the policy."""

    record: bool | None = None
    consent: NameOrNone | None = None
    refuse: KeyOrNone | None = None
    if_it_fails: Consequence | None = None


class PolicyTable(RuleTable):
    """recordings/policy.toml."""

    keep_wav: bool = True
    least_free: Annotated[int, Field(ge=0, le=1_000_000)] = 500
    inbound: RuleTable | None = None
    internal: RuleTable | None = None
    outbound: RuleTable | None = None
    queue: Annotated[dict[Name, RuleTable], Field(default_factory=dict)]
    number: Annotated[dict[Dialled, RuleTable], Field(default_factory=dict)]


POLICY: Final = TypeAdapter(PolicyTable)


def policy_in(document: Document, references: list[Reference]) -> RecordingPolicy:
    """The policy; the queues and prompts it names are given back, to be looked up once all is read."""
    table = document.validated(POLICY, document.data)
    if table is None:
        return RecordingPolicy()
    for name in table.queue:
        references.append(Reference("queue", name, partial(_fault, document, ("queue", name))))
    for at, each in _tables(table):
        if each.consent:
            references.append(Reference("prompt", each.consent, partial(_fault, document, (*at, "consent"))))
        if each.refuse and each.consent == "":
            document.fault("refuse-without-consent", "there is no prompt to refuse after; name one", *at, "refuse")
    directions = ((direction, getattr(table, direction.value)) for direction in Direction)
    return RecordingPolicy(
        default=_rule(table),
        directions={direction: _rule(each) for direction, each in directions if each},
        queues={QueueName(name): _rule(each) for name, each in table.queue.items()},
        numbers={number: _rule(each) for number, each in table.number.items()},
        keep_wav=table.keep_wav,
        least_free_mb=table.least_free,
    )


def _tables(table: PolicyTable) -> list[tuple[tuple[str, ...], RuleTable]]:
    """Every table, and where it stands."""
    found: list[tuple[tuple[str, ...], RuleTable]] = [((), table)]
    for direction in Direction:
        if each := getattr(table, direction.value):
            found.append(((direction.value,), each))
    found += [(("queue", name), each) for name, each in table.queue.items()]
    found += [(("number", name), each) for name, each in table.number.items()]
    return found


def _rule(table: RuleTable) -> RecordingRule:
    fails = IfItFails(table.if_it_fails) if table.if_it_fails else None
    return RecordingRule(record=table.record, consent=table.consent, refuse=table.refuse, if_it_fails=fails)


def _fault(document: Document, at: tuple[str, ...], code: str, sentence: Any) -> None:
    document.fault(code, sentence, *at)
