"""What an agent's screen may ask for: each asking has an id of the screen's, and gets exactly one answer.

An id that was asked before gets the same answer again and is not done twice, also over another socket of the session.
So a screen that was cut off before it had its answer simply asks again. What names an offer or a contact says what the
agent saw when they pressed the button, and hits no other.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Final, assert_never

import msgspec
import structlog

from ccplane.agents.agent import Agent
from ccplane.agents.facts import Intent
from ccplane.core.agents_ask import in_call, rings
from ccplane.core.inputs import (
    AnswerAsked,
    HangUpAsked,
    Input,
    IntentAsked,
    RejectAsked,
    WrapUpEnded,
    WrapUpExtendAsked,
)
from ccplane.errors import CcplaneError, RequestError
from ccplane.http.ports import Plane
from ccplane.http.sessions import Session
from ccplane.http.wrap_up import extendable, wrapping_up
from ccplane.ids import ContactId, OfferId, is_web

log = structlog.get_logger()

REMEMBERED: Final = 100
"""Answers that are kept for each session."""

AskId = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Reason = Annotated[str, msgspec.Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Name = Annotated[str, msgspec.Meta(max_length=200)]


class Asking(msgspec.Struct, frozen=True, kw_only=True, tag_field="do", forbid_unknown_fields=True):
    """The root of all askings."""

    id: AskId


class Ready(Asking, frozen=True, kw_only=True, tag="ready"):
    """Offer me contacts, as soon as my work allows."""


class Pause(Asking, frozen=True, kw_only=True, tag="pause"):
    """Offer me nothing more."""

    reason: Reason = ""


class Offline(Asking, frozen=True, kw_only=True, tag="offline"):
    """I am gone, as soon as my work allows. The session goes on."""


class Answer(Asking, frozen=True, kw_only=True, tag="answer"):
    """Take this offer."""

    offer: Name


class Reject(Asking, frozen=True, kw_only=True, tag="reject"):
    """Not this offer."""

    offer: Name


class HangUp(Asking, frozen=True, kw_only=True, tag="hang-up"):
    """End the talk with this contact."""

    contact: Name


class WrapUpIsDone(Asking, frozen=True, kw_only=True, tag="wrap-up-done"):
    """The work after the call is done, before its time. `since`: that of the agent as it was shown, so that a click
    that comes late ends no other work than it meant."""

    since: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


class WrapUpTakesLonger(Asking, frozen=True, kw_only=True, tag="wrap-up-extend"):
    """The work after the call takes longer than its time."""


class Ping(Asking, frozen=True, kw_only=True, tag="ping"):
    """Are you there?"""


AnyAsking = Ready | Pause | Offline | Answer | Reject | HangUp | WrapUpIsDone | WrapUpTakesLonger | Ping


class Answered(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer to the asking `re`; null if it had no id that could be read."""

    re: str | None
    ok: bool
    code: str = ""
    detail: str = ""


class _OnlyId(msgspec.Struct):
    id: AskId


_asking: Final = msgspec.json.Decoder(AnyAsking)
_only_id: Final = msgspec.json.Decoder(_OnlyId)


def read(data: str) -> AnyAsking | Answered:
    """What a screen sent, or the answer that says why it is none."""
    try:
        asking: AnyAsking = _asking.decode(data)
        return asking
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        return refused(_id_in(data), RequestError("invalid-request", f"This is nothing a screen may ask: {error}."))


def _id_in(data: str) -> str | None:
    try:
        return _only_id.decode(data).id
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None


def refused(about: str | None, error: CcplaneError) -> Answered:
    return Answered(re=about, ok=False, code=error.code, detail=str(error))


class Asked:
    """What one session has asked, and what it was answered."""

    def __init__(self, plane: Plane, session: Session, can_pick_up: Callable[[], bool]) -> None:
        """`can_pick_up`: whether desk phones can be told to answer now."""
        self._plane, self._session, self._can_pick_up = plane, session, can_pick_up
        self._answers: OrderedDict[str, asyncio.Task[Answered]] = OrderedDict()

    async def answer(self, asking: AnyAsking) -> Answered:
        """Do it, once; what was begun is carried through, even if nobody waits for the answer any more."""
        task = self._answers.get(asking.id)
        if task is None:
            self._answers[asking.id] = task = asyncio.create_task(self._done(asking))
            if len(self._answers) > REMEMBERED:
                self._answers.popitem(last=False)
        return await asyncio.shield(task)

    async def _done(self, asking: AnyAsking) -> Answered:
        try:
            what = self._meant(asking)
            if what is not None:
                await self._plane.ask(what)
        except CcplaneError as error:
            return refused(asking.id, error)
        except Exception:
            log.exception("an asking of a screen failed unforeseen", do=type(asking).__name__)
            return refused(asking.id, CcplaneError("internal-error", "ccplane failed at this; its log says why."))
        return Answered(re=asking.id, ok=True)

    def _meant(self, asking: AnyAsking) -> Input | None:
        """The input it comes to, None if it needs none; RequestError if it cannot be as things stand now. Between this
        look and the decision nothing else is decided: `ask` decides before it waits."""
        state, whose = self._plane.snapshot.state, self._agent()
        match asking:
            case Ready():
                return IntentAsked(agent=whose.id, intent=Intent.READY, by=whose.id)
            case Pause(reason=reason):
                return IntentAsked(agent=whose.id, intent=Intent.PAUSED, reason=reason, by=whose.id)
            case Offline():
                return IntentAsked(agent=whose.id, intent=Intent.OFFLINE, by=whose.id)
            case Answer(offer=offer):
                if rings(state, whose.id, OfferId(offer)) is None:
                    raise _over(offer)
                if is_web(whose.device):
                    return None
                if not self._can_pick_up():
                    raise RequestError("answer-at-the-phone", "This desk phone can't be told to answer: pick it up.")
                return AnswerAsked(whose.id, OfferId(offer))
            case Reject(offer=offer):
                if rings(state, whose.id, OfferId(offer)) is None:
                    raise _over(offer)
                return RejectAsked(whose.id, OfferId(offer))
            case HangUp(contact=contact):
                if in_call(state, whose, ContactId(contact)) is None:
                    raise RequestError("no-such-talk", "You are in no talk with this contact now.", contact=contact)
                return HangUpAsked(whose.id, ContactId(contact))
            case WrapUpIsDone(since=since):
                return WrapUpEnded(whose.id, whose.id, wrapping_up(whose, since))
            case WrapUpTakesLonger():
                extendable(whose)
                return WrapUpExtendAsked(whose.id, whose.id)
            case Ping():
                return None
            case _:
                assert_never(asking)

    def _agent(self) -> Agent:
        agent = self._plane.snapshot.state.agents.get(self._session.agent)
        if agent is None:
            raise RequestError("no-such-agent", "This agent is no more.")
        return agent


def _over(offer: str) -> RequestError:
    return RequestError("no-such-offer", "This offer does not ring here any more.", offer=offer)
