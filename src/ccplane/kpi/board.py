"""The board: what the wallboard and the metrics count, as a fold over facts.

Each stay in a queue is counted on the day on which it began, however late it ends; so the board knows today,
yesterday, and the stays and offers that are still open. Facts of a stay that began earlier than yesterday, or that
the board never saw begin, count only in `ever`, or nowhere. The board is a persistent value, like the state.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from typing import Any, Final, get_args

import msgspec
from immutables import Map
from msgspec.structs import replace

from ccplane.agents.facts import WrapUpDone
from ccplane.contacts import facts as c
from ccplane.contacts.facts import callbacks as cb
from ccplane.contacts.facts.callbacks import AnyCallbackFact
from ccplane.days import day_of
from ccplane.facts import PlaneStarted, SwitchFound, SwitchLost, SwitchUnwatched
from ccplane.ids import AgentId, CallbackId, ContactId, NodeName, OfferId, QueueName
from ccplane.kpi import brought
from ccplane.kpi.brought import Brought, Cames, Lines
from ccplane.kpi.counters import (
    NOTHING,
    NOTHING_YET,
    Counters,
    Delays,
    OfferOver,
    Spread,
    Totals,
    counted,
    for_answer,
    for_answered,
    for_callback,
    for_ended,
    for_offer,
    for_talk,
)
from ccplane.kpi.definitions import LEAST_GAP_MS
from ccplane.kpi.live import Live
from ccplane.laws import Fact
from ccplane.routing.rules import RulesLoaded

DEFAULT_WITHIN_MS: Final = 20_000
GAPS_MOST: Final = 200
PerQueue = Map[QueueName, Counters]
SpreadPerQueue = Map[QueueName, Spread]


class Stay(msgspec.Struct, frozen=True):
    """A stay in a queue that is not over."""

    queue: QueueName
    queued_at: int
    estimate_ms: int | None = None
    """How long we thought it would last."""
    at_once: bool = False
    """They were offered to an agent the moment they came."""


class Open(msgspec.Struct, frozen=True):
    """An offer that is not over."""

    stay: Stay
    made_at: int
    auto_answer: bool = False


class Served(msgspec.Struct, frozen=True):
    """A stay whose talk, or the work after it, is not over. `over_at`: when it was told that the talk is."""

    stay: Stay
    over_at: int | None = None


class Gap(msgspec.Struct, frozen=True):
    """While nobody watched a node: what happened there was found out afterwards, or never. [from, to) in ms."""

    began_at: int
    ended_at: int | None
    """None while it lasts."""


class Day(msgspec.Struct, frozen=True):
    """A day's counters, by the queue. [from, to) in ms."""

    began_at: int = 0
    ends_at: int = 0
    queues: PerQueue = Map()
    off: SpreadPerQueue = Map()
    """How far the estimates of how long one would wait were off."""
    gaps: tuple[Gap, ...] = ()
    lines: Lines = Map()
    """What the numbers that were dialled brought."""

    def __contains__(self, at: int) -> bool:
        return self.began_at <= at < self.ends_at

    def plus(self, queue: QueueName, more: dict[str, int]) -> Day:
        return replace(self, queues=_added(self.queues, queue, more))

    def brought(self, of: brought.Came, more: dict[str, int]) -> Day:
        return replace(self, lines=brought.added(self.lines, of, more))

    def also_unwatched(self, began_at: int, ended_at: int | None) -> Day:
        """With as much of this gap as fell into this day; the last GAPS_MOST are kept."""
        until = self.ends_at if ended_at is None else ended_at
        if began_at >= self.ends_at or until <= self.began_at:
            return self
        gap = Gap(max(began_at, self.began_at), ended_at if ended_at is None else min(ended_at, self.ends_at))
        others = tuple(each for each in self.gaps if each.began_at < gap.began_at)  # it may be found to be longer
        return replace(self, gaps=(*others[1 - GAPS_MOST :], gap))


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """Begin with `Board.begun`; go on with `evolve`."""

    timezone: str = "UTC"
    ring_cycle_ms: int = 5_000
    within_ms: Map[QueueName, int] = Map()
    today: Day = Day()
    yesterday: Day = Day()
    ever: PerQueue = Map()
    """Since the fold began."""
    ever_off: SpreadPerQueue = Map()
    ever_waits: SpreadPerQueue = Map()
    """Of those who were answered."""
    stays: Map[ContactId, Stay] = Map()
    callbacks: Map[CallbackId, Stay] = Map()
    """Those that are promised and not over; they count on the day on which they were asked for."""
    offers: Map[OfferId, Open] = Map()
    served: Map[AgentId, Served] = Map()
    """By the agent who talks, or has work after it."""
    ringing: Delays = Delays()
    """From an offer made to the phone's 180, since the fold began."""
    totals: Totals = Totals()
    came: Cames = Map()
    """Contacts from outside that are not over; they count on the day on which they arrived."""
    ever_brought: Map[str, Brought] = Map()
    """By the advertisement, since the fold began."""
    live: Live = msgspec.field(default_factory=Live)
    """Shared by all boards of one fold, as of the last of them; `for_later` has a copy of its own."""
    watched: Map[NodeName, int | None] = Map()
    """Each node that we have: None while it is watched, else since when it is not."""

    @staticmethod
    def begun(timezone: str = "UTC") -> Board:
        """A board that has seen nothing yet."""
        return Board(timezone=timezone)

    def for_later(self) -> Board:
        """This board for another thread, or for whoever reads it after further facts."""
        return replace(self, live=self.live.copy())

    def to_bytes(self) -> bytes:
        """The board for a checkpoint."""
        return msgspec.json.encode(self, enc_hook=_plain)

    @staticmethod
    def from_bytes(data: bytes) -> Board:
        """The board again; msgspec.ValidationError if this is none, and then it is folded anew."""
        return _decoder.decode(data)

    def within(self, queue: QueueName) -> int:
        """The queue's threshold T, in ms."""
        return self.within_ms.get(queue, DEFAULT_WITHIN_MS)

    def gaps(self, now: int) -> tuple[Gap, ...]:
        """Those of today, and at the end whatever lasts."""
        today = self.on_day(now).today
        for since in self.watched.values():
            if since is not None and now - since >= LEAST_GAP_MS:
                today = today.also_unwatched(since, None)
        return today.gaps

    def on_day(self, now: int) -> Board:
        """The board as it is at `now`: after midnight today's counters are yesterday's."""
        if now < self.today.ends_at:
            return self
        began_at, ends_at = day_of(now, self.timezone)
        gone = self.today if self.today.ends_at == began_at else Day(day_of(began_at - 1, self.timezone)[0], began_at)
        came = brought.recent(self.came, gone.began_at)
        return replace(self, today=Day(began_at, ends_at), yesterday=gone, came=came)


def evolve(board: Board, fact: Fact) -> Board:
    """The board after `fact`."""
    board = counted_in(board, fact)
    board.live.fold(fact, board.today.began_at, board.today.ends_at)
    return _brought(board, fact) if type(fact) in brought.FOLLOWED else board


def counted_in(board: Board, fact: Fact) -> Board:
    """The board alone, without figures by group and without what numbers bring."""
    board = replace(board.on_day(fact.at), totals=counted(board.totals, fact))
    fold = FOLDS.get(type(fact))
    return fold(board, fact) if fold else board


def _brought(board: Board, fact: Fact) -> Board:
    """What a fact adds to what the dialled numbers bring."""
    came, of, more = brought.follow(board.came, fact)
    board = replace(board, came=came) if came is not board.came else board
    if of is None or not any(more.values()):
        return board
    board.live.brought(of, more)
    ever = board.ever_brought.set(of.attribution, board.ever_brought.get(of.attribution, Brought()).plus(more))
    board = replace(board, ever_brought=ever)
    if of.at in board.today:
        return replace(board, today=board.today.brought(of, more))
    if of.at in board.yesterday:
        return replace(board, yesterday=board.yesterday.brought(of, more))
    return board


def _rules_loaded(board: Board, fact: RulesLoaded) -> Board:
    """Thresholds hold for stays that end from here on. In a new time zone the day that runs ends at its midnight."""
    rules = fact.rules
    today = board.today
    if rules.timezone != board.timezone:
        began_at, ends_at = day_of(fact.at, rules.timezone)
        fresh = not board.stays and not today.queues
        today = Day(began_at, ends_at) if fresh else replace(today, ends_at=ends_at)
    within = Map({name: queue.within_ms for name, queue in rules.queues.items()})
    return replace(board, timezone=rules.timezone, ring_cycle_ms=rules.ring_cycle_ms, within_ms=within, today=today)


def _plane_started(board: Board, fact: PlaneStarted) -> Board:
    """Nothing is watched until the switch is found again; and nothing was since the plane before was gone. For a node
    that this plane does not have, perhaps by another name now, nobody waits any more."""
    if not board.watched:
        return board
    since = fact.at - fact.gap_ms
    nodes = fact.nodes or tuple(board.watched)
    for node, at in board.watched.items():
        if node not in nodes:
            board = _unwatched(board, at or since, fact.at)
    return replace(board, watched=Map({node: board.watched.get(node) or since for node in nodes}))


def _switch_lost(board: Board, fact: SwitchLost) -> Board:
    since = board.watched.get(fact.node) or fact.at
    return replace(board, watched=board.watched.set(fact.node, since))


def _switch_found(board: Board, fact: SwitchFound) -> Board:
    since = min(board.watched.get(fact.node) or fact.at, fact.at - fact.gap_ms)
    return _unwatched(replace(board, watched=board.watched.set(fact.node, None)), since, fact.at)


def _switch_unwatched(board: Board, fact: SwitchUnwatched) -> Board:
    return _unwatched(board, fact.at - fact.gap_ms, fact.at)


def _unwatched(board: Board, since: int, until: int) -> Board:
    """With this gap in the days that it touches, if it is long enough to matter."""
    if until - since < LEAST_GAP_MS:
        return board
    return replace(
        board,
        today=board.today.also_unwatched(since, until),
        yesterday=board.yesterday.also_unwatched(since, until),
    )


def _queued(board: Board, fact: c.ContactQueued) -> Board:
    if fact.callback is not None:
        return board  # callbacks are counted apart
    entered_at = fact.since if fact.entered_at is None else fact.entered_at
    stay = Stay(fact.queue, fact.at if entered_at is None else entered_at, fact.estimate_ms)
    return _add(replace(board, stays=board.stays.set(fact.contact, stay)), stay, {"entered": 1})


def _answered(board: Board, fact: c.TalkStarted) -> Board:
    stay = board.stays.get(fact.contact)
    delayed = stay is not None and not stay.at_once
    over = for_answered(fact.waited_ms, board.within(fact.queue), fact.contact_waited_ms, delayed)
    board = replace(board, ever_waits=_one_more(board.ever_waits, fact.queue, fact.waited_ms))
    if stay is not None:
        board = replace(board, served=board.served.set(fact.agent, Served(stay)))
    if stay is not None and stay.estimate_ms is not None:
        board = _off(board, stay, abs(stay.estimate_ms - fact.waited_ms))
    return _stay_over(board, fact.contact, over)


def _talk_ended(board: Board, fact: c.TalkEnded) -> Board:
    served = board.served.get(fact.agent)
    if served is None or served.over_at is not None:
        return board
    board = replace(board, served=board.served.set(fact.agent, Served(served.stay, fact.at)))
    return _add(board, served.stay, for_talk(fact.talk_ms))


def _wrap_up_done(board: Board, fact: WrapUpDone) -> Board:
    served = board.served.get(fact.agent)
    if served is None:
        return board
    began = fact.at if served.over_at is None else served.over_at
    took = fact.at - began if fact.wrap_up_ms is None else fact.wrap_up_ms
    return _add(replace(board, served=board.served.delete(fact.agent)), served.stay, {"wrap_up_ms": took})


def _unqueued(board: Board, fact: c.ContactUnqueued) -> Board:
    return _stay_over(board, fact.contact, for_ended(fact.outcome, fact.waited_ms, board.within(fact.queue)))


def _callback_asked(board: Board, fact: cb.CallbackAsked) -> Board:
    return replace(board, callbacks=board.callbacks.set(fact.callback, Stay(fact.queue, fact.at)))


def _callback(board: Board, fact: AnyCallbackFact) -> Board:
    stay = board.callbacks.get(fact.callback)
    if stay is None:
        return board
    if isinstance(fact, cb.CallbackRefused | cb.CallbackEnded):
        board = replace(board, callbacks=board.callbacks.delete(fact.callback))
    more = for_callback(fact)
    return _add(board, stay, more) if more else board


def _survey_asked(board: Board, fact: c.SurveyAsked) -> Board:
    """It counts, with its answers, for the queue of the talk, on the day on which it was asked."""
    return _add(board, Stay(fact.queue, fact.at), {"surveys_asked": 1}) if fact.queue else board


def _survey_answered(board: Board, fact: c.SurveyAnswered) -> Board:
    return _add(board, Stay(fact.queue, fact.asked_at), for_answer(fact)) if fact.queue else board


def _fallback_served(board: Board, fact: c.FallbackServed) -> Board:
    """A whole stay, told when it is over: it counts on the day on which it began, like any other."""
    over = for_ended(fact.outcome, fact.waited_ms, board.within(fact.queue))
    return _add(board, Stay(fact.queue, fact.queued_at), {"entered": 1, **over, **for_talk(fact.talk_ms or 0)})


def _stay_over(board: Board, contact: ContactId, more: dict[str, int]) -> Board:
    stay = board.stays.get(contact)
    return _add(replace(board, stays=board.stays.delete(contact)), stay, more) if stay else board


def _offer_made(board: Board, fact: c.OfferMade) -> Board:
    stay = board.stays.get(fact.contact)
    if stay is None:
        return board
    if fact.at <= stay.queued_at and not stay.at_once:
        board = replace(board, stays=board.stays.set(fact.contact, replace(stay, at_once=True)))
    return replace(board, offers=board.offers.set(fact.offer, Open(stay, fact.at, fact.auto_answer)))


def _ringing(board: Board, fact: c.OfferRinging) -> Board:
    offer = board.offers.get(fact.offer)
    rang_at = fact.at if fact.rang_at is None else fact.rang_at
    return replace(board, ringing=board.ringing.and_also(rang_at - offer.made_at)) if offer else board


def _offer_over(board: Board, fact: OfferOver) -> Board:
    offer = board.offers.get(fact.offer)
    if offer is None:
        return board
    closed = replace(board, offers=board.offers.delete(fact.offer))
    return _add(closed, offer.stay, for_offer(fact, board.ring_cycle_ms, offer.auto_answer))


def _add(board: Board, stay: Stay, more: dict[str, int]) -> Board:
    """Count for the stay's queue, on the day on which the stay began."""
    board = replace(board, ever=_added(board.ever, stay.queue, more))
    if stay.queued_at in board.today:
        return replace(board, today=board.today.plus(stay.queue, more))
    if stay.queued_at in board.yesterday:
        return replace(board, yesterday=board.yesterday.plus(stay.queue, more))
    return board


def _off(board: Board, stay: Stay, ms: int) -> Board:
    """One more estimate that was so far off; it counts like the stay."""
    board = replace(board, ever_off=_one_more(board.ever_off, stay.queue, ms))
    if stay.queued_at in board.today:
        return replace(board, today=replace(board.today, off=_one_more(board.today.off, stay.queue, ms)))
    if stay.queued_at in board.yesterday:
        return replace(board, yesterday=replace(board.yesterday, off=_one_more(board.yesterday.off, stay.queue, ms)))
    return board


def _added(queues: PerQueue, queue: QueueName, more: dict[str, int]) -> PerQueue:
    return queues.set(queue, queues.get(queue, NOTHING).and_also(more))


def _one_more(queues: SpreadPerQueue, queue: QueueName, ms: int) -> SpreadPerQueue:
    return queues.set(queue, queues.get(queue, NOTHING_YET).and_also(ms))


FOLDS: Final[dict[type[Fact], Callable[[Board, Any], Board]]] = {
    RulesLoaded: _rules_loaded,
    PlaneStarted: _plane_started,
    SwitchLost: _switch_lost,
    c.SurveyAsked: _survey_asked,
    c.SurveyAnswered: _survey_answered,
    SwitchFound: _switch_found,
    SwitchUnwatched: _switch_unwatched,
    c.ContactQueued: _queued,
    c.ContactUnqueued: _unqueued,
    c.TalkStarted: _answered,
    c.TalkEnded: _talk_ended,
    WrapUpDone: _wrap_up_done,
    c.FallbackServed: _fallback_served,
    cb.CallbackAsked: _callback_asked,
    cb.CallbackPromised: _callback,
    cb.CallbackRefused: _callback,
    cb.CallbackDialled: _callback,
    cb.CallbackReached: _callback,
    cb.CallbackEnded: _callback,
    c.OfferMade: _offer_made,
    c.OfferRinging: _ringing,
    c.OfferAnswered: _offer_over,
    c.OfferMissed: _offer_over,
    c.OfferWithdrawn: _offer_over,
}


def _plain(value: Any) -> Any:
    return value.to_bytes() if isinstance(value, Live) else dict(value)


def _map(kind: Any, plain: Any) -> Any:
    """What msgspec cannot do by itself: a Map from the object that stands for it in JSON, and the live figures."""
    if kind is Live:
        return Live.from_bytes(b64decode(plain))
    alike: Any = dict.__class_getitem__(get_args(kind))
    return Map(msgspec.convert(plain, alike))


_decoder: Final = msgspec.json.Decoder(Board, dec_hook=_map)
