"""The operations of ARI that we use, as data: each knows its method, its path and where its fields go.

Names at the wire are checked against the live server's `/ari/api-docs` by `tests/asterisk/test_api_docs.py`. A field
that still has its default is not sent. Values in query strings and bodies go over the WebSocket verbatim, whatever
characters they hold; only what stands in the path is quoted.

One module for each kind of thing at the switch; whoever uses one takes it from here.
"""

from __future__ import annotations

from typing import Any

from ccplane.asterisk.operations.applications import (
    EventType,
    GetApplication,
    ListApplications,
    Ping,
    SetEventFilter,
    WatchChannel,
)
from ccplane.asterisk.operations.bridges import (
    AddChannel,
    CreateBridge,
    DestroyBridge,
    GetBridge,
    GetBridgeVariable,
    ListBridges,
    PlayOnBridge,
    RemoveChannel,
    SetBridgeVariable,
)
from ccplane.asterisk.operations.channels import (
    Answer,
    CallIn,
    Continue,
    GetChannel,
    GetChannelVariable,
    HangUp,
    ListChannels,
    Originate,
    PlayOnChannel,
    Ring,
    RingStop,
    SetChannelVariable,
    StartMoh,
    StopMoh,
)
from ccplane.asterisk.operations.devices import DeleteDeviceState, GetDeviceState, ListDeviceStates, SetDeviceState
from ccplane.asterisk.operations.endpoints import GetEndpoint, ListEndpoints
from ccplane.asterisk.operations.node import (
    DeleteConfig,
    ForgetGlobalVariable,
    GetConfig,
    GetGlobalVariable,
    GetInfo,
    PutConfig,
    SetGlobalVariable,
)
from ccplane.asterisk.operations.operation import Operation, Request, answer_of
from ccplane.asterisk.operations.playbacks import GetPlayback, StopPlayback
from ccplane.asterisk.operations.recordings import (
    CopyRecording,
    GetLiveRecording,
    GetStoredRecording,
    RecordChannel,
    StopRecording,
)

OPERATIONS: tuple[type[Operation[Any]], ...] = tuple(Operation.__subclasses__())

__all__ = [
    "OPERATIONS",
    "AddChannel",
    "Answer",
    "CallIn",
    "Continue",
    "CopyRecording",
    "CreateBridge",
    "DeleteConfig",
    "DeleteDeviceState",
    "DestroyBridge",
    "EventType",
    "ForgetGlobalVariable",
    "GetApplication",
    "GetBridge",
    "GetBridgeVariable",
    "GetChannel",
    "GetChannelVariable",
    "GetConfig",
    "GetDeviceState",
    "GetEndpoint",
    "GetGlobalVariable",
    "GetInfo",
    "GetLiveRecording",
    "GetPlayback",
    "GetStoredRecording",
    "HangUp",
    "ListApplications",
    "ListBridges",
    "ListChannels",
    "ListDeviceStates",
    "ListEndpoints",
    "Operation",
    "Originate",
    "Ping",
    "PlayOnBridge",
    "PlayOnChannel",
    "PutConfig",
    "RecordChannel",
    "RemoveChannel",
    "Request",
    "Ring",
    "RingStop",
    "SetBridgeVariable",
    "SetChannelVariable",
    "SetDeviceState",
    "SetEventFilter",
    "SetGlobalVariable",
    "StartMoh",
    "StopMoh",
    "StopPlayback",
    "StopRecording",
    "WatchChannel",
    "answer_of",
]  # fmt: skip
