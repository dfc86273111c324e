"""Commands as operations of the switch; refusals as inputs. Nothing a caller sends can change a command's meaning."""

from __future__ import annotations

import asyncio
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ccplane.asterisk import operations as op
from ccplane.asterisk.execute import Executor
from ccplane.asterisk.orders import before, caller_id, operation_of
from ccplane.asterisk.outcomes import Busy, Conflict, Done, Gone, Refused, Unknown
from ccplane.asterisk.switch import HOUSE
from ccplane.asterisk.translate import printable
from ccplane.core import commands as do
from ccplane.core import inputs as i

X = "c-ast1-1.1"
OFFER, LEG = f"o-{X}-3-1", f"l-{X}-3-1-7"
RING = do.RingAgent(X, OFFER, LEG, "ana", "PJSIP/ana", "5551234", "Ann", 22_001)
MESSAGE, RECORDING = f"m-{X}-5-1", f"messages/m-{X}-5-1"
RECORD = do.RecordMessage(X, "1.1", MESSAGE, 180_000, 4_500)
LOOK, REMOVE = do.LookForRecording(X, MESSAGE), do.RemoveCaller(X, "1.1")
JOIN = do.JoinAgent(X, OFFER, LEG)
WHISPER = do.Whisper(X, OFFER, LEG, f"whisper-{OFFER}", "sound:w", beep=False)
AFTER_A_BEEP = do.Whisper(X, OFFER, "s-ana-1-1", f"whisper-{OFFER}", "sound:w", beep=True)
PLAY = do.PlaySounds(X, "1.1", f"p-{X}-4-2", ("sound:a", "sound:b"), "en")
HANG_UP = do.HangUpLeg(X, LEG, "answered_elsewhere")
ALL = (
    (do.OpenRoom(X), op.CreateBridge(f"b-{X}", name=X)),
    (do.CloseRoom(X), op.DestroyBridge(f"b-{X}")),
    (do.AnswerCaller(X, "1.1"), op.Answer("1.1")),
    (do.AddCaller(X, "1.1"), op.AddChannel(f"b-{X}", ("1.1",))),
    (do.HangUpCaller(X, "1.1", 17), op.HangUp("1.1", reason_code="17")),
    (do.StartMusic(X, "1.1", "jazz"), op.StartMoh("1.1", "jazz")),
    (do.StopMusic(X, "1.1"), op.StopMoh("1.1")),
    (PLAY, op.PlayOnChannel("1.1", f"p-{X}-4-2", ("sound:a", "sound:b"), "en")),
    (WHISPER, op.PlayOnChannel(LEG, f"whisper-{OFFER}", ("sound:w",))),
    (AFTER_A_BEEP, op.PlayOnChannel("s-ana-1-1", f"whisper-{OFFER}", ("sound:ascending-2tone", "sound:w"))),
    (do.SayToWaiting(X, ("sound:a",), "en"), op.PlayOnBridge(f"b-{X}", f"hold-{X}", ("sound:a",), "en")),
    (do.GiveBack(X, "1.1", "4002", ours=False), op.Continue("1.1", "ccplane-fallback", "4002", 1)),
    (do.StopSounds(X, f"p-{X}-4-2"), op.StopPlayback(f"p-{X}-4-2")),
    (JOIN, op.AddChannel(f"b-{X}", (LEG,))),
    (HANG_UP, op.HangUp(LEG, reason="answered_elsewhere")),
    (REMOVE, op.RemoveChannel(f"b-{X}", ("1.1",))),
    (RECORD, op.RecordChannel("1.1", RECORDING, "wav", longest=180, silence=5, beep=True, terminate_on="#")),
    (do.StopRecording(X, MESSAGE), op.StopRecording(RECORDING)),
    (LOOK, op.GetLiveRecording(RECORDING)),
    (do.WriteJournal(X, "{}"), op.SetBridgeVariable(f"b-{X}", "CCPLANE", "{}")),
    (do.LetRing(X, "1.1"), op.Ring("1.1")),
    (do.StopRinging(X, "1.1"), op.RingStop("1.1")),
    (do.TellQueue(X, "1.1", "support", 17), op.SetChannelVariable("1.1", "CCPLANE_QUEUE", "support")),
    (do.MirrorIntent("ana", ready=True), op.SetDeviceState("Stasis:agent-ana", "NOT_INUSE")),
    (do.MirrorWork("ana", do.Light.RINGS), op.SetDeviceState("Stasis:elsewhere-ana", "RINGING")),
    (do.MirrorWork("ana", do.Light.IN_CALL), op.SetDeviceState("Stasis:elsewhere-ana", "INUSE")),
    (do.MirrorWork("ana", do.Light.OFF), op.SetDeviceState("Stasis:elsewhere-ana", "NOT_INUSE")),
    (do.MirrorIntent("ana", ready=False), op.SetDeviceState("Stasis:agent-ana", "BUSY")),
)


@pytest.mark.parametrize(("command", "operation"), ALL, ids=lambda each: type(each).__name__)
def test_given_a_command_then_it_is_this_operation(command, operation):
    assert operation_of(command) == operation


def test_given_an_offer_then_the_phone_is_called_under_our_id_to_our_door_and_never_for_ever():
    originate = operation_of(RING)
    assert (originate.channel, originate.endpoint, originate.context) == (LEG, "PJSIP/ana", "ccplane-door")
    assert originate.args.split(",")[0] == "leg"
    assert originate.caller_id == '"Ann" <5551234>'
    assert originate.timeout == 23, "whole seconds, never fewer than asked for"


def test_given_a_seat_that_answers_by_itself_then_the_phone_is_told_so_and_else_not():
    assert operation_of(RING).variables == {}
    told = operation_of(replace(RING, auto_answer=True)).variables
    assert told["PJSIP_HEADER(add,Call-Info)"] == "<sip:ccplane>;answer-after=0"


def test_given_an_open_line_then_a_leg_goes_through_it_by_a_far_half_under_an_id_of_ours():
    assert operation_of(RING).other == ""
    assert operation_of(replace(RING, endpoint="Local/ana@ccplane-lines/n")).other == f"h-{LEG}"


def test_given_an_open_line_then_it_is_rung_opened_joined_with_a_beep_and_hung_up_with_its_room():
    line, half = "s-ana-1-1", f"h-{LEG}"
    rung = operation_of(do.RingLine(line, "ana", "PJSIP/ana", 32_000, auto_answer=True))
    assert (rung.channel, rung.endpoint, rung.args, rung.timeout) == (line, "PJSIP/ana", "line,ana", 32)
    assert rung.variables
    everything = [
        (do.OpenLine(line), [op.CreateBridge(f"b-{line}", name=line), op.AddChannel(f"b-{line}", (line,))]),
        (
            do.JoinLine(line, half),
            [op.PlayOnChannel(line, f"beep-{half}", ("sound:ascending-2tone",)), op.AddChannel(f"b-{line}", (half,))],
        ),
        (do.JoinLine(line, half, quiet=True), [op.AddChannel(f"b-{line}", (half,))]),
        (do.AnswerHalf(half), [op.Answer(half)]),
        (do.HangUpLine(line), [op.DestroyBridge(f"b-{line}"), op.HangUp(line)]),
    ]
    for command, operations in everything:
        assert [*before(command), operation_of(command)] == operations


def test_given_one_who_is_called_back_then_their_phone_is_told_that_it_is_the_call_it_was_in():
    back = operation_of(do.RingBack(X, OFFER, f"{LEG}r1", "ana", "PJSIP/ana-web", "5551234", "Ann", 9_001))
    assert (back.channel, back.endpoint, back.args, back.timeout) == (f"{LEG}r1", "PJSIP/ana-web", "leg,ana", 10)
    assert back.variables["PJSIP_HEADER(add,X-Ccplane-Rejoin)"] == "1"


@pytest.mark.parametrize(("agent", "args"), [("ben", "leg,ben"), (None, "leg")])
def test_given_an_own_call_then_the_other_is_called_under_our_id_as_we_are_known(agent, args):
    called = operation_of(do.CallParty(X, OFFER, LEG, agent, "PJSIP/5551@out", "4000", "", 45_000))
    assert (called.channel, called.endpoint, called.args) == (LEG, "PJSIP/5551@out", args)
    assert (called.caller_id, called.timeout) == ("<4000>", 45)


def test_given_a_click_then_the_agents_phone_is_called_as_if_it_had_dialled_the_number():
    called = operation_of(do.CallOwner(X, "d-7", "PJSIP/ana", "5551", 32_000))
    assert (called.channel, called.args, called.caller_id) == ("d-7", "5551,phone", "<5551>")


def test_given_a_claim_then_the_customer_is_called_by_the_channel_that_stands_for_them():
    called = operation_of(do.CallCustomer(X, "k-cb-1-1", "PJSIP/5551@out", "5551", "4000", 32_000))
    assert (called.channel, called.endpoint, called.args) == ("k-cb-1-1", "PJSIP/5551@out", "5551")
    assert (called.caller_id, called.timeout) == ("<4000>", 32)


def test_given_a_conference_then_its_bridge_is_made_for_who_comes_and_they_hear_a_beep():
    room = "conf-1"
    everything = [
        (do.JoinConference(X, room, "1.1"), [op.CreateBridge(room, name=room), op.AddChannel(room, ("1.1",))]),
        (do.BeepConference(X, room), [op.PlayOnBridge(room, f"beep-{room}", ("sound:beep",))]),
        (do.LeaveConference(X, room, "1.1"), [op.RemoveChannel(room, ("1.1",))]),
        (do.CloseConference(X, room), [op.DestroyBridge(room)]),
    ]
    for command, operations in everything:
        assert [*before(command), operation_of(command)] == operations


def test_given_a_fax_then_its_machine_is_a_channel_of_two_halves_of_which_one_receives():
    fax = f"f-{X}-3-1"
    begun = operation_of(do.BeginFax(X, fax))
    assert (begun.channel, begun.endpoint, begun.other) == (fax, f"Local/{fax}@ccplane-fax", f"h-{fax}")
    assert (begun.context, begun.args) == ("ccplane-door", "fax"), "it waits there for a plane that comes back"
    assert operation_of(do.JoinFax(X, fax)) == op.AddChannel(f"b-{X}", (fax,))
    assert operation_of(do.EndFax(X, fax)) == op.HangUp(fax)
    assert operation_of(do.LookAtFax(X, fax)) == op.GetStoredRecording(f"faxes/{fax}")
    assert operation_of(do.LookForFax(X, fax)) == op.GetChannel(f"h-{fax}")


FAXES = {do.BeginFax, do.JoinFax, do.EndFax, do.LookForFax, do.LookAtFax}
CONFERENCES = {do.JoinConference, do.BeepConference, do.LeaveConference, do.CloseConference}
CALLS = {do.RingAgent, do.RingBack, do.CallParty, do.CallOwner, do.CallCustomer}
LINES = {do.RingLine, do.OpenLine, do.JoinLine, do.AnswerHalf, do.HangUpLine}
OTHERWISE = {do.ListenTo, do.LookAround, do.MakeSounds}
AMIS = {do.PickUp, do.StartTalkRecording, do.MuteTalkRecording, do.StopTalkRecording}


def test_given_all_commands_there_are_then_each_is_an_operation():
    told = {type(command) for command, _ in ALL} | CALLS | LINES | CONFERENCES | FAXES
    assert told == set(do.AnyCommand.__args__) - AMIS - OTHERWISE, "those are no one operation"


async def test_given_a_phone_that_is_to_answer_then_that_goes_another_way_than_to_the_switch():
    executor = Executor()
    executor.switch, told = Wire(), []
    executor.execute(do.PickUp(X, LEG))
    executor.pick_up = told.append
    executor.execute(do.PickUp(X, LEG))
    assert told == [do.PickUp(X, LEG)]
    assert not executor.switch.sent


@pytest.mark.parametrize(
    ("number", "name", "said"),
    [
        ("5551234", "", "<5551234>"),
        ("", "", "<>"),
        ('1" <900>', 'Bob" <911>', '"Bob 911" <1900>'),
        ("1>,x", "a\\", '"a" <1,x>'),
    ],
)
def test_given_quotes_and_brackets_from_a_caller_then_they_cannot_end_the_caller_id_early(number, name, said):
    assert caller_id(number, name) == said


@given(st.text(max_size=600), st.text(max_size=600))
def test_given_any_text_from_a_caller_then_a_caller_id_has_one_name_and_one_number(number, name):
    said = caller_id(printable(number), printable(name))
    assert re.fullmatch(r'("[^"<>\\]*" )?<[^"<>\\ ]*>', said)
    assert said.isprintable()


@given(st.text(max_size=600), st.text(max_size=600))
def test_given_any_text_from_a_caller_then_the_request_is_of_a_size_that_asterisk_takes(number, name):
    ring = do.RingAgent(X, OFFER, LEG, "ana", "PJSIP/ana", printable(number), printable(name), 20_000)
    request = operation_of(ring).request()
    assert request.uri == f"/channels/{LEG}"
    assert len(request.body) < 4_000
    assert sum(len(value) for _, value in request.query) < 2_000
    if request.body:
        json.loads(request.body)


class Wire:
    """A switch that keeps what is sent, and answers when told to."""

    events, ended = None, None

    def __init__(self):
        self.sent, self.answers = [], []

    def send(self, operation, lane):
        self.sent.append((operation, lane))
        self.answers.append(asyncio.get_running_loop().create_future())
        return self.answers[-1]

    def flush(self):
        """Nothing is held back."""

    async def close(self):
        """Nothing to close."""


@pytest.fixture
async def hands():
    executor = Executor()
    executor.switch = Wire()
    executor.posted = []
    executor.post = executor.posted.append
    return executor


async def answered(hands, command, outcome):
    """What comes back when the switch says this to that command."""
    hands.execute(command)
    of = [operation for operation, _ in hands.switch.sent].index(operation_of(command))
    hands.switch.answers[of].set_result(outcome)
    await asyncio.sleep(0)
    return hands.posted


async def test_given_a_phone_that_is_called_then_its_channel_is_watched_right_behind(hands):
    hands.execute(RING)
    assert hands.switch.sent[1:] == [(op.WatchChannel("ccplane", f"channel:{LEG}"), X)]


@pytest.mark.parametrize(("command", "told"), [
    (RING, i.LegEnded(OFFER, LEG)),
    (do.CallOwner(X, "d-7", "PJSIP/ana", "5551", 32_000), i.CallerGone(X, 20)),
    (do.RingLine("s-ana-1-1", "ana", "PJSIP/ana", 32_000), i.LineEnded("s-ana-1-1")),
])  # fmt: skip
async def test_given_a_phone_that_was_gone_before_we_could_watch_then_its_end_is_told(hands, command, told):
    hands.execute(command)
    hands.switch.answers[1].set_result(Busy("EventSource does not exist"))
    await asyncio.sleep(0)
    assert hands.posted == [told]


async def test_given_commands_of_one_contact_then_they_go_at_once_in_order_on_its_own_lane(hands):
    hands.execute(do.StopMusic(X, "1.1"))
    hands.execute(JOIN)
    hands.execute(do.MirrorIntent("ana", ready=True))
    assert [(type(operation), lane) for operation, lane in hands.switch.sent] == [
        (op.StopMoh, X),
        (op.AddChannel, X),
        *[(op.SetDeviceState, HOUSE)] * 4,
    ]


@pytest.mark.parametrize(
    ("command", "signed_in", "paused"),
    [
        (do.MirrorIntent("ana", ready=True), "INUSE", "NOT_INUSE"),
        (do.MirrorIntent("ana", ready=False, paused=True), "INUSE", "INUSE"),
        (do.MirrorIntent("ana", ready=False), "NOT_INUSE", "NOT_INUSE"),
    ],
)
async def test_given_an_intent_then_lamps_say_who_is_signed_in_and_who_is_paused(hands, command, signed_in, paused):
    hands.execute(command)
    assert [operation for operation, _ in hands.switch.sent][:2] == [
        op.SetDeviceState("Stasis:signed-in-ana", signed_in),
        op.SetDeviceState("Stasis:paused-ana", paused),
    ]
    assert hands.switch.sent[2][0] == op.SetDeviceState("Stasis:elsewhere-ana", "NOT_INUSE")


@pytest.mark.parametrize("command", [command for command, _ in ALL] + [RING], ids=lambda each: type(each).__name__)
@pytest.mark.parametrize("outcome", [Done(None), Unknown("no answer")])
async def test_given_success_or_an_unknown_outcome_then_nothing_is_concluded(hands, command, outcome):
    assert await answered(hands, command, outcome) == []


@pytest.mark.parametrize("command", [RING, JOIN])
@pytest.mark.parametrize("outcome", [Gone("Channel not found"), Busy("leaving"), Refused(500, "Allocation failed")])
async def test_given_a_leg_that_is_refused_then_the_core_is_told(hands, command, outcome):
    (told,) = await answered(hands, command, outcome)
    assert isinstance(told, i.CommandFailed)
    assert (told.command, told.gone) == (command, isinstance(outcome, Gone))


async def test_given_a_leg_whose_id_exists_then_it_rings_already(hands):
    assert await answered(hands, RING, Conflict("already exists")) == []


@pytest.mark.parametrize(
    ("command", "why"),
    [(RING, "closed"), (RING, "fenced"), (RING, "backlog"), (JOIN, "closed"), (PLAY, "closed"), (PLAY, "fenced")],
)
async def test_given_a_command_that_never_left_us_then_no_phone_and_no_sound_is_blamed(hands, command, why):
    assert await answered(hands, command, Refused(0, why)) == []


async def test_given_a_sound_that_others_may_wait_behind_then_its_stop_goes_past_them(hands):
    hands.execute(do.StopSounds(X, PLAY.playback, late=True))
    hands.execute(do.StopSounds(X, PLAY.playback))
    assert hands.switch.sent == [(op.StopPlayback(PLAY.playback), HOUSE), (op.StopPlayback(PLAY.playback), X)]


async def test_given_a_sound_that_is_refused_then_it_is_over_and_could_not_be_played(hands):
    assert await answered(hands, PLAY, Refused(400, "no")) == [i.SoundsFinished(X, 4, 2, ok=False)]


@pytest.mark.parametrize(
    ("found", "over"),
    [
        (Gone("Playback not found"), [i.SoundsFinished(X, 4, 2, ok=False, lost=True)]),
        (Done(None), []),
        (Refused(0, "closed"), []),
        (Unknown("disconnected"), []),
    ],
)
async def test_given_a_sound_of_which_nothing_is_known_then_it_is_looked_for_behind_it(hands, found, over):
    assert await answered(hands, PLAY, Unknown("timeout")) == []
    assert hands.switch.sent[1:] == [(op.GetPlayback(PLAY.playback), X)]
    hands.switch.answers[-1].set_result(found)
    await asyncio.sleep(0)
    assert hands.posted == over
    assert len(hands.switch.sent) == 2


async def test_given_a_sound_that_cannot_be_looked_for_yet_then_it_is_again(hands):
    await answered(hands, PLAY, Unknown("timeout"))
    hands.switch.answers[-1].set_result(Unknown("timeout"))
    await asyncio.sleep(0)
    hands.switch.answers[-1].set_result(Gone("Playback not found"))
    await asyncio.sleep(0)
    assert hands.posted == [i.SoundsFinished(X, 4, 2, ok=False, lost=True)]


async def test_given_a_sound_of_which_nothing_is_known_and_no_connection_then_the_next_ones_survey_settles_it(hands):
    hands.execute(PLAY)
    sent, hands.switch = hands.switch, None
    sent.answers[-1].set_result(Unknown("disconnected"))
    await asyncio.sleep(0)
    assert hands.posted == []


async def test_given_a_sound_for_a_caller_who_is_gone_then_their_end_says_it(hands):
    assert await answered(hands, PLAY, Gone("Channel not found")) == []


async def test_given_a_leg_that_is_gone_before_we_hang_it_up_then_the_core_is_told(hands):
    await answered(hands, RING, Done(None))
    hands.execute(HANG_UP)
    hands.switch.answers[-1].set_result(Gone("Channel not found"))
    await asyncio.sleep(0)
    assert hands.posted == [i.LegNotFound(OFFER, LEG, answered=True)]


@pytest.mark.parametrize("said", [None, Unknown("disconnected"), Unknown("timeout")])
async def test_given_a_call_of_which_nothing_was_said_when_it_is_not_there_then_it_may_be_yet_to_come(hands, said):
    hands.execute(RING)
    if said is not None:
        hands.switch.answers[0].set_result(said)
    hands.execute(HANG_UP)
    hands.switch.answers[-1].set_result(Gone("Channel not found"))
    await asyncio.sleep(0)
    assert hands.posted == [i.LegNotFound(OFFER, LEG, answered=False)]


LINE = "s-ana-1-1"
RING_LINE = do.RingLine(LINE, "ana", "PJSIP/ana", 32_000)


@pytest.mark.parametrize("said", [False, True])
async def test_given_an_open_line_that_is_not_there_then_it_is_gone_only_if_it_was_known_to_have_been(hands, said):
    hands.execute(RING_LINE)
    if said:
        hands.switch.answers[0].set_result(Done(None))
    hands.execute(do.HangUpLine(LINE))
    hands.switch.answers[-1].set_result(Gone("Channel not found"))
    await asyncio.sleep(0)
    assert hands.posted == [i.LineEnded(LINE, gone=said)]


async def test_given_an_open_line_that_cannot_be_put_into_its_room_then_the_line_itself_may_still_be_there(hands):
    assert await answered(hands, do.OpenLine(LINE), Gone("Bridge not found")) == [i.LineEnded(LINE, gone=False)]


@pytest.mark.parametrize("command", [
    RING_LINE, do.CallOwner(X, "d-7", "PJSIP/ana", "5551", 32_000),
])  # fmt: skip
async def test_given_a_line_or_an_own_call_of_which_nothing_is_said_then_it_is_watched_once_it_is_there(
    hands, monkeypatch, command
):
    channel = operation_of(command).channel
    assert await asked_about(hands, monkeypatch, command) == [(op.GetChannel(channel), HOUSE)]
    hands.switch.answers[-1].set_result(Gone("Channel not found"))
    await asyncio.sleep(0)
    assert hands.posted == [], "it may be yet to come: its own deadline says when it is given up"
    hands.switch.answers.clear()
    hands.switch.sent.clear()
    await asked_about(hands, monkeypatch, command)
    hands.switch.answers[-1].set_result(Done(None))
    await asyncio.sleep(0)
    assert hands.switch.sent[-1] == (op.WatchChannel("ccplane", f"channel:{channel}"), HOUSE)


async def test_given_a_call_back_of_which_nothing_is_said_when_it_is_not_there_then_the_core_is_told(
    hands, monkeypatch
):
    back = f"{LEG}r1"
    await asked_about(hands, monkeypatch, do.RingBack(X, OFFER, back, "ana", "PJSIP/ana", "5551234", "Ann", 9_001))
    await not_there(hands)
    await not_there(hands)
    assert hands.posted == [i.LegNotFound(OFFER, back, answered=False)]


async def asked_about(hands, monkeypatch, command=RING):
    monkeypatch.setattr("ccplane.asterisk.execute.ASK_S", 0.0)
    hands.execute(command)
    await asyncio.sleep(0.01)
    return hands.switch.sent[2:]


async def not_there(hands):
    """The switch has no such channel, and whoever wants to ask again has done so."""
    hands.switch.answers[-1].set_result(Gone("Channel not found"))
    await asyncio.sleep(0.01)


async def test_given_a_call_of_which_nothing_is_said_for_long_then_it_is_asked_about_where_nothing_is_held_up(
    hands, monkeypatch
):
    assert await asked_about(hands, monkeypatch) == [(op.GetChannel(LEG), HOUSE)]
    await not_there(hands)
    await not_there(hands)
    assert hands.posted == [i.LegNotFound(OFFER, LEG, answered=False)]


async def test_given_such_a_call_when_it_is_not_there_then_it_may_only_be_late_and_is_asked_about_once_more(
    hands, monkeypatch
):
    """What a network holds back comes all at once: the question, which went another way, was there first."""
    await asked_about(hands, monkeypatch)
    await not_there(hands)
    assert hands.posted == []
    assert hands.switch.sent[2:] == [(op.GetChannel(LEG), HOUSE)] * 2
    hands.switch.answers[-1].set_result(Done(None))
    await asyncio.sleep(0.01)
    assert hands.posted == []
    assert hands.switch.sent[-1] == (op.WatchChannel("ccplane", f"channel:{LEG}"), HOUSE)


async def test_given_such_a_call_when_its_answer_comes_before_the_second_question_then_that_is_not_asked(
    hands, monkeypatch
):
    await asked_about(hands, monkeypatch)
    hands.switch.answers[-1].set_result(Gone("Channel not found"))
    hands.switch.answers[0].set_result(Done(None))
    await asyncio.sleep(0.01)
    assert len(hands.switch.sent) == 3


async def test_given_such_a_call_when_it_is_there_then_it_is_watched(hands, monkeypatch):
    await asked_about(hands, monkeypatch)
    hands.switch.answers[-1].set_result(Done(None))
    await asyncio.sleep(0)
    assert hands.switch.sent[-1] == (op.WatchChannel("ccplane", f"channel:{LEG}"), HOUSE)
    assert hands.posted == []


async def test_given_such_a_call_when_its_answer_comes_meanwhile_then_that_counts(hands, monkeypatch):
    await asked_about(hands, monkeypatch)
    hands.switch.answers[0].set_result(Done(None))
    await asyncio.sleep(0)
    hands.switch.answers[-1].set_result(Gone("Channel not found"))
    await asyncio.sleep(0)
    assert hands.posted == []


@pytest.mark.parametrize("why", ["timeout", "disconnected"])
async def test_given_such_a_call_when_the_question_has_no_answer_either_then_that_says_nothing_of_the_call(
    hands, monkeypatch, why
):
    """As when we stood still, or the switch does: nobody is blamed for it."""
    await asked_about(hands, monkeypatch)
    hands.switch.answers[-1].set_result(Unknown(why))
    await asyncio.sleep(0.01)
    assert hands.posted == []
    assert len(hands.switch.sent) == 3


async def test_given_a_call_that_was_answered_then_nothing_is_asked(hands, monkeypatch):
    monkeypatch.setattr("ccplane.asterisk.execute.ASK_S", 0.01)
    await answered(hands, RING, Done(None))
    await asyncio.sleep(0.03)
    assert len(hands.switch.sent) == 2


async def test_given_something_that_should_have_ended_then_the_switch_is_surveyed_soon(hands):
    looked = []
    hands.look = lambda: looked.append(True)
    hands.execute(do.LookAround())
    assert (looked, hands.switch.sent) == ([True], [])


@pytest.mark.parametrize("outcome", [Refused(500, "no"), Busy("leaving"), Refused(0, "closed"), Unknown("timeout")])
async def test_given_a_leg_of_whose_end_nothing_is_known_then_it_is_not_said_to_be_gone(hands, outcome):
    assert await answered(hands, HANG_UP, outcome) == []


ANSWERED_FOR = (JOIN, PLAY, HANG_UP, REMOVE, LOOK, WHISPER, AFTER_A_BEEP)


async def test_given_a_whisper_that_is_refused_then_that_is_told(hands):
    (told,) = await answered(hands, WHISPER, Gone("Channel not found"))
    assert (told.command, told.gone) == (WHISPER, True)


async def test_given_a_whisper_of_which_nothing_is_known_then_its_deadline_settles_it(hands):
    assert await answered(hands, WHISPER, Unknown("timeout")) == []


@pytest.mark.parametrize("command", [command for command, _ in ALL if command not in ANSWERED_FOR])
async def test_given_any_other_refusal_then_it_is_counted_and_its_event_or_deadline_settles_it(hands, command):
    assert await answered(hands, command, Gone("Channel not found")) == []
    assert hands.refused == {f"{type(command).__name__}: Gone": 1}


async def test_given_no_connection_then_commands_are_left_to_the_survey_of_the_next(hands):
    hands.switch = None
    hands.execute(RING)
    assert hands.posted == []


async def test_given_a_prompt_that_could_not_be_stopped_then_it_is_stopped_again_past_all_that_waits_behind_it(hands):
    stop = do.StopSounds(X, f"p-{X}-4-2")
    await answered(hands, stop, Refused(500, "Could not stop playback"))
    async with asyncio.timeout(20):
        while len(hands.switch.sent) < 2:
            await asyncio.sleep(0.01)
    assert hands.switch.sent == [(op.StopPlayback(stop.playback), X), (op.StopPlayback(stop.playback), HOUSE)]
    hands.switch.answers[-1].set_result(Gone(""))
    await asyncio.sleep(0.1)
    assert len(hands.switch.sent) == 2


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (Conflict("Recording already exists"), []),
        (Gone("Channel not found"), []),
        (Busy("Channel not in Stasis application"), "not in Stasis"),
        (Refused(500, "Internal Server Error"), "Internal Server Error"),
    ],
)
async def test_given_a_recording_that_is_refused_then_the_program_need_not_wait_for_it(hands, outcome, told):
    """Our own name in use is our own recording; and of a caller who is gone their end is told."""
    posted = await answered(hands, RECORD, outcome)
    if told == []:
        assert posted == []
    else:
        [refused] = posted
        assert (refused.message, type(refused)) == (MESSAGE, i.RecordingRefused)
        assert told in refused.reason


@pytest.mark.parametrize(
    ("stored", "told"),
    [
        (Done(None), [i.RecordingEnded(MESSAGE)]),
        (Gone("Recording not found"), [i.RecordingMissing(MESSAGE)]),
        (Unknown("disconnected"), []),
    ],
)
async def test_given_a_recording_that_does_not_go_on_then_its_file_says_whether_it_ever_did(hands, stored, told):
    assert await answered(hands, LOOK, Gone("Recording not found")) == []
    assert hands.switch.sent[1:] == [(op.GetStoredRecording(RECORDING), X)]
    hands.switch.answers[-1].set_result(stored)
    await asyncio.sleep(0)
    assert hands.posted == told


async def test_given_a_recording_of_which_nothing_is_known_then_it_is_looked_for_until_something_is(hands):
    await answered(hands, RECORD, Unknown("timeout"))
    hands.switch.answers[-1].set_result(Unknown("timeout"))
    await asyncio.sleep(0)
    assert [type(operation) for operation, _ in hands.switch.sent] == [op.RecordChannel, *[op.GetLiveRecording] * 2]
    hands.switch.answers[-1].set_result(Unknown("disconnected"))
    await asyncio.sleep(0)
    assert (len(hands.switch.sent), hands.posted) == (3, [])


@pytest.mark.parametrize("outcome", [Busy("Channel not in this bridge"), Gone("Bridge not found")])
async def test_given_a_caller_who_was_not_in_their_room_then_they_are_out_of_it(hands, outcome):
    assert await answered(hands, REMOVE, outcome) == [i.LeftRoom(X, "1.1")]
