"""The edge that records, over a fake AMI: what proves a recording, what is asked before it is tried again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ccplane.asterisk.outcomes import Done, Gone, Refused, Unknown
from ccplane.asterisk.recordings import NO_FILE, Recorder, file_of
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.ids import NodeName
from ccplane.testing import FakeAmi

X = "c-ast1-1.1"
R = f"r-{X}-2"
START = do.StartTalkRecording(X, R, "ast1-1.1", 1, 100)
AGAIN = do.StartTalkRecording(X, R, "ast1-1.1", 2, 100)
STOP = do.StopTalkRecording(X, R, "ast1-1.1", "0x1")
BEGUN = i.TalkRecordingBegan(X, R, "0x1")


class Edge:
    """A recorder, its AMI, a spool, and what it posted."""

    def __init__(self, spool: Path) -> None:
        self.ami, self.spool, self.free, self.posted = FakeAmi(), spool, None, []
        self.recorder = Recorder(NodeName("ast1"), self.ami, spool, lambda: self.free, looks=(0, 0, 0))
        self.recorder.post = self.posted.append
        self.ami.answers["MixMonitor"] = self.writes

    def writes(self, action):
        path = file_of(self.spool, R)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        return Done({"response": "Success", "mixmonitorid": "0x1"})

    async def does(self, *commands):
        for command in commands:
            self.recorder.execute(command)
        while self.recorder._tails:
            await asyncio.wait(list(self.recorder._tails.values()))
            await asyncio.sleep(0)

    @property
    def asked(self):
        return [each["Action"] for each in self.ami.asked]


@pytest.fixture
def edge(tmp_path: Path) -> Edge:
    return Edge(tmp_path)


async def test_it_records_both_sides_to_a_file_of_ours_and_says_so_once_the_file_is_there(edge: Edge):
    await edge.does(START)
    assert edge.posted == [BEGUN]
    assert edge.ami.asked == [
        {
            "Action": "MixMonitor", "Channel": "ast1-1.1",
            "File": f"ccplane/{R}.raw", "Options": "Di(CCPLANE_RECORDING_2)",
        }
    ]  # fmt: skip


async def test_success_without_a_file_is_a_failure_and_what_was_begun_is_stopped(edge: Edge):
    edge.ami.answers["MixMonitor"] = Done({"response": "Success", "mixmonitorid": "0x1"})
    await edge.does(START)
    assert edge.posted == [i.TalkRecordingRefused(X, R, NO_FILE)]
    assert edge.ami.asked[-1] == {"Action": "StopMixMonitor", "Channel": "ast1-1.1", "MixMonitorID": "0x1"}


async def test_ami_away_is_said_at_once(edge: Edge):
    edge.ami.drop()
    await edge.does(START)
    [refused] = edge.posted
    assert "AMI can't be asked" in refused.reason
    assert edge.recorder.last_reason == refused.reason


@pytest.mark.parametrize("outcome", [Unknown("timeout"), Gone("No such channel")])
async def test_where_nothing_is_known_nothing_is_said_and_the_deadline_decides(edge: Edge, outcome):
    edge.ami.answers["MixMonitor"] = outcome
    await edge.does(START)
    assert edge.posted == []


async def test_a_second_try_finds_the_first_that_came_through_and_begins_none(edge: Edge):
    edge.writes(None)
    edge.ami.answers["Getvar"] = Done({"response": "Success", "value": "0x7"})
    await edge.does(AGAIN)
    assert edge.asked == ["Getvar"]
    assert edge.posted == [i.TalkRecordingBegan(X, R, "0x7")]


async def test_a_second_try_begins_anew_where_a_variable_is_left_of_one_that_wrote_nothing(edge: Edge):
    edge.ami.answers["Getvar"] = Done({"response": "Success", "value": "0x7"})
    await edge.does(AGAIN)
    assert edge.asked == ["Getvar", "MixMonitor"]
    assert edge.posted == [BEGUN]


async def test_with_too_little_free_nothing_is_asked(edge: Edge):
    edge.free = 99.0
    await edge.does(START)
    assert edge.asked == []
    assert "99 MB are free" in edge.posted[0].reason


async def test_it_is_stopped_by_its_handle_alone(edge: Edge):
    await edge.does(START, STOP)
    assert edge.posted == [BEGUN, i.TalkRecordingOver(X, R)]
    assert edge.ami.asked[-1]["MixMonitorID"] == "0x1"


async def test_without_a_handle_the_channel_is_asked_for_it(edge: Edge):
    edge.ami.answers["Getvar"] = Done({"response": "Success", "value": "0x7"})
    await edge.does(do.StopTalkRecording(X, R, "ast1-1.1", ""))
    assert edge.ami.asked[-1]["MixMonitorID"] == "0x7"
    assert edge.posted == [i.TalkRecordingOver(X, R)]


async def test_without_any_handle_nothing_is_stopped_for_that_would_stop_the_latest(edge: Edge):
    edge.ami.answers["Getvar"] = Done({"response": "Success", "value": ""})
    await edge.does(do.StopTalkRecording(X, R, "ast1-1.1", ""))
    assert edge.asked == ["Getvar"]
    assert edge.posted == [i.TalkRecordingOver(X, R)]


@pytest.mark.parametrize(
    ("outcome", "over"),
    [
        (Done({}), True),
        (Gone("No such channel"), True),
        (Refused(400, "Could not stop monitoring channel"), True),
        (Refused(0, "closed"), False),
        (Unknown("timeout"), False),
    ],
)
async def test_only_an_answer_proves_that_it_stopped(edge: Edge, outcome, over):
    edge.ami.answers["StopMixMonitor"] = outcome
    await edge.does(STOP)
    assert bool(edge.posted) is over


async def test_a_late_stop_does_not_stop_another_recording_that_was_given_the_same_handle(edge: Edge):
    second = f"r-{X}-4"
    file_of(edge.spool, second).parent.mkdir(parents=True)
    file_of(edge.spool, second).touch()
    await edge.does(do.StartTalkRecording(X, second, "ast1-1.1", 1, 100), STOP)
    assert "StopMixMonitor" not in edge.asked
    assert edge.posted[-1] == i.TalkRecordingOver(X, R)


@pytest.mark.parametrize(("outcome", "reason"), [(Done({}), ""), (Refused(0, "closed"), "AMI can't be asked (closed)")])
async def test_silence_is_said_to_be_written_only_where_the_switch_says_so(edge: Edge, outcome, reason):
    edge.ami.answers["MixMonitorMute"] = outcome
    await edge.does(do.MuteTalkRecording(X, R, "ast1-1.1", True))
    assert edge.posted == [i.TalkRecordingMuted(X, R, True, reason)]
    if not reason:
        assert edge.ami.asked == [
            {"Action": "MixMonitorMute", "Channel": "ast1-1.1", "Direction": "both", "State": "1"}
        ]


async def test_each_login_has_what_waits_tried_again(edge: Edge):
    edge.ami.events.at_login(edge.recorder.logged_in)
    await edge.ami.login()
    assert edge.posted == [i.RecorderBack("ast1")]


@pytest.mark.parametrize("channel", ["1.1\r\nAction: Originate", "x/../y", "a b", ""])
async def test_a_name_that_could_say_more_than_a_name_is_never_sent(edge: Edge, channel: str):
    await edge.does(do.StartTalkRecording(X, R, channel, 1, 0))
    assert edge.asked == []
    assert isinstance(edge.posted[0], i.TalkRecordingRefused)
