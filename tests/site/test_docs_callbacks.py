"""What docs/callbacks.md shows is true: its file is without fault, and its program does what its comments say."""

from __future__ import annotations

import re

import pytest

from ccplane.callflow.call import Call
from ccplane.callflow.loader import load
from ccplane.contacts.evolve import opened
from ccplane.contacts.facts import ContactArrived
from ccplane.contacts.verbs import AskCallback, EnterQueue, NotPromised, Play, Promised
from ccplane.core.promises import AWAY
from ccplane.http.callbacks import SENTENCES
from ccplane.ids import CallbackId
from ccplane.routing.callbacks import NOT_OFFERED, Callbacks
from ccplane.routing.dialling import Role
from ccplane.site import parse
from ccplane.site.shapes import CallbacksTable
from tests.site.sites import TOP, a_site

PAGE = (TOP / "docs" / "callbacks.md").read_text()
FILE, FIRST, *_ = re.findall(r"```toml\n(.*?)```", PAGE, re.S)
PROGRAM, *_ = re.findall(r"```python\n(.*?)```", PAGE, re.S)
WORDS = "".join(f'[{name}]\nen = "Words."\n' for name in ("welcome", "we-call-you-back", "you-asked-us"))
DIALLING = 'program = "front"\ntrunk = "out"\n[roles.agent]\n'


def the_site(program=PROGRAM):
    return parse(a_site(callbacks=FILE, dialling=DIALLING, prompts=WORDS, front=program))


def running(site):
    """The program of the page, with a caller who has just come."""
    arrived = ContactArrived(
        at=1, contact="c-1", node="n", channel="ch", number_dialled="4001", caller="5551000", caller_name="",
        language="en", attribution="", switch_at=1, site=site.hash,
    )  # fmt: skip
    return load(site, site.number("4001").program)(Call(opened(arrived), site))


def test_the_file_on_the_page_is_what_the_page_says_of_it():
    assert the_site().rules.callbacks == Callbacks(
        role=Role(("5",), ("59",)), hours=None, ring_ms=30_000, tries=3, retry_ms=900_000, expiry_ms=86_400_000
    )


def test_every_key_of_the_file_is_on_the_page():
    assert set(re.findall(r"^(\w+) +=", FILE + FIRST, re.M)) == set(CallbacksTable.model_fields)


def test_customer_first_is_what_the_page_says_of_it():
    rules = parse(a_site(callbacks=FIRST, dialling=DIALLING, prompts=WORDS, front=PROGRAM)).rules.callbacks
    assert rules.customer_first
    assert set(rules.greeting) == {"en", "zh-CN"}


def test_without_the_hours_customers_are_called_from_eight_to_nine_in_the_evening():
    hours = parse(a_site(callbacks='allow = ["5"]\n', dialling=DIALLING)).rules.callbacks.hours
    minute = 60_000
    assert [hours.open_at(at * minute) for at in (8 * 60 - 1, 8 * 60, 21 * 60 - 1, 21 * 60)] == [
        False,
        True,
        True,
        False,
    ]


def test_the_program_on_the_page_tells_who_is_promised_and_queues_who_is_not():
    site = the_site()
    for result, then in (
        (Promised(CallbackId("cb-1")), Play((site.sound("we-call-you-back", "en"),))),
        (NotPromised(AWAY), EnterQueue("support")),
    ):
        program = running(site)
        assert program.send(None) == AskCallback("support", "5551000"), "the caller's own number"
        assert program.send(result) == then
        program.close()


def test_the_key_on_the_page_is_for_those_who_wait():
    [line] = re.findall(r"`(await call\.queue\(.*?\))`", PAGE)
    program = running(the_site(f"async def main(call):\n    {line}\n"))
    assert program.send(None) == EnterQueue("support", callback_key="2", callback_number="5551000")


@pytest.mark.parametrize("why", [AWAY, NOT_OFFERED, "do-not-call", "already-promised"])
def test_the_reasons_on_the_page_are_those_there_are(why):
    assert f"`{why}`" in PAGE or f" {why}" in PROGRAM
    assert why == AWAY or why in SENTENCES
