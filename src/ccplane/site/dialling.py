"""acd/dialling.toml: which outside numbers agents may dial, and as whom. Without the file they dial none."""

from __future__ import annotations

from typing import Final

from pydantic import TypeAdapter

from ccplane.ids import ProgramName
from ccplane.routing.dialling import Dialling, Role
from ccplane.site.document import Document
from ccplane.site.names import Reference
from ccplane.site.shapes import DiallingTable

DIALLING: Final = TypeAdapter(DiallingTable)


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
    return Dialling(
        trunk=table.trunk,
        caller_id=table.caller_id,
        program=ProgramName(table.program),
        ring_ms=table.ring,
        international=table.international,
        emergency=tuple(table.emergency),
        roles={name: Role(tuple(role.allow), tuple(role.deny)) for name, role in table.roles.items()},
    )
