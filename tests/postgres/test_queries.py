"""SQL by name: each with a reason, and each understood by Postgres."""

from __future__ import annotations

from datetime import date
from importlib.resources import files

import pytest

from ccplane.postgres import remaking_agents
from ccplane.postgres.queries import HEADING, queries


def test_every_statement_stands_under_its_name_and_a_reason():
    for file in files("ccplane.postgres").joinpath("queries").iterdir():
        text = file.read_text()
        assert text.startswith("-- "), file.name
        for part in HEADING.split(text)[2::2]:
            assert part.lstrip("\n").startswith("-- "), (file.name, part[:60])
    for name, statement in queries().items():
        lines = [line for line in statement.splitlines() if not line.startswith("--")]
        assert "".join(lines).rstrip().endswith(";"), name
        assert "".join(lines).count(";") == 1, name


@pytest.mark.postgres
async def test_postgres_understands_every_one(db):
    async with db.connection() as connection, connection.transaction():
        await connection.execute("CREATE TEMPORARY VIEW batch AS SELECT * FROM fact")
        await connection.execute(remaking_agents.MAKE)
        await connection.execute(queries()["agents_remade"], 0, 0, [], date(2026, 11, 24))
        for statement in queries().values():
            await connection.prepare(statement)
