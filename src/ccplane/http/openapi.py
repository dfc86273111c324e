"""The OpenAPI description. Shapes of answers are taken from the structs that are sent, so the two can't differ."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from ccplane.http.problems import Problem

REF = "#/components/schemas/{name}"
Responses = dict[int | str, dict[str, Any]]

_told: dict[str, type[msgspec.Struct]] = {}


def answers(struct: type[msgspec.Struct] | None, *, also: dict[int, type[msgspec.Struct]] | None = None) -> Responses:
    """What a route answers with: this struct, and a problem for everything that goes wrong."""
    given: Responses = {"default": _answer(Problem, "application/problem+json", "What went wrong")}
    if struct:
        given[200] = _answer(struct, "application/json", _first_line(struct))
    for status, other in (also or {}).items():
        given[status] = _answer(other, "application/json", _first_line(other))
    return given


def _answer(struct: type[msgspec.Struct], media: str, description: str) -> dict[str, Any]:
    _told[struct.__name__] = struct
    schema = {"$ref": REF.format(name=struct.__name__)}
    return {"description": description, "content": {media: {"schema": schema}}}


def _first_line(struct: type[msgspec.Struct]) -> str:
    return (struct.__doc__ or struct.__name__).strip().partition("\n")[0]


def describe(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """What `app.openapi` is to be; made once, when first asked for."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title, version=app.version, description=app.description, routes=app.routes, tags=None
            )
            _, shapes = msgspec.json.schema_components(list(_told.values()), ref_template=REF)
            schema.setdefault("components", {}).setdefault("schemas", {}).update(shapes)
            app.openapi_schema = schema
        return app.openapi_schema

    return openapi
