"""The lists of views and columns in docs/open-data.md, from what the database says of itself:

.venv/bin/python -m tests.postgres.open_data_page
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import asyncpg

from ccplane.postgres.embedded import EmbeddedPostgres
from ccplane.postgres.migrate import migrate
from ccplane.postgres.queries import query
from ccplane.settings import HOME

PAGE: Final = HOME / "docs" / "open-data.md"
BEGIN, END = "<!-- views:begin -->", "<!-- views:end -->"
SHORT: Final = {"timestamp with time zone": "timestamptz"}


def as_text(described: Iterable[Any]) -> str:
    """Markdown: each view with a table of its columns."""
    parts = []
    for view, columns in groupby(described, key=lambda row: row["view"]):
        rows = list(columns)
        lines = [f"### {view}", "", rows[0]["about"], "", "| column | type | is |", "|---|---|---|"]
        lines += [f"| `{row['name']}` | {SHORT.get(row['type'], row['type'])} | {row['meaning']} |" for row in rows]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def with_views(page: str, text: str) -> str:
    """The page with these lists."""
    return re.sub(f"{BEGIN}.*{END}", lambda _: f"{BEGIN}\n{text}\n{END}", page, flags=re.DOTALL)


async def described(dsn: str) -> list[Any]:
    connection = await asyncpg.connect(dsn)
    try:
        return list(await connection.fetch(query("described")))
    finally:
        await connection.close()


async def main() -> None:
    with tempfile.TemporaryDirectory(prefix="ccplane-page-") as folder:
        server = EmbeddedPostgres(Path(folder) / "postgres")
        try:
            await migrate(await server.start())
            text = as_text(await described(server.url()))
        finally:
            await server.stop()
    PAGE.write_text(with_views(PAGE.read_text(), text))


if __name__ == "__main__":
    asyncio.run(main())
