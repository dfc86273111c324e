"""Drives programs: facts in, inputs out. One that misbehaves is stopped here and harms nobody but its own call."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from time import perf_counter
from traceback import extract_tb
from types import FrameType
from typing import Any, Final, get_args

import msgspec
import structlog
from msgspec.structs import replace

from ccplane.callflow.call import Call, CallerGone
from ccplane.callflow.emergency import told_first
from ccplane.callflow.loader import load
from ccplane.callflow.turned_away import turned_away
from ccplane.callflow.where import PROGRAMS, line_of
from ccplane.contacts import facts as c
from ccplane.contacts.contact import Contact, Phase
from ccplane.contacts.fax import FaxTaken
from ccplane.contacts.verbs import EnterQueue, Gather, HangUp, MessageTaken, Play, Result, Served, Verb
from ccplane.core.inputs import Input, ProgramRaised, ProgramReturned, VerbAsked
from ccplane.core.state import State
from ccplane.facts import SwitchFound
from ccplane.ids import ContactId
from ccplane.laws import Fact
from ccplane.site import Site

PATIENCE_S: Final = 0.25
"""A program that runs longer than this between two verbs is taken for stuck: the loop of all calls waits for it."""
SLOW_S: Final = 0.005
"""Longer than this between two verbs is not law 13: it is said in the log, with program and line."""
AGAIN_S: Final = 0.001
"""One that catches even that is interrupted again and again, until it does not."""
HASTE: Final = 100
"""So many verbs within a second are no call flow: it asks again and again for what ends at once, and all wait."""
BUDGET: Final = 2_000
"""So many verbs of one program in one call are no call flow either: it goes round for ever, and slowly."""
VERBS: Final = get_args(Verb)

_encoder: Final = msgspec.json.Encoder()
_decoder: Final[msgspec.json.Decoder[Verb]] = msgspec.json.Decoder(Verb)
log = structlog.get_logger()
Program = Coroutine[Any, Any, None]


class Stuck(BaseException):
    """A program did not give way."""


class Runner:
    """The running programs of all live contacts. `site_of` gives the site that a hash stands for."""

    def __init__(self, site_of: Callable[[str], Site]) -> None:
        self._site_of = site_of
        self._running: dict[ContactId, Program] = {}
        self._pace: dict[ContactId, tuple[int, int]] = {}
        """Since when (ms) its verbs are being counted, and how many there were."""

    def follow(self, state: State, facts: Iterable[Fact]) -> list[Input]:
        """What programs make of these facts: at most one input each."""
        asked: list[Input | None] = []
        replayed: set[ContactId] = set()
        for fact in facts:
            contact = state.contacts.get(fact.contact) if isinstance(fact, c.ContactFact) else None
            if contact is not None and contact.id in replayed:
                continue  # run up to what stands in `state`, which holds this fact already
            match fact:
                case c.ProgramStarted() if contact and (contact.verb or contact.results):
                    replayed.add(contact.id)  # taken over: it stands at its first verb, or beyond
                    asked.append(self._take_up(contact))
                case c.ProgramStarted() if contact:
                    asked.append(self._start(contact))
                case c.StepEnded() if contact:
                    hasty = self._hasty(contact.id, fact.at)
                    asked.append(hasty or self._resume(contact, fact.result))
                case c.ContactEnded() | c.ProgramFailed(forgotten=True):
                    self._end(fact.contact)
                case SwitchFound():
                    stopped = [each for each in state.contacts.values() if each.id not in self._running]
                    replayed.update(each.id for each in stopped)
                    asked.extend(self._take_up(each) for each in stopped)
        return [each for each in asked if each is not None]

    def close(self) -> None:
        """Drop all programs without a word to their callers: the plane stops, the calls go on."""
        for contact, program in self._running.items():
            _close(program, contact)
        self._running.clear()
        self._pace.clear()

    # ------------------------------------------------------------------------------------------------- one program

    def _start(self, contact: Contact) -> Input:
        self._end(contact.id)
        try:
            with _patience(contact.program, "its beginning"):
                site = self._site_of(contact.site)
                self._running[contact.id] = _begun(site, contact)
        except BaseException as error:
            return _raised(contact.id, error)
        return self._send(contact, None, contact.first_step)

    def _resume(self, contact: Contact, result: Result) -> Input:
        if contact.id not in self._running:
            if not contact.program and isinstance(result, Served | MessageTaken | FaxTaken):
                return ProgramReturned(
                    contact.id
                )  # at a place in its program that nobody knows, with its business done
            return ProgramRaised(contact.id, "the program was not running any more", contact.program)
        return self._send(contact, result, contact.step + 1)

    def _hasty(self, contact: ContactId, now: int) -> Input | None:
        since, verbs = self._pace.get(contact, (now, 0))
        self._pace[contact] = (since, verbs + 1) if now - since < 1_000 else (now, 1)
        program = self._running.get(contact)
        if verbs < HASTE or now - since >= 1_000 or program is None:
            return None
        where = _where(program)
        self._end(contact)
        return ProgramRaised(contact, f"asked for more than {HASTE} verbs within a second", where)

    def _take_up(self, contact: Contact) -> Input | None:
        """Run a program again over its journal, up to where it stood (DESIGN §4)."""
        if contact.phase is Phase.ENDED:
            return None
        if not contact.program:
            return self._resume(contact, contact.results[-1]) if contact.results and contact.verb is None else None
        asked = self._start(contact)
        for place, result in enumerate(contact.results):
            if not isinstance(asked, VerbAsked):
                return asked
            asked = self._send(contact, result, contact.first_step + place + 1)
        if contact.verb is None or not isinstance(asked, VerbAsked):
            return asked
        if (
            _as_before(asked.verb, contact.verb)
            or isinstance(contact.verb, HangUp)
            or _both_wait(asked.verb, contact.verb)
        ):
            return None  # it stands where it stood; the core takes the open verb up
        self._end(contact.id)
        return ProgramRaised(contact.id, f"changed its course on a replay: {asked.verb} for {contact.verb}", "replay")

    def _send(self, of: Contact, result: Result | None, step: int) -> Input:
        contact, program = of.id, self._running[of.id]
        try:
            with _patience(of.program, _where(program)):
                verb = program.send(result)
        except (StopIteration, CallerGone):
            del self._running[contact]
            return ProgramReturned(contact)
        except BaseException as error:  # a program may raise anything, also what would end the plane: sys.exit()
            del self._running[contact]
            return _raised(contact, error)
        if not isinstance(verb, VERBS):
            where = _where(program)
            self._end(contact)
            return ProgramRaised(contact, f"awaited {type(verb).__name__}, which is no verb of the call", where)
        if step - of.first_step >= BUDGET and not isinstance(verb, HangUp):
            where = _where(program)
            self._end(contact)
            return ProgramRaised(contact, f"asked for more than {BUDGET} verbs in one call", where)
        if wrong := _cannot_be_kept(verb):
            where = _where(program)
            self._end(contact)
            return ProgramRaised(contact, f"asked for a {type(verb).__name__} that is none: {wrong}", where)
        return VerbAsked(contact, step, verb, line_of(program))

    def _end(self, contact: ContactId) -> None:
        """Raise CallerGone in the program; whatever it still wants then is refused."""
        self._pace.pop(contact, None)
        program = self._running.pop(contact, None)
        if program is None:
            return
        try:
            with _patience(_file(program), _where(program)):
                program.throw(CallerGone())
        except (StopIteration, CallerGone):
            return
        except BaseException as error:
            log.warning("program failed while its caller was leaving", contact=contact, error=repr(error))
            return
        _close(program, contact)


def _begun(site: Site, contact: Contact) -> Program:
    main, call = load(site, contact.program), Call(contact, site)
    if contact.customer and contact.customer.blocked and site.rules.blocked_program is None:
        return turned_away(call)
    return told_first(call, main, contact.emergency) if contact.emergency else main(call)


def _both_wait(asked: Verb, open_now: Verb) -> bool:
    """Whether they wait where they are to wait. The journal at the switch does not know all of it: not the keys that
    lead out, and the queue that it names is the one that took them over."""
    return isinstance(asked, EnterQueue) and isinstance(open_now, EnterQueue)


def _as_before(asked: Verb, open_verb: Verb) -> bool:
    """What is heard where a sound is missing was not said yet by a version before."""
    if isinstance(asked, Play | Gather) and isinstance(open_verb, Play | Gather) and not open_verb.otherwise:
        return replace(asked, otherwise=()) == open_verb
    return asked == open_verb


def _cannot_be_kept(verb: Verb) -> str:
    """Why a verb could not be read again from the log: a number where a text belongs would spoil it for good."""
    try:
        _decoder.decode(_encoder.encode(verb))
    except (msgspec.MsgspecError, TypeError, ValueError) as error:
        return str(error)
    return ""


def _close(program: Program, contact: ContactId) -> None:
    try:
        with _patience(_file(program), _where(program)):
            program.close()
    except BaseException as error:
        log.warning("program would not end after its caller left", contact=contact, error=repr(error))


def _raised(contact: ContactId, error: BaseException) -> ProgramRaised:
    frames = [frame for frame in extract_tb(error.__traceback__) if frame.filename.startswith(PROGRAMS)]
    where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return ProgramRaised(contact, f"{type(error).__name__}: {error}", where)


def _file(program: Program) -> str:
    code = program.cr_code if hasattr(program, "cr_code") else None
    return code.co_filename if code else ""


def _where(program: Program) -> str:
    frame = program.cr_frame if hasattr(program, "cr_frame") else None
    return f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame else ""


@contextmanager
def _patience(program: str, where: str) -> Iterator[None]:
    """Say what held up all calls for longer than SLOW_S, from the line `where` on; interrupt it after PATIENCE_S."""
    began = perf_counter()
    try:
        with _alarm():
            yield
    finally:
        took = perf_counter() - began
        if took > SLOW_S:
            log.warning("a program held up all calls", program=program, where=where, ms=round(took * 1000, 1))


@contextmanager
def _alarm() -> Iterator[None]:
    """Only the main thread can be interrupted. The handler stays, since setting it costs more than most programs."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _handle_alarms()
    signal.setitimer(signal.ITIMER_REAL, PATIENCE_S, AGAIN_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


@cache
def _handle_alarms() -> None:
    signal.signal(signal.SIGALRM, _stop)


def _stop(_: int, frame: FrameType | None) -> None:
    """Raised in the program itself or in what it called; never in our own code, which may just be leaving it."""
    while frame is not None and not frame.f_code.co_filename.startswith(PROGRAMS):
        frame = frame.f_back
    if frame is not None:
        where = f"{frame.f_code.co_filename}:{frame.f_lineno}"
        raise Stuck(f"ran for {PATIENCE_S} s without awaiting a verb, at {where}")
