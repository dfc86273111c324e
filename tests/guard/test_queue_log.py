"""The queue_log's lines as calls: whatever stands in it, each call of ours is told once, and is what the log says."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccplane.guard import queue_log
from ccplane.guard.queue_log import FORGOTTEN_AFTER_S, SETTLED_S, Call, Stay, entry_of, settled

A_DAY = """\
1795345485|NONE|NONE|NONE|QUEUESTART|
1795345485|MANAGER|support|1001|ADDMEMBER|
1795345485|ast1-1795345485.0|ccplane|NONE|CCPLANEBEGIN|4002|5551
1795345486|ast1-1795345485.0|support|NONE|ENTERQUEUE||5551|1
1795345487|ast1-1795345485.0|support|1001|RINGNOANSWER|1000
1795345489|ast1-1795345485.0|support|1002|CONNECT|3|ast1-1795345486.1|1
1795345490|ast1-1795345490.2|ccplane|NONE|CCPLANEBEGIN|4001|5552
1795345491|ast1-1795345490.2|ccplane|NONE|ENTERQUEUE||5552|1
1795345496|ast1-1795345485.0|support|1002|COMPLETECALLER|3|7|1
1795345496|ast1-1795345485.0|ccplane|NONE|CCPLANEEND|
1795345497|ast1-1795345490.2|ccplane|1002|RINGCANCELED|1503
1795345497|ast1-1795345490.2|ccplane|NONE|ABANDON|1|1|6
1795345497|ast1-1795345490.2|ccplane|NONE|CCPLANEEND|
1795345498|ast1-1795345497.6|ccplane|NONE|CCPLANEBEGIN|4003|5554
1795345499|ast1-1795345497.6|ccplane|NONE|CCPLANEEND|JOINEMPTY
"""
"""As Asterisk 22.10.1 wrote it, shortened."""


def told(open_calls: dict[str, Call], lines: Iterable[str]) -> list[Call]:
    return queue_log.read_all(open_calls, lines)[0]


def calls_of(text: str) -> list[Call]:
    return told({}, text.splitlines())


def a_call(*lines: str) -> Call:
    """The one call of these, between its beginning and its end."""
    text = "\n".join(("10|u|ccplane|NONE|CCPLANEBEGIN|4002|5551", *lines, "90|u|ccplane|NONE|CCPLANEEND|"))
    [call] = calls_of(text)
    return call


def test_a_day_as_asterisk_writes_it():
    answered, abandoned, alone = calls_of(A_DAY)
    assert (answered.channel, answered.number_dialled, answered.caller) == ("ast1-1795345485.0", "4002", "5551")
    assert (answered.began_at, answered.ended_at) == (1795345485, 1795345496)
    assert answered.stay == Stay(
        queue="support",
        queued_at=1795345486,
        outcome="answered",
        waited_s=3,
        agent="1002",
        talk_from=1795345489,
        talk_s=7,
        by="caller",
    )
    assert abandoned.stay == Stay(queue="ccplane", queued_at=1795345491, outcome="abandoned", waited_s=6)
    assert (alone.number_dialled, alone.stay) == ("4003", None)


@pytest.mark.parametrize(
    ("line", "outcome", "waited"),
    [
        ("50|u|support|NONE|ABANDON|1|1|40", "abandoned", 40),
        ("50|u|support|NONE|EXITWITHTIMEOUT|1|1|41", "timed-out", 41),
        ("50|u|support|NONE|EXITEMPTY|1|1|39", "no-agents", 39),
        ("50|u|support|NONE|EXITEMPTY|1", "no-agents", 38),
        ("50|u|support|NONE|ABANDON|1|1|x", "abandoned", 38),
    ],
)
def test_a_stay_without_a_talk_ends_as_the_log_says(line: str, outcome: str, waited: int):
    call = a_call("12|u|support|NONE|ENTERQUEUE||5551|1", line)
    assert call.stay is not None
    assert (call.stay.outcome, call.stay.waited_s, call.stay.talk_s) == (outcome, waited, None)


@pytest.mark.parametrize(
    ("line", "by", "talked"),
    [
        ("70|u|support|1001|COMPLETEAGENT|3|55|1", "agent", 55),
        ("70|u|support|1001|BLINDTRANSFER|4003|from-phones|3|54|1", "agent", 54),
        ("70|u|support|1001|ATTENDEDTRANSFER|BRIDGE|b-1|3|53|1", "agent", 53),
        ("70|u|support|1001|COMPLETEAGENT|3", "agent", 55),
    ],
)
def test_a_talk_ends_as_the_log_says(line: str, by: str, talked: int):
    call = a_call("12|u|support|NONE|ENTERQUEUE||5551|1", "15|u|support|1001|CONNECT|3|x|1", line)
    assert call.stay is not None
    assert (call.stay.by, call.stay.talk_s, call.stay.agent, call.stay.waited_s) == (by, talked, "1001", 3)


A_TALK = [
    "10|u|ccplane|NONE|CCPLANEBEGIN|4002|5551",
    "12|u|support|NONE|ENTERQUEUE||5551|1",
    "15|u|support|1001|CONNECT|3|x|1",
]


def test_who_ended_a_talk_may_be_written_after_the_calls_end():
    """Two threads of Asterisk write these two lines, in either order."""
    open_calls: dict[str, Call] = {}
    assert told(open_calls, [*A_TALK, "70|u|ccplane|NONE|CCPLANEEND|"]) == []
    assert settled(open_calls, 70 + SETTLED_S) == []
    [call] = told(open_calls, ["71|u|support|1001|COMPLETEAGENT|3|55|1"])
    assert call.stay is not None
    assert (call.ended_at, call.stay.by, call.stay.talk_s) == (70, "agent", 55)
    assert open_calls == {}


def test_a_talk_whose_end_is_never_written_ended_with_the_call():
    open_calls: dict[str, Call] = {}
    assert told(open_calls, [*A_TALK, "70|u|ccplane|NONE|CCPLANEEND|"]) == []
    [call] = settled(open_calls, 71 + SETTLED_S)
    assert call.stay is not None
    assert (call.ended_at, call.stay.by, call.stay.talk_s) == (70, "caller", 55)
    assert open_calls == {}


def test_a_call_that_goes_on_is_not_settled():
    open_calls: dict[str, Call] = {}
    told(open_calls, A_TALK)
    assert settled(open_calls, 1_000_000) == []


def test_a_call_that_asterisk_died_with_is_over_when_asterisk_last_wrote_anything():
    lines = A_DAY.splitlines()[:8]
    talking, waiting = told({}, [*lines, "1795345493|MANAGER|sales|1001|ADDMEMBER|", "1795349999|a|a|a|QUEUESTART|"])
    assert talking.stay is not None
    assert waiting.stay is not None
    assert (talking.stay.outcome, talking.stay.by, talking.stay.talk_s) == ("answered", "switch", 4)
    assert (waiting.stay.outcome, waiting.ended_at) == ("lost", 1795345493)


def test_when_asterisk_last_wrote_is_known_wherever_the_log_is_cut():
    open_calls: dict[str, Call] = {}
    _, written_at = queue_log.read_all(open_calls, [*A_TALK, "60|MANAGER|sales|1001|ADDMEMBER|"])
    [call], _ = queue_log.read_all(open_calls, ["99|a|a|a|QUEUESTART|"], written_at)
    assert call.ended_at == 60


def test_a_call_of_which_nothing_is_heard_for_a_day_is_not_kept_for_ever():
    open_calls: dict[str, Call] = {}
    assert told(open_calls, ["10|u|ccplane|NONE|CCPLANEBEGIN|4002|1"]) == []
    [over] = told(open_calls, [f"{11 + FORGOTTEN_AFTER_S}|v|ccplane|NONE|CCPLANEBEGIN|4002|2"])
    assert over.channel == "u"
    assert list(open_calls) == ["v"]


def test_more_open_calls_than_can_be_are_not_all_kept(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(queue_log, "MOST_OPEN", 3)
    open_calls: dict[str, Call] = {}
    over = told(open_calls, [f"{10 + at}|u{at}|ccplane|NONE|CCPLANEBEGIN|4002|1" for at in range(5)])
    assert [each.channel for each in over] == ["u0", "u1"]
    assert len(open_calls) == 3


@pytest.mark.parametrize(
    "line", ["", "|", "a|b|c|d|E", "12|u|q|a", "1" * 13 + "|u|q|a|CONNECT", "\u0661|u|q|a|CONNECT"]
)
def test_what_is_no_line_of_a_queue_log_is_none(line: str):
    assert entry_of(line) is None


text = st.text(alphabet="0123456789|abcNONE\u4e0d\x00 ", max_size=40)
verbs = st.sampled_from([*queue_log.ENDED, *queue_log.TALKED, "ENTERQUEUE", "CONNECT", "CCPLANEBEGIN", "CCPLANEEND",
                         "QUEUESTART", "RINGNOANSWER", "A NEW ONE"])  # fmt: skip
entries = st.builds(
    lambda at, call, queue, verb, data: f"{at}|{call}|{queue}|1001|{verb}|{'|'.join(data)}",
    st.integers(0, 2_000_000_000),
    st.sampled_from("uvw"),
    st.sampled_from(["support", "ccplane", ""]),
    verbs,
    st.lists(text, max_size=6),
)


@pytest.mark.slow
@given(st.lists(st.one_of(entries, text), max_size=60))
@settings(max_examples=300, deadline=None)
def test_whatever_stands_in_the_log_every_call_is_told_whole_and_as_often_as_it_began(lines: list[str]):
    open_calls: dict[str, Call] = {}
    over = told(open_calls, lines)
    for each in over:
        assert each.ended_at is not None
        assert each.ended_at >= each.began_at or each.stay is None or each.ended_at == each.heard_at
        if each.stay is not None:
            assert each.stay.outcome in {"answered", "abandoned", "timed-out", "no-agents", "lost"}
            assert each.stay.waited_s >= 0
            assert (each.stay.talk_s is not None) == (each.stay.outcome == "answered")
    begun = [entry.call for entry in map(entry_of, lines) if entry and entry.verb == "CCPLANEBEGIN"]
    assert len(over) + len(open_calls) <= len(begun)


@given(st.integers(0, len(A_DAY)), st.integers(0, len(A_DAY)))
@settings(max_examples=60, deadline=None)
def test_however_the_log_is_cut_between_lines_the_calls_are_the_same(one: int, other: int):
    lines, open_calls = A_DAY.splitlines(), dict[str, Call]()
    first, last = sorted((one % len(lines), other % len(lines)))
    parts = (lines[:first], lines[first:last], lines[last:])
    assert [call for part in parts for call in told(open_calls, part)] == calls_of(A_DAY)
