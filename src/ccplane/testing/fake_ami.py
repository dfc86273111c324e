"""AMI in this process, for tests of what asks it.

    ami = FakeAmi()
    ami.answers["MixMonitor"] = Gone("No such channel")          # or a function of the action
    ami.lists["PJSIPShowContacts"] = [{"event": "ContactList", "endpoint": "1001"}]
    ...run what takes an `Actions`...
    assert ami.asked == [{"Action": "MixMonitor", "Channel": "1.2"}]
    ami.say({"event": "ContactStatus", "endpointname": "1001", "contactstatus": "Unreachable"})

It keeps AMI's traps: a value with a line break never leaves us; after `drop` nothing is answered until `login`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from ccplane.asterisk.actions import Action, Message
from ccplane.asterisk.ami_events import Events
from ccplane.asterisk.ami_wording import fault_of
from ccplane.asterisk.outcomes import Done, Outcome, Refused

Said = Outcome[Message] | Callable[[Action], Outcome[Message]]


class FakeAmi:
    """An `Actions` that answers as it is told, by the action's name; without a word `Response: Success`."""

    def __init__(self) -> None:
        self.events = Events()
        self.asked: list[dict[str, str | Sequence[str]]] = []
        """Every action that left us."""
        self.answers: dict[str, Said] = {}
        self.lists: dict[str, Sequence[Message] | Outcome[list[Message]]] = {}
        self.connected = True

    async def ask(self, action: Action) -> Outcome[Message]:
        if refusal := self._refusal(action):
            return refusal
        self.asked.append(dict(action))
        await asyncio.sleep(0)
        said = self.answers.get(str(action["Action"]), Done({"response": "Success"}))
        return said(action) if callable(said) else said

    async def collect(self, action: Action, until: str) -> Outcome[list[Message]]:
        if refusal := self._refusal(action):
            return refusal
        self.asked.append(dict(action))
        await asyncio.sleep(0)
        said = self.lists.get(str(action["Action"]), [])
        return Done(list(said)) if isinstance(said, Sequence) else said

    def say(self, event: Message) -> None:
        """An event, as AMI brings it: names in lower case."""
        self.events.heard(event)

    def drop(self) -> None:
        """Disconnected."""
        self.connected = False

    async def login(self) -> None:
        """Connected again; returns when those who asked to be told of it have been."""
        self.connected = True
        await self.events.logged_in()

    def _refusal(self, action: Action) -> Refused | None:
        if not self.connected:
            return Refused(0, "closed")
        fault = fault_of(action)
        return Refused(0, fault) if fault else None
