"""What a call has, by name: so that `ccplane check` finds a verb that there is none of before a caller does."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

VERBS: Final = frozenset(
    {
        "answer",
        "arrange_callback",
        "ask_agent",
        "ask_pin",
        "callback",
        "conference",
        "confirm",
        "connect",
        "gather",
        "hang_up",
        "here",
        "hold",
        "hours",
        "look_up",
        "menu",
        "play",
        "queue",
        "receive_fax",
        "send_fax",
        "record_message",
        "ring_back",
        "run",
        "say",
        "served",
        "set_data",
        "set_language",
        "set_state",
        "sign_in",
        "survey",
        "transfer",
        "voicemail",
        "while_waiting",
    }
)
"""Those of `callflow.Call`, which lies above: a test holds the two together."""
KNOWN: Final = frozenset(
    {
        "arrived",
        "arrived_at",
        "attribution",
        "caller",
        "caller_name",
        "customer",
        "device",
        "id",
        "language",
        "number",
        "site",
    }
)
"""What is known of a call without a verb."""


def not_there(tree: ast.AST, call: str) -> Iterator[tuple[int, str]]:
    """What a program wants of its call that a call has not, with the line. What it puts there itself is its own."""
    wanted = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == call
    ]
    own = {node.attr for node in wanted if isinstance(node.ctx, ast.Store)}
    for node in wanted:
        if node.attr not in VERBS | KNOWN | own and not node.attr.startswith("_"):
            yield node.lineno, node.attr
