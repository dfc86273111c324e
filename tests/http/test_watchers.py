"""Who may watch the wallboard, and what their token opens: that alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from ccplane.addresses import networks_of
from ccplane.errors import SetupError
from ccplane.http.app import create_app
from ccplane.http.wallboard_page.words import WORDS
from ccplane.http.watchers import COOKIE, Watchers
from ccplane.settings import load
from tests.http.conftest import client_from
from tests.http.memory import TOKEN, Site

SCREENS = "a-token-for-screens"
INSIDE, OUTSIDE, PROXY, FAR_PROXY = "10.1.2.3", "198.51.100.9", "127.0.0.1", "10.9.9.9"
WATCHED = ("/api/v1/wallboard", "/wallboard", "/wallboard/wallboard.js")
OTHERS = ("/api/v1/agents", "/api/v1/contacts", "/api/v1/messages", "/api/v1/agents/1001/phone")


@pytest.fixture(scope="module")
def app():
    """Open to 10.1.0.0/16, behind a proxy on this machine and one before that."""
    watchers = Watchers(
        TOKEN,
        SCREENS,
        networks_of("10.1.0.0/16, 2001:db8:7::/48"),
        networks_of(f"{PROXY}, {FAR_PROXY}"),
        names=("board.example.com",),
    )
    return create_app(Site().ports(), admin_token=TOKEN, watchers=watchers)


async def status(app, path, address=OUTSIDE, host="10.1.0.1:8080", **headers):
    async with client_from(app, address, token=None, host=host) as client:
        return (
            await client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        ).status_code


@pytest.mark.parametrize("path", WATCHED)
async def test_the_screens_token_opens_the_wallboard(app, path):
    assert await status(app, path, authorization=f"Bearer {SCREENS}") == 200
    assert await status(app, path, authorization="Bearer another") == 401
    assert await status(app, path) == 401


@pytest.mark.parametrize("path", OTHERS)
async def test_the_screens_token_opens_nothing_else(app, path):
    assert await status(app, path, authorization=f"Bearer {SCREENS}") == 401
    assert await status(app, path, address=INSIDE) == 401
    async with client_from(app, OUTSIDE, token=None) as screen:
        await screen.get("/wallboard", params={"token": SCREENS})
        assert COOKIE in screen.cookies
        assert (await screen.get(path)).status_code == 401


async def test_a_token_in_the_address_becomes_a_cookie_and_leaves_the_address(app):
    async with client_from(app, OUTSIDE, token=None) as screen:
        sent_on = await screen.get("/wallboard", params={"board": "a&b", "token": SCREENS, "theme": "dark"})
        assert (sent_on.status_code, sent_on.headers["location"]) == (303, "/wallboard?board=a%26b&theme=dark")
        assert (sent_on.headers["cache-control"], sent_on.headers["referrer-policy"]) == ("no-store", "no-referrer")
        cookie = sent_on.headers["set-cookie"]
        assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
        assert "Secure" not in cookie
        assert SCREENS not in cookie
        page = await screen.get(sent_on.headers["location"])
        assert page.status_code == 200
        assert SCREENS not in page.text
        assert COOKIE in page.headers["set-cookie"], "a screen that is used keeps it"
        assert (await screen.get("/api/v1/wallboard")).status_code == 200


async def test_a_cookie_given_over_tls_is_sent_over_tls_alone(app):
    async with client_from(app, OUTSIDE, token=None) as screen:
        answer = await screen.get("/wallboard", params={"token": SCREENS}, headers={"X-Forwarded-Proto": "https"})
    assert "Secure" in answer.headers["set-cookie"]


@pytest.mark.parametrize("wrong", ["", "x", TOKEN, SCREENS + "x", "ß"])
async def test_a_wrong_token_in_the_address_opens_nothing_and_the_screen_says_what_to_do(app, wrong):
    async with client_from(app, OUTSIDE, token=None) as screen:
        answer = await screen.get("/wallboard", params={"token": wrong}, headers={"Accept": "text/html"})
        assert (answer.status_code, "set-cookie" in answer.headers) == (401, False)
        assert WORDS["en"]["closed"].replace("'", "&#x27;") in answer.text
        chinese = await screen.get("/wallboard", params={"lang": "zh-CN"}, headers={"Accept": "text/html"})
        assert WORDS["zh-CN"]["closed"] in chinese.text
        program = await screen.get("/wallboard")
        assert program.json()["code"] == "unauthorised"


async def test_without_a_token_of_their_own_no_address_opens_anything():
    app = create_app(Site().ports(), admin_token=TOKEN)
    async with client_from(app, OUTSIDE, token=None) as screen:
        for given in ("", TOKEN):
            assert (await screen.get("/wallboard", params={"token": given})).status_code == 401
        screen.cookies.set(COOKIE, "")
        assert (await screen.get("/api/v1/wallboard")).status_code == 401


async def test_a_cookie_of_an_older_token_is_worth_nothing(app):
    newer = create_app(Site().ports(), admin_token=TOKEN, watchers=Watchers(TOKEN, "another-token-now"))
    async with client_from(app, OUTSIDE, token=None) as old, client_from(newer, OUTSIDE, token=None) as screen:
        await old.get("/wallboard", params={"token": SCREENS})
        screen.cookies.set(COOKIE, old.cookies[COOKIE])
        assert (await screen.get("/api/v1/wallboard")).status_code == 401


@pytest.mark.parametrize("address", [INSIDE, "2001:db8:7::5", "::ffff:10.1.2.3"])
async def test_an_open_network_needs_no_token(app, address):
    for path in WATCHED:
        assert await status(app, path, address=address) == 200


HOSTS = {"board.example.com": 200, "10.1.0.1": 200, "[::1]:8080": 200, "evil.example": 401, "x]": 401}


@pytest.mark.parametrize(("host", "code"), HOSTS.items())
async def test_an_open_network_asks_by_an_address_or_by_our_own_name(app, host, code):
    """A page of another's name, bound to our address, must not read it (DNS rebinding)."""
    assert await status(app, "/api/v1/wallboard", address=INSIDE, host=host) == code


@pytest.mark.parametrize(
    ("address", "forwarded", "code"),
    [
        (PROXY, INSIDE, 200),
        (PROXY, OUTSIDE, 401),
        (PROXY, f"{INSIDE}, {OUTSIDE}", 401),
        (PROXY, f"{OUTSIDE}, {INSIDE}", 200),
        (PROXY, f"{INSIDE}, {FAR_PROXY}", 200),
        (PROXY, f"{INSIDE}, {OUTSIDE}, {FAR_PROXY}", 401),
        (PROXY, FAR_PROXY, 401),
        (PROXY, f"{INSIDE}, unknown", 401),
        (PROXY, "", 401),
        (OUTSIDE, INSIDE, 401),
        (INSIDE, OUTSIDE, 401),
    ],
)
async def test_behind_a_proxy_the_last_address_that_none_of_ours_has_is_the_screens(app, address, forwarded, code):
    """What stands before it, and what comes through others' proxies, anybody may have written."""
    assert await status(app, "/api/v1/wallboard", address=address, x_forwarded_for=forwarded) == code


async def test_a_header_that_we_do_not_read_makes_nobody_known(app):
    assert (
        await status(app, "/api/v1/wallboard", address=PROXY, forwarded=f"for={INSIDE}", x_forwarded_for=INSIDE) == 401
    )


@given(st.lists(st.sampled_from([INSIDE, OUTSIDE, FAR_PROXY, "junk", ""]), max_size=8))
def test_no_header_that_a_stranger_writes_opens_it(hops):
    """Our proxy adds the stranger's address behind whatever they wrote."""
    watchers = Watchers(TOKEN, "", networks_of("10.1.0.0/16"), networks_of(f"{PROXY}, {FAR_PROXY}"))
    assert not watchers.known(a_request(PROXY, ", ".join([*hops, OUTSIDE])))


def a_request(address, forwarded):
    headers = [(b"host", b"10.1.0.1"), (b"x-forwarded-for", forwarded.encode())]
    return Request(
        {"type": "http", "method": "GET", "path": "/", "client": (address, 1), "headers": headers, "query_string": b""}
    )


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("CCPLANE_WALLBOARD_NETWORKS", "10.1.2.3/16", "has host bits set"),
        ("CCPLANE_WALLBOARD_NETWORKS", "inside", "does not appear to be an IPv4 or IPv6 network; write it as in"),
        ("CCPLANE_WALLBOARD_NETWORKS", "0.0.0.0/0", "is everybody"),
        ("CCPLANE_PROXIES", "::/0", "is everybody"),
        ("CCPLANE_WALLBOARD_TOKEN", "short", "at least 16 letters"),
    ],
)
def test_a_wrong_setting_is_named(monkeypatch, variable, value, said):
    monkeypatch.setenv(variable, value)
    with pytest.raises(SetupError) as told:
        load()
    assert variable in str(told.value)
    assert said in str(told.value)
