"""What acd/site.toml says of missed offers, by cause."""

from __future__ import annotations

from ccplane.contacts.facts import MissCause
from ccplane.routing.misses import NO_REST, MissRule
from ccplane.site.document import Document
from ccplane.site.shapes import RulesTable


def missed_in(table: RulesTable) -> dict[MissCause, MissRule]:
    """The rules of those causes of which it says anything."""
    said = table.missed
    tables = {
        MissCause.NO_ANSWER: said.no_answer,
        MissCause.REJECTED: said.rejected,
        MissCause.BUSY: said.busy,
        MissCause.UNREACHABLE: said.unreachable,
        MissCause.AUTO_ANSWER_FAILED: said.auto_answer_failed,
    }
    rules = {cause: MissRule(each.rest, each.limit) for cause, each in tables.items()}
    return {cause: rule for cause, rule in rules.items() if rule != MissRule()}


def judge_missed(document: Document, table: RulesTable) -> None:
    """Who rests for no time after a phone that refused is rung by the same caller again at once."""
    for cause, rule in missed_in(table).items():
        if rule.rest_ms == 0 and cause not in NO_REST:
            sentence = "is no time at all: the same caller rings there again at once"
            document.warning("rests-not", sentence, "missed", cause.value, "rest")
