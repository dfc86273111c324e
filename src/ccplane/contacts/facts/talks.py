"""A caller's talk with an agent: it goes by its offer's id, and outlives the agent's phone for a while."""

from __future__ import annotations

from ccplane.contacts.facts.life import EndedBy
from ccplane.contacts.facts.offers import OfferFact
from ccplane.ids import ChannelId, QueueName


class TalkStarted(OfferFact, frozen=True, kw_only=True):
    """Both are in the room: the stay in `queue` ended answered, and stay `segment`, with the agent, began."""

    segment: int
    queue: QueueName
    queue_segment: int
    waited_ms: int
    """In this queue."""
    started_at: int | None = None
    """When, if that is older than this fact."""
    contact_waited_ms: int | None = None
    """By their clock, over all queues; None: as `waited_ms`."""


class TalkEnded(OfferFact, frozen=True, kw_only=True):
    """They no longer talk. `wrap_up_until` is when the agent's work after the call ends: `at` if there is none, None if
    only they end it. It can be extended by `wrap_up_extend_ms` at a time, if that is not 0, to `wrap_up_most_until`."""

    segment: int
    by: EndedBy
    talk_ms: int
    wrap_up_until: int | None
    rest_until: int | None = None
    """Offered nothing until then: their phone could not be heard, and others come first."""
    ended_at: int | None = None
    """When, if that is older than this fact."""
    wrap_up_extend_ms: int = 0
    wrap_up_most_until: int | None = None


class PhoneLost(OfferFact, frozen=True, kw_only=True):
    """The agent's phone vanished in mid-talk: they may come back until `until`. Told again once nothing is heard from
    it any more (`silent`), which is when the caller is asked to hold, and once the leg is gone too."""

    until: int
    leg_gone: bool
    silent: bool = False


class RejoinRung(OfferFact, frozen=True, kw_only=True):
    """Their phone is there again: it is called, to bring them back to the caller."""

    leg: ChannelId


class RejoinMissed(OfferFact, frozen=True, kw_only=True):
    """That call came to nothing. It is made again when the phone comes once more, as long as there is time."""

    leg: ChannelId
    sip: int


class PhoneRejoined(OfferFact, frozen=True, kw_only=True):
    """They are back with the caller: by this leg, which may be the one that they had."""

    leg: ChannelId
    away_ms: int


AnyTalkFact = PhoneLost | RejoinRung | RejoinMissed | PhoneRejoined | TalkEnded
