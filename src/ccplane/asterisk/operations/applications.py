"""Our place at the switch: what an application is told of, and a sign of life through its socket."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from ccplane.asterisk.models import Application
from ccplane.asterisk.operations.operation import Operation, fields


class ListApplications(Operation[list[Application]], frozen=True):
    route = "/applications"


class GetApplication(Operation[Application], frozen=True):
    route = "/applications/{app}"
    app: str


class EventType(Struct, frozen=True):
    type: str


class SetEventFilter(Operation[Application], frozen=True):
    """Keep events off our socket; Asterisk's event thread makes them all the same. Put again at each connect. With
    `allowed` everything else is kept off, the answers to our own requests too unless RESTResponse stands in it."""

    method = "PUT"
    route = "/applications/{app}/eventFilter"
    app: str
    disallowed: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()

    def _body(self) -> bytes:
        lists = {"disallowed": self.disallowed, "allowed": self.allowed}
        filters = {name: [EventType(kind) for kind in kinds] for name, kinds in lists.items()}
        return msgspec.json.encode(filters)


class WatchChannel(Operation[Application], frozen=True):
    """Be told of a channel that is not in our application (yet). Busy (422) if there is no such channel."""

    method = "POST"
    route = "/applications/{app}/subscription"
    query = fields(source="eventSource")
    app: str
    source: str
    """`channel:` and its id."""


class Ping(Operation[None], frozen=True):
    """An event of our own. Its 204 proves nothing on a zombie socket; only the ChannelUserevent that comes does."""

    method = "POST"
    route = "/events/user/{name}"
    query = fields(app="application")
    app: str
    name: str = "ping"
