"""`decide`: what an input means. Each kind of input has one rule, found by its type; routing follows every rule.

A rule looks at the state, says what happened and what is to be done, and never assumes that a command worked: only
an input from the switch proves that (law 8). Inputs that are late, doubled or about nothing we know make no facts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from ccplane.core import inputs as i
from ccplane.core.agents_ask import ASK_RULES
from ccplane.core.announcing import announce
from ccplane.core.arranging import arrange
from ccplane.core.callbacks import CALLBACK_RULES, follow
from ccplane.core.callers import CALLER_RULES
from ccplane.core.clearing import CLEARING_RULES
from ccplane.core.commands import Command
from ccplane.core.conferences import CONFERENCE_RULES
from ccplane.core.customers import CUSTOMER_RULES
from ccplane.core.edits import EDIT_RULES
from ccplane.core.emergencies import EMERGENCY_RULES, tell_waiting
from ccplane.core.fallback import FALLBACK_RULES
from ccplane.core.fallback_first import FALLBACK_FIRST_RULES, let_go
from ccplane.core.faxes import FAX_RULES
from ccplane.core.floor import FLOOR_RULES
from ccplane.core.keeping import KEEPING_RULES
from ccplane.core.keys import KEY_RULES
from ccplane.core.lamps import light
from ccplane.core.offers import OFFER_RULES
from ccplane.core.owed import OWED_RULES, give_back_of_gone
from ccplane.core.own_calls import go_on
from ccplane.core.parties import PARTY_RULES
from ccplane.core.pins import PIN_RULES
from ccplane.core.recorder import RECORDER_RULES
from ccplane.core.recovery import RECOVERY_RULES
from ccplane.core.regroup import regroup
from ccplane.core.rejoin import REJOIN_RULES
from ccplane.core.route import route
from ccplane.core.seats import SEAT_RULES, leave_seats
from ccplane.core.several import ring_more
from ccplane.core.sign_in import SIGN_IN_RULES
from ccplane.core.standing import STANDING_RULES, tend
from ccplane.core.state import State
from ccplane.core.steps import STEP_RULES
from ccplane.core.surges import SURGE_RULES
from ccplane.core.telling import tell_queues
from ccplane.core.time import TIME_RULES
from ccplane.core.turn import Turn
from ccplane.core.waits import settle
from ccplane.core.wrap_up import WRAP_UP_RULES
from ccplane.laws import Fact

RULES: Final[dict[type[i.Input], Callable[[Turn, Any], None]]] = {
    **CALLER_RULES,
    **CALLBACK_RULES,
    **KEY_RULES,
    **STEP_RULES,
    **OFFER_RULES,
    **CLEARING_RULES,
    **PARTY_RULES,
    **CONFERENCE_RULES,
    **FAX_RULES,
    **FLOOR_RULES,
    **WRAP_UP_RULES,
    **SEAT_RULES,
    **PIN_RULES,
    **SIGN_IN_RULES,
    **REJOIN_RULES,
    **STANDING_RULES,
    **ASK_RULES,
    **EDIT_RULES,
    **EMERGENCY_RULES,
    **CUSTOMER_RULES,
    **SURGE_RULES,
    **TIME_RULES,
    **RECOVERY_RULES,
    **RECORDER_RULES,
    **KEEPING_RULES,
    **OWED_RULES,
    **FALLBACK_RULES,
    **FALLBACK_FIRST_RULES,
}


class Decision(msgspec.Struct, frozen=True):
    """What came of one input. `state` is what `evolve` makes of the old one and `facts`, in order."""

    facts: tuple[Fact, ...]
    commands: tuple[Command, ...]
    wake_at: int | None
    state: State


def bring_together(turn: Turn) -> None:
    """Those who wait and those who are free. Each offer takes an agent, so that others are to wait longer, and by that
    a further group may be due: its agents are asked at once."""
    for _ in range(1 + len(turn.state.groups)):
        route(turn)
        ring_more(turn)
        if not regroup(turn):
            break


def decide(state: State, what: i.Input, now: int) -> Decision:
    """Decide one input at `now` (ms). Raises only for a fault of ours (IllegalMove); then nothing was decided."""
    what, when = (what.what, what.at) if isinstance(what, i.Late) else (what, now)
    turn = Turn(state, now, when)
    RULES[type(what)](turn, what)
    turn.when = now  # what follows from it happens only now
    arrange(turn)
    give_back_of_gone(turn)
    follow(turn)
    go_on(turn)
    tend(turn)
    settle(turn)
    regroup(turn)
    if state.behind and not turn.state.behind:
        let_go(turn)  # of whom nothing was asked meanwhile
    bring_together(turn)
    announce(turn)
    tell_waiting(turn)
    leave_seats(turn)
    tend(turn)
    light(turn, state)
    tell_queues(turn, state)
    return Decision(tuple(turn.facts), tuple(turn.commands), turn.state.wake_at, turn.state)
