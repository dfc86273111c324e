"""docs/agent-socket.md says what is so: a screen lives through its examples."""

from __future__ import annotations

import json
import re
from pathlib import Path

from ccplane.agents.facts import Phone
from ccplane.contacts.owed import Owed
from ccplane.core import inputs
from ccplane.http import agent_asks, agent_lines, agent_socket
from ccplane.http.agent_feed import KINDS
from ccplane.http.server import LARGEST_MESSAGE, PING_S, serve
from ccplane.ids import ContactId, MessageId
from ccplane.postgres.callers import Earlier
from ccplane.testing.screen import open_screen
from tests.http.conftest import client_from
from tests.kpi.histories import AGENTS, QUEUES

PAGE = (Path(__file__).parents[2] / "docs/agent-socket.md").read_text()
EXAMPLES = [json.loads(each) for each in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
ANA, BEN, *_ = AGENTS
SALES, _ = QUEUES
BEFORE = Earlier(
    contact="c-1", arrived_at=0, number_dialled="4002", queue="sales", agent=BEN, outcome="answered", talk_ms=60_000
)
LEFT = Owed(
    id=MessageId("m-1"), contact=ContactId("c-2"), box="general", caller="0123", left_at=0, ms=4_200, queue=SALES
)


async def test_a_screen_is_told_and_answered_as_the_examples_say(app, site):
    hello, welcome, offered, history, voicemail, hang_up, done, reject, refused, again, resumed = EXAMPLES
    site.callers.earlier = [BEFORE]
    happened = site.plane.history
    async with client_from(app, token=None) as client:
        answer = await client.post("/api/v1/session", json={"agent": ANA, "pin": "123456"})
    token = answer.json()["token"]
    assert hello == {"type": "hello", "token": "TOKEN"}
    async with serve(app, "127.0.0.1", 0) as server:
        async with open_screen(server.url, token) as screen:
            assert await screen.next() == welcome
            happened.give(inputs.PhoneSeen(ANA, Phone.REACHABLE))
            assert (await screen.ask("ready"))["ok"]
            contact = happened.call(SALES)
            site.plane.publish()
            assert await screen.next("offered") == offered
            assert await screen.next("history") == history
            happened.give(inputs.OwedFound(message=LEFT))
            site.plane.publish()
            assert await screen.next("messages") == voicemail
            happened.answer(contact)
            site.plane.publish()
            assert await screen.ask(**hang_up) == done
            assert await screen.ask(**reject) == refused
        assert again == hello | {"resume": {"epoch": 1, "seq": offered["seq"]}}
        async with open_screen(server.url, token, again["resume"]) as screen:
            assert await screen.next() == resumed
            assert (await screen.next())["type"] == "answered"


def test_every_kind_of_message_and_every_asking_is_on_the_page():
    kinds = {*KINDS.values(), "state", "history", "messages", "resumed", "answer-now", *agent_lines.CODES}
    asks = {each.__struct_config__.tag for each in agent_asks.AnyAsking.__args__}
    assert {each for each in kinds | asks if f"`{each}`" not in PAGE} == set()


def test_every_code_is_on_the_page():
    source = "".join(Path(module.__file__).read_text() for module in (agent_asks, agent_socket))
    codes = set(re.findall(r'Error\(\s*"([a-z-]+)"', source)) - {"bad-hello"}
    assert codes
    assert {code for code in codes if f"`{code}`" not in PAGE} == set()
    closing = {value for name, value in vars(agent_lines).items() if name.isupper() and type(value) is int}
    assert {code for code in closing if 4000 <= code < 5000 and f"| {code} |" not in PAGE} == set()


def test_every_limit_is_as_the_page_says():
    assert f"within {agent_socket.HELLO_S:.0f} s" in PAGE
    assert f"longer than {agent_socket.HISTORY_S:.0f} s" in PAGE
    assert f"the last {agent_asks.REMEMBERED} of a session" in PAGE
    assert f"more than {agent_socket.MOST_A_SECOND} messages in a second" in PAGE
    assert f"the last {agent_lines.KEPT} messages of each agent" in PAGE
    assert f"{agent_lines.MOST_UNREAD} messages lay unread" in PAGE
    assert f"{agent_socket.MOST_STRIKES} messages that were none" in PAGE
    assert f"pings every {PING_S:.0f} s" in PAGE
    assert f"larger than {LARGEST_MESSAGE // 1024} KiB" in PAGE
