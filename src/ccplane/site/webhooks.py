"""`[webhooks.NAME]` in acd/voicemail.toml: the services that boxes name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from pydantic import TypeAdapter

from ccplane.site.document import Document
from ccplane.site.shapes import Name, WebhookTable
from ccplane.site.webhook import WebhookRule

WEBHOOKS: Final = "webhooks"
"""The table that is no box."""
OURS: Final = "CCPLANE_"
NAME: Final = TypeAdapter(Name)
TABLE: Final = TypeAdapter(WebhookTable)
ADDRESS: Final = re.compile(r"https?://[^/?#{}\s@]+([/?][^#\s]*)?")
LOCAL: Final = re.compile(r"http://(localhost|127\.\d+\.\d+\.\d+|\[::1\])(?=[:/?]|$)")


def webhooks_in(document: Document) -> dict[str, WebhookRule]:
    """Those that are without fault."""
    found: dict[str, WebhookRule] = {}
    given: Any = document.data.get(WEBHOOKS, {})
    if not isinstance(given, dict):
        return found  # told where the file's tables are read
    for name, raw in given.items():
        document.validated(NAME, name, WEBHOOKS, name)
        table = document.validated(TABLE, raw, WEBHOOKS, name)
        if table is None:
            continue
        faults = list(_faults(table))
        for key, code, sentence in faults:
            document.fault(code, sentence, WEBHOOKS, name, key)
        if table.url.startswith("http://") and not LOCAL.match(table.url):
            document.warning("not-encrypted", "anybody on the way can read what is told", WEBHOOKS, name, "url")
        if not faults:
            found[name] = WebhookRule(name, table.url, table.secret_env)
    return found


def webhook_names(document: Document) -> set[str]:
    """All that stand there, with or without fault."""
    given = document.data.get(WEBHOOKS, {})
    return set(given) if isinstance(given, dict) else set()


def _faults(table: WebhookTable) -> Iterator[tuple[str, str, str]]:
    if not ADDRESS.fullmatch(table.url) or not table.url.isprintable():
        yield "url", "bad-url", "begins with https:// and a host, has no blanks and no user"
    if table.secret_env.startswith(OURS):
        yield "secret_env", "bad-variable", "CCPLANE_… are ccplane's own settings: give the variable another name"
