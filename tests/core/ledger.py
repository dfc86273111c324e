"""Promises as Postgres keeps them, for worlds without one: what it does is that of `queries/callbacks.sql`."""

from __future__ import annotations

from dataclasses import dataclass

from ccplane.contacts.callback import CallbackState
from ccplane.contacts.facts import callbacks as f
from ccplane.core import inputs as i
from ccplane.ids import CallbackId


@dataclass
class Row:
    number: str
    queue: str
    since: int
    expires_at: int
    language: str
    turn: int = 0
    tries: int = 0
    live: bool = True


class Ledger:
    """One live promise per number, one claim per turn; and what was dialled by them."""

    def __init__(self):
        self.rows: dict[CallbackId, Row] = {}
        self.refused, self.barred = set(), set()
        self.unshipped = []
        """Ends that the outbox has, and Postgres not yet."""
        self.claims, self.dialled = set(), set()

    def keep(self, callback):
        row = self.rows.get(callback.id)
        if row is not None:
            return "" if row.live else "already-promised"
        if callback.number in self.barred:
            return "do-not-call"
        if callback.id in self.refused:
            return "refused"
        if any(each.live and each.number == callback.number for each in self.rows.values()):
            return "already-promised"
        self.rows[callback.id] = Row(
            callback.number, callback.queue, callback.since, callback.expires_at, callback.language
        )
        return ""

    def claim(self, callback, now, most):
        row = self.rows.get(callback.id)
        if row is None or not row.live:
            return 0, "no-such-promise"
        if row.turn >= callback.turn:
            return row.tries, "spent"
        if row.number in self.barred:
            return row.tries, "do-not-call"
        if row.tries >= most:
            return row.tries, "tries-used"
        if row.expires_at <= now:
            return row.tries, "expired"
        row.turn, row.tries = callback.turn, row.tries + 1
        self.claims.add((callback.id, callback.turn))
        return row.tries, ""

    def dial(self, channel):
        """By the name of the customer's channel: never without a committed claim, and once for each."""
        callback, _, turn = channel.removeprefix("k-").rpartition("-")
        assert (CallbackId(callback), int(turn)) in self.claims, "never a dial without a committed claim"
        assert (callback, turn) not in self.dialled, "one dial per claim"
        self.dialled.add((callback, turn))

    def follow(self, facts):
        self.unshipped += [fact for fact in facts if isinstance(fact, f.CallbackEnded | f.CallbackRefused)]

    def ship(self):
        for fact in self.unshipped:
            if fact.callback in self.rows:
                self.rows[fact.callback].live = False
            elif isinstance(fact, f.CallbackRefused):
                self.refused.add(fact.callback)
        self.unshipped.clear()

    def found(self):
        """What a plane over another outbox finds."""
        return [
            i.PromiseFound(
                callback=callback,
                number=row.number,
                queue=row.queue,
                since=row.since,
                expires_at=row.expires_at,
                caller_name="",
                number_dialled="",
                language=row.language,
                turn=row.turn,
                tries=row.tries,
            )
            for callback, row in self.rows.items()
            if row.live
        ]

    def holds(self, state):
        """None is lost, their clock is what it was, and no number has two."""
        promised = [each for each in state.callbacks.values() if each.state is not CallbackState.ASKED]
        numbers = [each.number for each in promised]
        assert len(numbers) == len(set(numbers)), "one live promise per number"
        over = {fact.callback for fact in self.unshipped}
        for callback, row in self.rows.items():
            known = state.callbacks.get(callback)
            assert not row.live or known or callback in over, "a promise is kept"
            assert known is None or known.since == row.since, "their clock is never reset"
