"""acd/dialling.toml: which outside numbers agents may dial, and callers be put through to. Without it none."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from pydantic import TypeAdapter

from ccplane.ids import ProgramName
from ccplane.routing.dialling import Dialling, Role, transfer_refusal
from ccplane.site.document import Document
from ccplane.site.names import Reference
from ccplane.site.shapes import DiallingTable

DIALLING: Final = TypeAdapter(DiallingTable)
OUTSIDE: Final = "outside"
"""The kind of a name that is a number outside."""


def dialling_in(document: Document, references: list[Reference]) -> Dialling:
    """The rules as the file has them; those by which nothing outside may be dialled if it is empty or has a fault."""
    table = document.validated(DIALLING, document.data) if document.data else None
    if table is None:
        return Dialling()
    references.append(Reference("program", table.program, lambda code, said: document.fault(code, said, "program")))
    for name, role in table.roles.items():
        for prefix in role.allow:
            if prefix in role.deny:
                document.fault("allowed-and-denied", f"{prefix} is allowed and denied", "roles", name, "allow")
    _judge_transfers(document, table)
    return Dialling(
        trunk=table.trunk,
        caller_id=table.caller_id,
        program=ProgramName(table.program),
        ring_ms=table.ring,
        international=table.international,
        emergency=tuple(table.emergency),
        roles={name: Role(tuple(role.allow), tuple(role.deny)) for name, role in table.roles.items()},
        transfers=Role(tuple(table.transfers.allow), tuple(table.transfers.deny)),
    )


def judge_outside(references: Collection[Reference], dialling: Dialling) -> None:
    """Numbers outside that programs name, and that no caller will ever be put through to."""
    for each in references:
        if each.kind == OUTSIDE and (rule := transfer_refusal(dialling, each.name)) is not None:
            sentence = (
                f"nobody is put through to {each.name} ({rule.value}): `[transfers]` of acd/dialling.toml says where"
            )
            each.blame("never-transferred", sentence)


def _judge_transfers(document: Document, table: DiallingTable) -> None:
    """Where callers may be put through: what can never be."""
    allow, deny = table.transfers.allow, table.transfers.deny
    if allow and not table.trunk:
        document.warning("no-trunk", "nobody is put through outside: there is no `trunk`", "transfers", "allow")
    for place, prefix in enumerate(allow):
        if prefix in deny:
            document.fault("allowed-and-denied", f"{prefix} is allowed and denied", "transfers", "allow")
        elif wider := next((each for each in deny if prefix.startswith(each)), ""):
            sentence = f"{prefix} begins with {wider}, which is denied, and denied stays denied"
            document.warning("never-allowed", sentence, "transfers", "allow", place)
