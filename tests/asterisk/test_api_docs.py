"""Our operations and structs against what the live server says of its own API: a wrong name fails here."""

from __future__ import annotations

import asyncio
import json
import re
import urllib.request
from collections.abc import Iterator
from typing import Any, get_args

import msgspec
import pytest

from ccplane.asterisk import models
from ccplane.asterisk.events import UNWANTED, KnownEvent, RestResponse
from ccplane.asterisk.node import LocalNode
from ccplane.asterisk.operations import OPERATIONS, Operation, answer_of
from ccplane.asterisk.rest import _Pair, _RestRequest

pytestmark = pytest.mark.asterisk

RESOURCES = [
    "applications",
    "asterisk",
    "bridges",
    "channels",
    "deviceStates",
    "endpoints",
    "events",
    "playbacks",
    "recordings",
]
MODELS = [value for value in vars(models).values() if isinstance(value, type) and issubclass(value, msgspec.Struct)]
MODELS = [model for model in MODELS if model is not msgspec.Struct]
NAMES = {"CallerId": "CallerID", "Dialplan": "DialplanCEP", "ConfigField": "ConfigTuple", "Info": "AsteriskInfo"}
EVENTS = list(get_args(KnownEvent))
TYPES = {str: "string", int: "int", bool: "boolean", models.Millis: "Date"}


class Docs:
    """The server's own description, read once."""

    def __init__(self, node: LocalNode) -> None:
        self.models: dict[str, dict[str, Any]] = {}
        self.operations: dict[tuple[str, str], dict[str, Any]] = {}
        for resource in RESOURCES:
            self._add(self._read(node, resource))

    def _read(self, node: LocalNode, resource: str) -> dict[str, Any]:
        passwords = urllib.request.HTTPPasswordMgrWithPriorAuth()
        passwords.add_password(None, node.ari_url, node.ari_username, node.ari_password, is_authenticated=True)
        opener = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(passwords))
        with opener.open(f"{node.ari_url}/api-docs/{resource}.json") as answer:
            return json.load(answer)

    def _add(self, resource: dict[str, Any]) -> None:
        self.models.update(resource["models"])
        for api in resource["apis"]:
            for operation in api["operations"]:
                self.operations[operation["httpMethod"], anonymous(api["path"])] = operation

    def model(self, struct: type) -> dict[str, Any]:
        return self.models[NAMES.get(struct.__name__, struct.__name__)]["properties"]


@pytest.fixture(scope="module")
def docs(shared_node: LocalNode) -> Iterator[Docs]:
    if not shared_node.running:
        asyncio.run(shared_node.start())
    return Docs(shared_node)


def anonymous(path: str) -> str:
    return re.sub(r"{\w+}", "{}", path)


def documented(docs: Docs, operation: type[Operation[Any]]) -> dict[str, Any]:
    found = docs.operations.get((operation.method, anonymous(operation.route)))
    assert found, f"{operation.method} {operation.route} is not in the live api-docs"
    return found


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.__name__)
def test_each_operation_is_documented_with_the_names_we_send(docs: Docs, operation: type[Operation[Any]]):
    """Method, path, and each name in the query or the body stand in the server's own api-docs."""
    parameters = {each["name"]: each for each in documented(docs, operation).get("parameters", [])}
    sent = {*operation.query.values(), *operation.body.values(), *special(operation)}
    assert sent <= parameters.keys()
    assert all(parameters[name]["paramType"] in ("query", "body") for name in sent)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.__name__)
def test_what_the_server_requires_we_always_have(docs: Docs, operation: type[Operation[Any]]):
    """A required parameter is in the path, or comes from a field without a default."""
    parameters = documented(docs, operation).get("parameters", [])
    required = {each["name"] for each in parameters if each.get("required") and each["paramType"] != "path"}
    mandatory = {field.name for field in msgspec.structs.fields(operation) if field.required}
    ours = {name for field, name in {**operation.query, **operation.body}.items() if field in mandatory}
    assert required <= {*ours, *special(operation)}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.__name__)
def test_each_answer_is_of_the_documented_type(docs: Docs, operation: type[Operation[Any]]):
    """`Operation[list[Channel]]` where the server says `List[Channel]`."""
    assert documented(docs, operation)["responseClass"] == swagger(answer_of(operation))


@pytest.mark.parametrize("struct", [*EVENTS, *MODELS], ids=lambda struct: struct.__name__)
def test_each_field_of_a_struct_is_the_servers(docs: Docs, struct: type[msgspec.Struct]):
    """Every property that we read exists, is of this type, and is required if we take it for granted."""
    properties = {**docs.model(struct), **(docs.models["Event"]["properties"] if struct in EVENTS else {})}
    for field in msgspec.structs.fields(struct):
        assert field.encode_name in properties, f"{struct.__name__}.{field.encode_name}"
        assert properties[field.encode_name]["type"].replace("long", "int") == swagger(field.type)
        if field.required:
            assert properties[field.encode_name].get("required"), f"{struct.__name__}.{field.encode_name}"


def test_what_we_filter_out_exists(docs: Docs):
    """A misspelt type in the event filter is silently ignored by Asterisk."""
    assert set(UNWANTED) <= docs.models.keys()


def test_rest_over_the_websocket_is_as_documented(docs: Docs):
    """The request's and the response's own properties."""
    request, response = docs.models["RESTRequest"]["properties"], docs.models["RESTResponse"]["properties"]
    assert set(_RestRequest.__struct_encode_fields__) <= request.keys()
    assert set(_Pair.__struct_encode_fields__) <= docs.models["RESTQueryStringParameter"]["properties"].keys()
    assert set(RestResponse.__struct_encode_fields__) <= response.keys()


def special(operation: type[Operation[Any]]) -> set[str]:
    """Bodies that are more than a renaming."""
    return {"SetEventFilter": {"filter"}, "PutConfig": {"fields"}}.get(operation.__name__, set())


def swagger(kind: Any) -> str:
    """A type of ours in the words of api-docs."""
    if kind is None or kind is type(None):
        return "void"
    arguments = [each for each in get_args(kind) if each is not type(None)]
    if type(None) in get_args(kind):
        return swagger(arguments[0])
    if getattr(kind, "__origin__", None) is list:
        return f"List[{swagger(arguments[0])}]" if arguments[0] not in (dict,) else "List[object]"
    if getattr(kind, "__origin__", None) is dict:
        return "object"
    return TYPES.get(kind) or NAMES.get(kind.__name__, kind.__name__)
