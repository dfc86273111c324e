"""The plane as the demo sees it: its API, as anybody has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import httpx

from ccplane.errors import SetupError
from ccplane.private import read_private
from ccplane.settings import Settings

TIMEOUT_S: Final = 5.0


class Centre:
    """`board`: the wallboard as it was told last; None before that."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self.url = str(client.base_url).rstrip("/")
        self.board: Mapping[str, Any] | None = None

    async def look(self) -> Mapping[str, Any]:
        """The wallboard now. httpx.HTTPError if the plane doesn't answer."""
        answer = await self._client.get("/api/v1/wallboard")
        answer.raise_for_status()
        board: Mapping[str, Any] = answer.json()
        self.board = board
        return board

    async def secret(self, agent: str) -> str:
        """Of the agent's phone."""
        answer = await self._client.get(f"/api/v1/agents/{quote(agent, safe='')}/phone")
        answer.raise_for_status()
        return str(answer.json()["secret"])

    async def set_state(self, agent: str, state: str, reason: str) -> None:
        body = {"state": state, "reason": reason}
        answer = await self._client.put(f"/api/v1/agents/{quote(agent, safe='')}/state", json=body)
        answer.raise_for_status()

    def shown(self, agent: str) -> str:
        """The agent's state on the latest wallboard; "" if there is none."""
        agents = self.board["agents"] if self.board else ()
        return next((each["state"] for each in agents if each["id"] == agent), "")


def client_of(settings: Settings) -> httpx.AsyncClient:
    """With the administrator's token. SetupError "no-token"."""
    path = settings.runtime / "admin-token"
    token = settings.admin_token or read_private(path)
    if not token:
        raise SetupError("no-token", f"There is no administrator's token in {path}: is ccplane running?")
    return httpx.AsyncClient(
        base_url=f"http://{settings.bind}:{settings.port}",
        headers={"Authorization": f"Bearer {token}"},
        timeout=TIMEOUT_S,
        trust_env=False,
    )
