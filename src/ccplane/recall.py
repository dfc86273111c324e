"""What a plane knew, again: the last checkpoint of state and board, and the facts after it; `evolve` alone (law 1).

The site in force is a part of it: a plane that crashed while somebody edits the folder goes on with that one.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import structlog

from ccplane.core import State
from ccplane.core import checkpoint as checkpoints
from ccplane.core import evolve as evolved
from ccplane.errors import SiteError
from ccplane.kpi.board import Board
from ccplane.kpi.board import evolve as folded
from ccplane.log.outbox_file import Recovered
from ccplane.site import Site, SiteFaults, parse

log = structlog.get_logger()


class SiteInForce(NamedTuple):
    """The site of the last time, of the files that were kept with it."""

    files: dict[str, str]
    site: Site


class _Kept(msgspec.Struct, frozen=True):
    state: bytes
    board: bytes


def kept(state: State, board: Board) -> bytes:
    return msgspec.msgpack.encode(_Kept(checkpoints.encode(state), board.to_bytes()))


def recalled(recovered: Recovered, timezone: str) -> tuple[State, Board]:
    """The state again, from the checkpoint and the facts after it: `evolve` alone (law 1). `timezone`: of a board that
    begins with no day before it."""
    state, board = State(), Board.begun(timezone)
    if recovered.checkpoint is not None:
        try:
            last = msgspec.msgpack.decode(recovered.checkpoint, type=_Kept)
            state, board = checkpoints.decode(last.state), Board.from_bytes(last.board)
        except msgspec.ValidationError as error:
            log.error("an older ccplane kept its state in another shape; beginning anew", error=str(error))
            return state, board  # live callers are found at the switch, and begin their programs again
    for _, _, fact in recovered.facts:
        state, board = evolved(state, fact), folded(board, fact)
    return state, board


def in_force(state: State, fault: SiteError, demo_agents: int) -> SiteInForce:
    """The site to begin with while the folder has this fault, which is raised if none was in force before, or none that
    this version can read."""
    files = state.sites.get(state.site)
    if files is None:
        raise fault
    try:
        found = SiteInForce(dict(files), parse(files, demo_agents))
    except SiteError as older:
        log.error("nor can this version read the site that was in force before", fault=str(older))
        raise fault from older
    for each in fault.faults if isinstance(fault, SiteFaults) else (fault,):
        log.error("a fault in the site's folder", fault=str(each))
    log.warning("going on with the site that was in force before", site=found.site.hash)
    return found
