"""What a plane knew, again: the last checkpoint of state and board, and the facts after it; `evolve` alone (law 1)."""

from __future__ import annotations

import msgspec
import structlog

from ccplane.core import State
from ccplane.core import checkpoint as checkpoints
from ccplane.core import evolve as evolved
from ccplane.kpi.board import Board
from ccplane.kpi.board import evolve as folded
from ccplane.log.outbox_file import Recovered
from ccplane.site import Site

log = structlog.get_logger()


class _Kept(msgspec.Struct, frozen=True):
    state: bytes
    board: bytes


def kept(state: State, board: Board) -> bytes:
    return msgspec.msgpack.encode(_Kept(checkpoints.encode(state), board.to_bytes()))


def recalled(recovered: Recovered, site: Site) -> tuple[State, Board]:
    """The state again, from the checkpoint and the facts after it: `evolve` alone (law 1)."""
    state, board = State(), Board.begun(site.rules.timezone)
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
