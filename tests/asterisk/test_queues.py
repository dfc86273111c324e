"""queues.conf of a site: each queue has a section, and nothing that a queue is called can make another one."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable

import pytest

from ccplane.asterisk.node import HOME, LocalNode
from ccplane.asterisk.queues import sections
from ccplane.routing.rules import Queue, Step


def a_queue(name: str, **more) -> Queue:
    return Queue(name=name, steps=(Step({}),), **more)


def test_each_queue_of_the_site_has_a_section_with_its_times_and_its_music():
    text = sections([a_queue("support", ring_ms=15_500, wrap_up_ms=30_000, music="jazz"), a_queue("\u5ba2\u670d")])
    assert text == (
        "\n[support](of.fallback)\nstrategy = leastrecent\ntimeout = 16\nwrapuptime = 30\nmusicclass = jazz\n"
        "\n[\u5ba2\u670d](of.fallback)\nstrategy = leastrecent\ntimeout = 20\nwrapuptime = 0\nmusicclass = default\n"
    )


@pytest.mark.parametrize(("at_once", "all_ring"), [(1, False), (3, False), (None, True)])
def test_a_queue_that_rings_all_its_agents_does_so_there_too(at_once: int | None, all_ring: bool):
    assert ("strategy = ringall\n" in sections([a_queue("support", ring_at_once=at_once)])) == all_ring


@pytest.mark.parametrize("name", ["general", "ccplane", "of.fallback", "a]b", "a\nb", ""])
def test_a_name_that_is_taken_or_would_end_its_section_has_none(name: str):
    assert sections([a_queue(name)]) == ""


def test_music_that_would_end_its_line_is_the_default():
    assert "musicclass = default\n" in sections([a_queue("support", music="jazz\nautofill=no")])


def test_the_page_says_how_to_print_those_of_an_asterisk_of_ones_own():
    page = (HOME / "docs" / "fallback.md").read_text()
    [script] = re.findall(r"```\n.venv/bin/python -c '(.*?)'\n```", page, re.S)
    printed = subprocess.run([sys.executable, "-c", script], cwd=HOME, capture_output=True, text=True, check=True)
    assert re.findall(r"\[(\w+)\]", printed.stdout) == ["support", "sales", "anyone"]


@pytest.mark.asterisk
async def test_asterisk_itself_rings_all_of_such_a_queue_and_of_no_other(make_node: Callable[..., LocalNode]):
    node = make_node(queues=[a_queue("team", ring_at_once=None), a_queue("support")])
    await node.start()
    assert "'ringall' strategy" in await node.cli("queue show team")
    assert "'leastrecent' strategy" in await node.cli("queue show support")
    await node.stop()
