"""ivr/lookups.toml: what may stand there, what is told of what may not, and that docs/look-ups.md is true."""

from __future__ import annotations

import re

import pytest

from ccplane.contacts.look_ups import Found, LookUpFailed, NotFound
from ccplane.settings import HOME
from ccplane.site import check, parse, read
from ccplane.site.look_up import LookUpRule, filled
from ccplane.testing import a_site as a_call_to
from ccplane.testing import in_virtual_time
from tests.site.sites import WHOLE, faults

PAGE = (HOME / "docs" / "look-ups.md").read_text()
(FILE,) = re.findall(r"\*\*`ivr/lookups.toml`\*\*\n\n```toml\n(.*?)```", PAGE, re.DOTALL)
EXAMPLE, TEST = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
SHOP = '[orders]\nurl = "https://shop.example/{order}"\n'
ASKS = 'async def main(call):\n    await call.look_up("orders", order="1")\n    await call.menu("main")\n'
NAMES = ("order-sent-on", "no-such-order", "one-moment")
PROMPTS = "".join(f'[{name}]\nen = "{name}"\n' for name in NAMES)
DEMO = read(HOME)


def site_with(look_ups, program=ASKS, prompts=WHOLE["ivr/prompts.toml"]):
    return WHOLE | {"ivr/lookups.toml": look_ups, "ari_apps/front.py": program, "ivr/prompts.toml": prompts}


def a_program(body):
    return "from ccplane import *\n\nasync def main(call):\n    " + body.strip().replace("\n", "\n    ") + "\n"


@pytest.mark.parametrize(("toml", "told"), [
    ('[orders]\n', "ivr/lookups.toml:1: orders.url: is missing"),
    ('[orders]\nurl = "shop.example/{order}"\n',
        "ivr/lookups.toml:2: orders.url: begins with https:// and a host, or with a variable ${NAME}; "
        "values come after it"),
    ('[orders]\nurl = "https://{order}.example"\n',
        "ivr/lookups.toml:2: orders.url: begins with https:// and a host, or with a variable ${NAME}; "
        "values come after it"),
    *((f'[orders]\nurl = "{url}"\n',
        "ivr/lookups.toml:2: orders.url: begins with https:// and a host, or with a variable ${NAME}; "
        "values come after it") for url in ("https://shop.example{order}", "${SHOP}{order}", "${SHOP}.example{order}/x",
        "https://${SHOP}{order}/x")),
    (SHOP + 'headers = { Content-Length = "5" }\n',
        "ivr/lookups.toml:3: orders.headers: Content-Length is ours to say"),
    (SHOP + 'meanwhile = "one-momnet"\n', "ivr/lookups.toml:3: orders.meanwhile: there is no prompt `one-momnet`"),
    (SHOP + 'timeout = "1m"\n', "ivr/lookups.toml:3: orders.timeout: is at most 20s, not 1m"),
    (SHOP + 'largest = "1 MB"\n', 'ivr/lookups.toml:3: orders.largest: is a size with its unit, in quotes: "64 kB"'),
    (SHOP + 'method = "DELETE"\n', "ivr/lookups.toml:3: orders.method: is one of `GET`, `POST` and `PUT`"),
    (SHOP + 'body = { a = "b" }\n',
        "ivr/lookups.toml:3: orders.body: a GET has no body: put values into the url, or say method = \"POST\""),
    (SHOP + 'headers = { Token = "{order}" }\n',
        "ivr/lookups.toml:3: orders.headers: Token takes variables ${NAME} alone, no values of a program"),
    (SHOP + 'headers = { "A b" = "1" }\n',
        "ivr/lookups.toml:3: orders.headers: 'A b' is no header: letters, digits and -, and a line of ASCII"),
    (SHOP + 'tries = 2\n', "ivr/lookups.toml:3: orders.tries: unknown key; did you mean `retries`?"),
    (SHOP + 'circuit = { rest = "0s" }\n', "ivr/lookups.toml:3: orders.circuit.rest: is at least 1s, not 0s"),
    ('[orders]\nurl = "https://shop.example/{order}/{}"\n',
        "ivr/lookups.toml:2: orders.url: {name} is a value, of a-z, 0-9 and _; ${NAME} a variable; "
        "there are no other braces"),
])  # fmt: skip
def test_each_mistake_is_told_where_it_stands(toml, told):
    assert any(str(each).startswith(told) for each in faults(site_with(toml)))


@pytest.mark.parametrize(
    "url", ["https://shop.example?o={order}", "${SHOP}/{order}", "${SHOP}?o={order}", "https://${SHOP}:8443/{order}"]
)
def test_a_value_may_stand_anywhere_behind_the_host(url):
    assert parse(site_with(f'[orders]\nurl = "{url}"\n')).look_ups["orders"].values == {"order"}


@pytest.mark.parametrize(("asks", "told"), [
    ('"oders", order="1"', "there is no look-up `oders`; did you mean `orders`?"),
    ('"orders"', "look-up `orders` lacks `order` (ivr/lookups.toml)"),
    ('"orders", ordr="1"', "look-up `orders` lacks `order` and has no use for `ordr`; did you mean `order`?"),
])  # fmt: skip
def test_what_a_program_has_wrong_is_found_before_a_caller_does(asks, told):
    (fault,) = faults(site_with(SHOP, f"async def main(call):\n    await call.look_up({asks})\n"))
    assert str(fault).startswith("ari_apps/front.py:2: call.look_up: ")
    assert told in str(fault)


def test_values_that_only_a_running_program_knows_are_not_judged():
    program = "async def main(call, **more):\n    await call.look_up('orders', **more)\n"
    assert parse(site_with(SHOP, program))


def printed(folder, files):
    for path, text in files.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text)
    return check(folder).lines()


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        (SHOP.replace("https", "http"), "anybody on the way can read what is asked and answered"),
        (SHOP + 'method = "POST"\nretries = 2\n', "it is never asked again: that could do it twice"),
        (SHOP + "[other]\nurl = 'https://shop.example'\n", "no program asks it"),
        (SHOP + 'music = "default"\ntimeout = "1s"\nretries = 0\n', "the look-up is over before anything is heard"),
    ],
)
def test_what_is_legal_and_hardly_meant_is_a_warning(tmp_path, toml, told):
    assert [line for line in printed(tmp_path, site_with(toml)) if told in line]


def test_a_service_on_this_machine_needs_no_encryption(tmp_path):
    assert printed(tmp_path, site_with(SHOP.replace("https://shop.example", "http://127.0.0.1:8000"))) == []


def test_what_is_filled_in_is_never_filled_in_again():
    given = {"order": "${TOKEN}{order}"}
    assert filled("/{order}?t=${TOKEN}", given, {"TOKEN": "{order}"}, escaped=True) == (
        "/%24%7BTOKEN%7D%7Border%7D?t={order}"
    )


def test_how_long_it_takes_at_most_is_all_tries_and_the_pauses_between():
    assert LookUpRule("x", "https://x", timeout_ms=1_000, retries=2).longest_ms == 3_300
    assert LookUpRule("x", "https://x", timeout_ms=1_000, retries=2, repeatable=False).longest_ms == 1_000


def test_the_file_on_the_page_is_without_fault_and_what_the_page_says():
    program = a_program(EXAMPLE)
    rules = parse(site_with(FILE, program, PROMPTS + WHOLE["ivr/prompts.toml"])).look_ups
    assert rules["orders"].values == {"order"}
    assert rules["orders"].variables == {"ORDERS_TOKEN"}
    assert rules["complaint"].values == {"caller"}
    assert (rules["complaint"].failures, rules["complaint"].rest_ms) == (3, 60_000)
    assert rules["complaint"].repeatable


@in_virtual_time
async def test_the_example_on_the_page_does_what_it_says():
    program = a_program(EXAMPLE)
    files = DEMO | {"ari_apps/order_status.py": program}
    for answer, hears in (
        ({"state": "sent", "on": "2026-11-20"}, "order-sent-on"),
        (NotFound(), "no-such-order"),
        (LookUpFailed("timeout"), None),
        (Found({"state": "lost"}), None),
    ):
        async with a_call_to(files) as site:
            await site.signs_in("1001")
            site.look_ups["orders"] = answer
            caller = await site.call("4011")
            await (caller.hears(hears) if hears else caller.talks_with("1001"))


@in_virtual_time
async def test_the_test_on_the_page_passes():
    body = TEST.replace('a_site(".")', "a_site(files)").replace("\n", "\n    ")
    scope = {"a_site": a_call_to, "NotFound": NotFound, "files": DEMO}
    exec(f"async def scene():\n    {body.strip()}\n", scope)
    await scope["scene"]()  # type: ignore[operator]


@in_virtual_time
async def test_the_demos_order_line_tells_where_an_order_is_and_who_waits_hears_a_word():
    async with a_call_to(DEMO) as site:
        site.look_ups.after = 1.8
        site.look_ups["orders"] = {"state": "packing"}
        caller = await site.call("4011")
        await caller.hears("order-number")
        caller.presses("4711#")
        await caller.hears("one-moment", "order-in-work")
        await caller.is_gone()
