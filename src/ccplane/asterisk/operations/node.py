"""The node itself: what it is, its global variables, and the objects that are pushed into its configuration."""

from __future__ import annotations

import msgspec

from ccplane.asterisk.models import ConfigField, Info, Variable
from ccplane.asterisk.operations.operation import Operation, fields


class GetInfo(Operation[Info], frozen=True):
    route = "/asterisk/info"


class GetGlobalVariable(Operation[Variable], frozen=True):
    """An empty value for one that is not set."""

    route = "/asterisk/variable"
    query = fields("variable")
    variable: str


class SetGlobalVariable(Operation[None], frozen=True):
    method = "POST"
    route = "/asterisk/variable"
    body = fields("variable", "value")
    variable: str
    value: str


class ForgetGlobalVariable(Operation[None], frozen=True):
    """The variable is no more: set without a value it is removed."""

    method = "POST"
    route = "/asterisk/variable"
    body = fields("variable")
    variable: str


class GetConfig(Operation[list[ConfigField]], frozen=True):
    route = "/asterisk/config/dynamic/{config_class}/{object_type}/{id}"
    config_class: str
    object_type: str
    id: str


class PutConfig(Operation[list[ConfigField]], frozen=True):
    """Create an object, or change the fields given and keep the others. Refused 400 for a field that doesn't exist,
    403 for an object of a configuration file. Push auth and aor before their endpoint; 1-7 ms each."""

    method = "PUT"
    route = "/asterisk/config/dynamic/{config_class}/{object_type}/{id}"
    config_class: str
    object_type: str
    id: str
    fields: dict[str, str]

    def _body(self) -> bytes:
        return msgspec.json.encode({"fields": [ConfigField(name, value) for name, value in self.fields.items()]})


class DeleteConfig(Operation[None], frozen=True):
    method = "DELETE"
    route = "/asterisk/config/dynamic/{config_class}/{object_type}/{id}"
    config_class: str
    object_type: str
    id: str
