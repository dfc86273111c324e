"""Which agents a board shows that shows not all: by team, skill and queue served. Screens ask for them once, and again
when the stream says that they may be others; so the stream itself is one for all.
"""

from __future__ import annotations

from collections.abc import Collection
from operator import is_
from typing import Final
from zlib import crc32

import msgspec
from fastapi import APIRouter, Depends, Response

from ccplane.agents.facts import Profile
from ccplane.core.state import State
from ccplane.http.auth import Guard
from ccplane.http.openapi import answers
from ccplane.http.ports import Plane
from ccplane.http.views import told
from ccplane.ids import AgentId, QueueName
from ccplane.routing.asking import could_serve
from ccplane.routing.rules import Rules

MOST: Final = 4_000
"""Letters of a parameter that are looked at."""


class AgentsShown(msgspec.Struct, frozen=True):
    """`people`: what the stream says as long as these are right."""

    people: str
    agents: tuple[AgentId, ...]


class People:
    """A word for who the agents are: their teams, skills and queues, and the rules of queues. Where nobody was changed
    it is the same, also after a restart."""

    def __init__(self) -> None:
        self._rules: Rules | None = None
        self._profiles: list[Profile] = []
        self._sums: dict[AgentId, tuple[Profile, int]] = {}
        self._word = ""

    def word(self, state: State) -> str:
        profiles = [agent.profile for agent in state.agents.values()]
        if (
            state.rules is self._rules
            and len(profiles) == len(self._profiles)
            and all(map(is_, profiles, self._profiles))
        ):
            return self._word
        known, self._sums = self._sums, {}
        whole = crc32(repr([(name, queue.widest) for name, queue in sorted(state.rules.queues.items())]).encode())
        for profile in profiles:
            was = known.get(profile.id)
            self._sums[profile.id] = was if was and was[0] is profile else (profile, _sum(profile))
            whole ^= self._sums[profile.id][1]
        self._rules, self._profiles, self._word = state.rules, profiles, f"{whole:08x}"
        return self._word


def _sum(profile: Profile) -> int:
    return crc32(
        repr((profile.id, profile.team, sorted(profile.skills.items()), sorted(profile.queues.items()))).encode()
    )


def shown(
    state: State, teams: Collection[str], skills: Collection[str], serving: Collection[str]
) -> tuple[AgentId, ...]:
    """Those in one of the teams, with one of the skills, who could serve one of the queues; of an empty one all."""
    queues = [state.rules.queues[QueueName(name)] for name in serving if name in state.rules.queues]
    return tuple(
        id_
        for id_, agent in sorted(state.agents.items())
        if (not teams or agent.profile.team in teams)
        and (not skills or not agent.profile.skills.keys().isdisjoint(skills))
        and (not serving or any(could_serve(agent.profile, queue) for queue in queues))
    )


def routes(plane: Plane, people: People, open_here: Guard) -> APIRouter:
    router = APIRouter(prefix="/api/v1/wallboard", tags=["wallboard"], dependencies=[Depends(open_here)])

    @router.get("/agents", summary="Whom a board shows", responses=answers(AgentsShown))
    async def agents(*, teams: str = "", skills: str = "", serving: str = "") -> Response:
        """The ids of those who are in one of these `teams`, have one of the `skills` and could serve one of the queues
        of `serving`, each a list with commas; all, where none is named. They may be others once `people` of the
        wallboard is another word."""
        state = plane.snapshot.state
        found = shown(state, _listed(teams), _listed(skills), _listed(serving))
        return told(AgentsShown(people.word(state), found), headers={"Cache-Control": "no-store"})

    return router


def _listed(given: str) -> frozenset[str]:
    return frozenset(filter(None, (each.strip() for each in given[:MOST].split(","))))
