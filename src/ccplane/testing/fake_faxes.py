"""Fax machines without a line: the switch's own, what a caller's sends, and the keeper that finds what has come.

call = fake.call("4001")
call.sends = Sheets(2, station="+49 30 1234")      # before ours is in the room; without it they are no fax machine
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ccplane.asterisk.agreed import FAX_MACHINE, FAX_SENDER, FAX_WORD
from ccplane.asterisk.faxes import word_of
from ccplane.contacts import facts as c
from ccplane.core.inputs import FaxKept
from ccplane.ids import FaxId, file_of_fax
from ccplane.laws import Fact
from ccplane.plane import Plane, Snapshot
from ccplane.testing.fake_lines import Line
from ccplane.testing.fake_switchboard import Switchboard

GREETING_S: Final = 5.0
PAGE_S: Final = 15.0
KEPT_AFTER_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class Sheets:
    """What a caller's fax machine sends, or is sent. `fails_after`: so many pages come through."""

    pages: int = 1
    station: str = ""
    fails_after: int | None = None


class FakeMachine:
    """The switch's fax machine, from the making of its channel to its end: a `Party`."""

    def __init__(self, board: Switchboard, fax: FaxId, *, sends: bool = False) -> None:
        self._board, self._fax, self._sends = board, fax, sends
        self._since: float | None = None
        self._sheets: Sheets | None = None
        self._done = False
        where = FAX_SENDER if sends else FAX_MACHINE
        self.line = Line(fax, f"Local/{fax}@{where}-00000001;1", where, self, board.now())
        self.line.joined = self._joined

    def comes_up(self) -> None:
        self._board.picked_up(self.line)

    def _joined(self) -> None:
        """In a room: the first time, if anybody there sends."""
        if self._since is not None or self.line.room is None:
            return
        self._since = asyncio.get_running_loop().time()
        theirs = "takes" if self._sends else "sends"
        others = (getattr(each.party, theirs, None) for each in self.line.room.lines)
        self._sheets = next((each for each in others if each), None)
        if self._sheets is not None:  # a machine that hears no other greets on and on, as Asterisk's does
            self._board.after(GREETING_S, self._begins)
            self._board.after(GREETING_S + PAGE_S * self._through(self._sheets), self._over)

    def _begins(self) -> None:
        """The first page is coming: there is a file."""
        if self.line.id in self._board.node.lines and not self._sends:
            self._board.node.recordings[file_of_fax(self._fax)] = 0

    @staticmethod
    def _through(sheets: Sheets) -> int:
        return sheets.pages if sheets.fails_after is None else sheets.fails_after

    def _over(self) -> None:
        if self.line.id in self._board.node.lines:
            self._done = True
            self._board.end(self.line, 16)

    def _pages(self) -> int:
        """Those that have come through by now."""
        if self._sheets is None or self._since is None:
            return 0
        so_far = (asyncio.get_running_loop().time() - self._since - GREETING_S) / PAGE_S
        return max(0, min(self._through(self._sheets), int(so_far + 1e-6)))

    # the switch's side: fake_lines.Party

    def answered(self) -> None:
        """As every machine does."""

    def hears(self, sound: str) -> None:
        """Nothing that it understands."""

    def over_now(self, cause: int, sip: int) -> None:
        """It leaves word, whatever ended it."""
        whole = self._done and self._sheets is not None and self._sheets.fails_after is None
        error = "" if self._done else "HANGUP"
        station = self._sheets.station if self._sheets else ""
        word = f"{'SUCCESS' if whole else 'FAILED'}|{self._pages()}|{error}|{station}"
        self._board.node.variables[f"{FAX_WORD}{self._fax}"] = word


class FakeTray:
    """Stands in for the keeper of faxes: what has come is safe a moment after its transmission."""

    def __init__(self, plane: Plane, board: Switchboard) -> None:
        self._plane, self._board = plane, board
        plane.follow(self.follow)

    def follow(self, _: Snapshot, facts: Sequence[Fact], __: int) -> None:
        for fact in facts:
            if isinstance(fact, c.FaxOver):
                asyncio.get_running_loop().call_later(KEPT_AFTER_S, self._keep, fact.fax, bool(fact.sent))

    def _keep(self, fax: FaxId, sent: bool) -> None:
        if fax in self._board.node.lines:
            asyncio.get_running_loop().call_later(KEPT_AFTER_S, self._keep, fax, sent)
            return
        text = self._board.node.variables.pop(f"{FAX_WORD}{fax}", "")
        self._board.node.recordings.pop(file_of_fax(fax), None)
        word = word_of(text)
        kept = (1_000 * word.pages, f"2026/01/01/{fax}.pdf") if word.pages and not sent else (0, "")
        self._plane.post(FaxKept(fax, word.pages, word.complete, word.reason, word.station, *kept))
