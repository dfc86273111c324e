"""PINs keyed at a phone. Between translating and deciding their digits are taken out: nothing behind it ever sees one.

While a program asks for a PIN, keys are gathered here, compared off the loop, and only the outcome is posted. A plane
that restarts meanwhile begins the verb again, and the caller the PIN. In calls of our own phones to feature codes,
and in any other once a PIN was keyed, a key that nobody asked for is dropped as well: it may be a PIN's. So is one
that a later question would take, if the same hand presses it: the rest of a PIN whose time was up, the `#` after a
whole one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from time import monotonic
from typing import Final, Protocol

import structlog

from ccplane.agents.facts import PinWay
from ccplane.contacts.contact import Contact
from ccplane.contacts.verbs import AskPin, Gather
from ccplane.core import State
from ccplane.core.inputs import CallerCarried, CallerGone, Input, KeyPressed, PinChecked, PinKeyed, SoundsFinished
from ccplane.core.own_calls import FEATURE
from ccplane.errors import CcplaneError
from ccplane.ids import AgentId, ContactId

log = structlog.get_logger()

DIGITS: Final = 6
ENTER: Final = "#"
AGAIN: Final = "*"
CHECKING: Final = "checking"
HAND_S: Final = 3.0
"""Who is in the middle of something presses the next key within this."""


class Pins(Protocol):
    """Who knows the PINs."""

    async def check(self, agent: AgentId, pin: str, *, way: PinWay, whence: str) -> None: ...


class Plane(Protocol):
    """Where everything but digits goes."""

    @property
    def state(self) -> State: ...

    def post(self, what: Input) -> None: ...


class PinPad:
    """Stands before the plane's inbox. The sixth digit or `#` ends a PIN, `*` begins it again."""

    def __init__(self, plane: Plane, pins: Pins, now: Callable[[], float] = monotonic) -> None:
        self._plane, self._pins, self._now = plane, pins, now
        self._keyed: dict[ContactId, tuple[int, int, str]] = {}
        """Step, attempt and what was keyed for them so far."""
        self._hands: dict[ContactId, tuple[int, float, bool]] = {}
        """At which step the last key of a PIN was pressed, when (s), and whether the PIN was whole then."""
        self._secret: set[ContactId] = set()
        """Calls in which a PIN was keyed: what comes after it may be the rest of one."""
        self._checks: set[asyncio.Task[None]] = set()

    def post(self, what: Input) -> None:
        """As the plane's own."""
        if isinstance(what, CallerGone | CallerCarried):
            self._forget(what.contact)
        if isinstance(what, SoundsFinished) and what.step > self._hands.get(what.contact, (what.step, 0, False))[0]:
            del self._hands[what.contact]  # they have heard what came of it: what they press now answers that
        live = self._plane.state.contacts
        for over in [each for each in {*self._secret, *self._hands} if each not in live]:
            self._forget(over)  # it may end by more than its caller's going
        if not isinstance(what, KeyPressed) or not self._takes(what):
            self._plane.post(what)

    def close(self) -> None:
        for check in self._checks:
            check.cancel()

    def _forget(self, contact: ContactId) -> None:
        self._keyed.pop(contact, None)
        self._hands.pop(contact, None)
        self._secret.discard(contact)

    def _takes(self, pressed: KeyPressed) -> bool:
        contact = self._plane.state.contacts.get(pressed.contact)
        if contact is None:
            return False
        if isinstance(contact.verb, AskPin):
            self._take(contact, contact.verb, pressed.key)
            return True
        self._keyed.pop(contact.id, None)
        if isinstance(contact.verb, Gather) and self._goes_on(contact.id, pressed.key):
            return True
        service = contact.device is not None and contact.number_dialled.startswith(FEATURE)
        return (service or contact.id in self._secret) and not isinstance(contact.verb, Gather)

    def _goes_on(self, contact: ContactId, key: str) -> bool:
        """Whether this key is still a PIN's, though another verb would take it."""
        step, at, whole = self._hands.pop(contact, (0, 0.0, False))
        if not step or self._now() - at > HAND_S or (whole and key != ENTER):
            return False
        self._hands[contact] = (step, self._now(), whole)
        return True

    def _take(self, contact: Contact, asked: AskPin, key: str) -> None:
        self._secret.add(contact.id)
        step, attempt, keyed = self._keyed.get(contact.id, (0, 0, ""))
        if (step, attempt) != (contact.step, contact.attempt):
            keyed = ""
            self._plane.post(PinKeyed(contact.id))
        if keyed == CHECKING:
            self._hands[contact.id] = (contact.step, self._now(), True)
            return
        keyed = "" if key == AGAIN else keyed + key if key.isdigit() else keyed
        if keyed and (key == ENTER or len(keyed) == DIGITS):
            self._begin(self._check(contact, asked.agent, keyed))
            keyed = CHECKING
        self._keyed[contact.id] = (contact.step, contact.attempt, keyed)
        self._hands[contact.id] = (contact.step, self._now(), keyed == CHECKING)

    def _begin(self, check: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(check, name="checking a PIN")
        self._checks.add(task)
        task.add_done_callback(self._checks.discard)

    async def _check(self, contact: Contact, agent: AgentId, pin: str) -> None:
        refused = ""
        try:
            await self._pins.check(agent, pin, way=PinWay.PHONE, whence=contact.device or contact.caller)
        except CcplaneError as error:
            refused = error.code
        except Exception as error:
            log.error("a PIN could not be compared", error=type(error).__name__)  # no traceback: it may show digits
            refused = "not-checked"
        self._keyed.pop(contact.id, None)
        self._plane.post(PinChecked(contact.id, contact.step, refused))
