"""Each answer of Asterisk's is one of six outcomes."""

from __future__ import annotations

import json

import pytest

from ccplane.asterisk.events import RestResponse
from ccplane.asterisk.operations import AddChannel, GetChannel, ListChannels, Operation
from ccplane.asterisk.outcomes import Busy, Conflict, Done, Gone, Outcome, Refused, Unknown, classify


def outcome(status: int, message: str = "", operation: Operation[object] | None = None) -> Outcome[object]:
    body = json.dumps({"message": message})
    return classify(RestResponse("1", status, "Reason", body), (operation or AddChannel("b", ("c",))).read)


@pytest.mark.parametrize(
    ("status", "message", "expected"),
    [
        (204, "", Done(None)),
        (404, "Bridge not found", Gone("Bridge not found")),
        (400, "Channel not found", Gone("Channel not found")),  # addChannel's own way to say it
        (400, "Application or extension must be specified", Refused(400, "Application or extension must be specified")),
        (409, "Bridge with id 'b' already exists", Conflict("Bridge with id 'b' already exists")),
        (409, "Channel not in Stasis application", Busy("Channel not in Stasis application")),
        (412, "Channel unavailable", Busy("Channel unavailable")),
        (422, "Channel not in Stasis application", Busy("Channel not in Stasis application")),
        (403, "Forbidden", Refused(403, "Forbidden")),
        (500, "Unknown device", Refused(500, "Unknown device")),
    ],
)
def test_a_status_is_classified(status: int, message: str, expected: Outcome[object]):
    assert outcome(status, message) == expected


def test_an_originate_that_fails_calls_its_message_error():
    response = RestResponse("1", 500, "Internal Server Error", '{"error":"Allocation failed"}')
    assert classify(response, GetChannel("x").read) == Refused(500, "Allocation failed")


@pytest.mark.parametrize("body", ["", "<html>", "[]", '{"message":7}'])
def test_a_refusal_without_a_legible_body_gives_its_reason_phrase(body: str):
    assert classify(RestResponse("1", 500, "Oops", body), GetChannel("x").read) == Refused(500, "Oops")


def test_a_success_that_can_not_be_read_may_have_happened():
    unknown = classify(RestResponse("1", 200, "OK", '{"id": 7}'), ListChannels().read)
    assert isinstance(unknown, Unknown)
