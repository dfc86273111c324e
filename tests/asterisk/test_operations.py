"""Operations go over the wire as Asterisk wants them."""

from __future__ import annotations

import json
import pkgutil

from hypothesis import given
from hypothesis import strategies as st

from ccplane.asterisk import operations as op
from ccplane.asterisk.models import Channel
from ccplane.asterisk.operations import (
    AddChannel,
    Answer,
    CreateBridge,
    GetDeviceState,
    HangUp,
    ListChannels,
    Originate,
    PlayOnChannel,
    PutConfig,
    SetBridgeVariable,
    SetEventFilter,
)
from ccplane.asterisk.rest import encode


def test_every_operation_can_be_had_from_the_package_and_says_what_it_answers():
    modules = {module.name for module in pkgutil.iter_modules(op.__path__)} - {"operation"}
    assert {operation.__module__.rpartition(".")[2] for operation in op.OPERATIONS} == modules
    assert {operation.__name__ for operation in op.OPERATIONS} <= set(op.__all__)
    assert (op.answer_of(ListChannels), op.answer_of(Answer)) == (list[Channel], type(None))


def test_what_has_its_default_is_not_sent():
    request = HangUp("c").request()
    assert (request.method, request.uri, request.query, request.body) == ("DELETE", "/channels/c", [], b"")
    assert HangUp("c", reason="busy").request().query == [("reason", "busy")]


def test_several_things_go_as_one_list():
    assert AddChannel("b", ("c", "d")).request().query == [("channel", "c,d")]
    assert PlayOnChannel("c", "p", ("sound:a", "sound:b")).request().query == [("media", "sound:a,sound:b")]


def test_a_path_is_quoted():
    assert GetDeviceState("PJSIP/1001").request().uri == "/deviceStates/PJSIP%2F1001"
    assert Answer("a/../b?c=d").request().uri == "/channels/a%2F..%2Fb%3Fc%3Dd/answer"


def test_an_originate_carries_its_variables_in_the_body():
    request = Originate("l-1", "PJSIP/1001", "ccplane", app_args="leg,o", variables={"A": "b"}).request()
    assert request.uri == "/channels/l-1"
    assert dict(request.query) == {"endpoint": "PJSIP/1001", "app": "ccplane", "appArgs": "leg,o", "timeout": "30"}
    assert json.loads(request.body) == {"variables": {"A": "b"}}


def test_bodies_of_their_own_shape():
    assert json.loads(SetEventFilter("a", disallowed=("X",)).request().body) == {
        "disallowed": [{"type": "X"}],
        "allowed": [],
    }
    assert json.loads(PutConfig("res_pjsip", "auth", "1", {"username": "u"}).request().body) == {
        "fields": [{"attribute": "username", "value": "u"}]
    }


def test_an_answer_is_read_as_what_the_operation_says():
    assert ListChannels().read(b'[{"id":"1","state":"Up"}]') == [Channel("1", "Up")]
    assert Answer("1").read(b"") is None


@given(st.text(max_size=50), st.text(max_size=50))
def test_a_request_is_one_json_object_whatever_it_holds(name: str, value: str):
    sent = json.loads(encode(SetBridgeVariable("b", name, value), "7"))
    assert (sent["type"], sent["request_id"], sent["method"]) == ("RESTRequest", "7", "POST")
    assert sent["uri"] == "bridges/b/variable"
    assert json.loads(sent["message_body"]) == {"variable": name, "value": value, "report_events": True}
    sent = json.loads(encode(CreateBridge("b", name=value), "8"))
    assert [pair["value"] for pair in sent["query_strings"] if pair["name"] == "name"] == ([value] if value else [])
