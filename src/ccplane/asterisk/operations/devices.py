"""States of devices: ours, which lamps and the fallback follow, and any other's to read."""

from __future__ import annotations

from ccplane.asterisk.models import DeviceState
from ccplane.asterisk.operations.operation import Operation, fields


class SetDeviceState(Operation[None], frozen=True):
    """`Stasis:` devices only; NOT_INUSE, INUSE, BUSY, … Kept in astdb over a restart of Asterisk."""

    method = "PUT"
    route = "/deviceStates/{device}"
    query = fields(state="deviceState")
    device: str
    state: str


class ListDeviceStates(Operation[list[DeviceState]], frozen=True):
    """`Stasis:` devices only; for the phones see ListEndpoints."""

    route = "/deviceStates"


class GetDeviceState(Operation[DeviceState], frozen=True):
    """Any one device, `PJSIP/1001` too; UNKNOWN or INVALID for what there isn't."""

    route = "/deviceStates/{device}"
    device: str


class DeleteDeviceState(Operation[None], frozen=True):
    """Done also for one that never was."""

    method = "DELETE"
    route = "/deviceStates/{device}"
    device: str
