"""`/api/docs`: the API on one page, made from its own OpenAPI. It needs nothing from elsewhere, so it works offline."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

STYLE: Final = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
h2 { margin: 2.5rem 0 .3rem; font-size: 1.1rem } code, pre { background: #f3f3f3; padding: .1rem .3rem }
pre { overflow-x: auto; padding: .6rem } td { padding: .1rem 1rem .1rem 0; vertical-align: top }
.method { color: #fff; background: #2a6; padding: .1rem .5rem; border-radius: .2rem; font-size: .85rem }
@media (prefers-color-scheme: dark) { body { background: #181818; color: #ddd } code, pre { background: #2a2a2a } }
"""


def routes(described: Callable[[], dict[str, Any]]) -> APIRouter:
    """`described` gives the OpenAPI document."""
    router = APIRouter(include_in_schema=False)

    @router.get("/api/docs")
    async def docs() -> HTMLResponse:
        return HTMLResponse(page(described()))

    return router


def page(api: dict[str, Any]) -> str:
    """The whole page."""
    info = api["info"]
    operations = "".join(
        _operation(path, method, each) for path, methods in api["paths"].items() for method, each in methods.items()
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(info["title"])} API</title>'
        f"<style>{STYLE}</style><h1>{escape(info['title'])} {escape(info['version'])}</h1>"
        f"<p>{escape(info.get('description', ''))}</p>"
        "<p>Send <code>Authorization: Bearer TOKEN</code>, with the token in <code>.runtime/admin-token</code>."
        ' The same for programs: <a href="/api/openapi.json">openapi.json</a>.</p>'
        f"{operations}</html>"
    )


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    rows = "".join(_parameter(each) for each in operation.get("parameters", ()))
    table = f"<table>{rows}</table>" if rows else ""
    text = escape(operation.get("description", "")).replace("\n", "<br>")
    return (
        f'<h2><span class="method">{method.upper()}</span> <code>{escape(path)}</code></h2>'
        f"<p><b>{escape(operation.get('summary', ''))}</b> {text}</p>{table}{_command(path, method, operation)}"
    )


def _parameter(parameter: dict[str, Any]) -> str:
    needed = "required" if parameter.get("required") else "optional"
    cells = (f"<code>{escape(parameter['name'])}</code>", f"{parameter['in']}, {needed}")
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in (*cells, escape(parameter.get("description", "")))) + "</tr>"


def _command(path: str, method: str, operation: dict[str, Any]) -> str:
    """The request as a command to copy."""
    verb = "" if method == "get" else f" -X {method.upper()}"
    body = " --json @body.json" if "requestBody" in operation else ""
    command = f'curl -s{verb} -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080{path}{body}'
    return f"<pre>{escape(command)}</pre>"
