"""Phones, and whether they can be reached."""

from __future__ import annotations

from ccplane.asterisk.models import Endpoint
from ccplane.asterisk.operations.operation import Operation


class ListEndpoints(Operation[list[Endpoint]], frozen=True):
    """All phones with state and channels, in one answer."""

    route = "/endpoints"


class GetEndpoint(Operation[Endpoint], frozen=True):
    route = "/endpoints/{tech}/{resource}"
    tech: str
    resource: str
