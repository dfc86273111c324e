"""The AMI of tests answers in outcomes, and keeps the traps of the real one."""

from __future__ import annotations

import pytest

from ccplane.asterisk.outcomes import Done, Gone, Refused
from ccplane.testing import FakeAmi

MIX = {"Action": "MixMonitor", "Channel": "1.2"}


async def test_it_answers_as_told_and_remembers_what_it_was_asked():
    ami = FakeAmi()
    assert await ami.ask(MIX) == Done({"response": "Success"})
    ami.answers["MixMonitor"] = lambda action: Gone(f"No such channel {action['Channel']}")
    assert await ami.ask(MIX) == Gone("No such channel 1.2")
    ami.lists["PJSIPShowContacts"] = [{"event": "ContactList"}]
    assert await ami.collect({"Action": "PJSIPShowContacts"}, "ContactListComplete") == Done([{"event": "ContactList"}])
    assert ami.asked == [MIX, MIX, {"Action": "PJSIPShowContacts"}]


@pytest.mark.parametrize("value", ["1\r\nAction: Originate", "1\n2", "1\0"])
async def test_a_value_with_a_line_break_never_leaves_us(value):
    ami = FakeAmi()
    refused = await ami.ask({"Action": "MixMonitor", "Channel": value})
    assert isinstance(refused, Refused)
    assert refused.status == 0
    assert ami.asked == []


async def test_events_and_fresh_logins_are_told():
    ami, told = FakeAmi(), []

    async def at_login() -> None:
        told.append("login")

    ami.events.on("ContactStatus", lambda event: told.append(event["endpointname"]))
    ami.events.at_login(at_login)
    ami.say({"event": "ContactStatus", "endpointname": "1001"})
    ami.drop()
    assert await ami.ask(MIX) == Refused(0, "closed")
    await ami.login()
    assert told == ["1001", "login"]
    assert await ami.ask(MIX) == Done({"response": "Success"})
