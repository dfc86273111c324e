"""acd/callbacks.toml: who may be called back, when and how often. Without the file nobody is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace
from pydantic import TypeAdapter

from ccplane.routing.callbacks import Callbacks
from ccplane.routing.dialling import Dialling, Role
from ccplane.routing.hours import Hours, Span
from ccplane.site.document import Document
from ccplane.site.durations import written
from ccplane.site.faults import did_you_mean
from ccplane.site.hours import shifts_of
from ccplane.site.ivr import Spoken, blame
from ccplane.site.names import Reference
from ccplane.site.shapes import CallbacksTable
from ccplane.site.site import LANGUAGES
from ccplane.site.special_days import MINUTES

CALLBACKS: Final = TypeAdapter(CallbacksTable)
ALWAYS: Final = "always"
CUSTOMER: Final = "customer"
OPENS, CLOSES = 8 * 60, 21 * 60


def callbacks_in(document: Document, hours: Mapping[str, Hours], timezone: str, dialling: Dialling) -> Callbacks:
    """The rules as the file has them; those by which nobody is called back if it is empty or has a fault."""
    table = document.validated(CALLBACKS, document.data) if document.data else None
    if table is None:
        return Callbacks()
    if table.hours not in (None, ALWAYS, *hours):
        hint = did_you_mean(str(table.hours), (ALWAYS, *hours))
        sentence = f"there are no hours `{table.hours}` in ivr/hours.toml{hint}"
        document.fault("no-such-hours", sentence, "hours")
    if not dialling.trunk:
        document.warning("no-trunk", "nobody can be called back: acd/dialling.toml names no `trunk`", "allow")
    for place, prefix in enumerate(table.allow):
        if prefix in table.deny:
            document.fault("allowed-and-denied", f"{prefix} is allowed and denied", "allow")
        elif wider := next((each for each in table.deny if prefix.startswith(each)), ""):
            sentence = f"{prefix} begins with {wider}, which is denied, and denied stays denied"
            document.warning("never-allowed", sentence, "allow", place)
    last = table.retry * (table.tries - 1)
    if last >= table.expiry:
        sentence = f"ends before the last of {table.tries} `tries`, `retry` apart: that is after {written(last)}"
        document.warning("expires-before-last-try", sentence, "expiry")
    week = tuple(Span(day * MINUTES + OPENS, day * MINUTES + CLOSES) for day in range(7))
    usual = Hours("callbacks", week, shifts_of(timezone))
    return Callbacks(
        role=Role(tuple(table.allow), tuple(table.deny)),
        hours=usual if table.hours is None else hours.get(table.hours),
        ring_ms=table.ring,
        tries=table.tries,
        retry_ms=table.retry,
        expiry_ms=table.expiry,
        customer_first=table.first == CUSTOMER,
    )


def greeted(
    rules: Callbacks, document: Document, prompts: Mapping[str, Spoken], references: list[Reference]
) -> Callbacks:
    """The rules with the sounds of their greeting; the prompt that is named is given back, to be looked up."""
    name = document.data.get("greeting")
    if not isinstance(name, str):
        if rules.customer_first:
            sentence = "a customer who answers hears music until an agent is there; name a prompt that says who calls"
            document.warning("no-greeting", sentence, "first")
        return rules
    references.append(Reference("prompt", name, blame(document, "greeting")))
    if not rules.customer_first:
        document.warning("never-heard", 'is heard by customers who are called first: first = "customer"', "greeting")
    prompt = prompts[name].prompt if name in prompts else None
    said = {language: prompt.sound(language) for language in LANGUAGES} if prompt else {}
    return replace(rules, greeting=said)
