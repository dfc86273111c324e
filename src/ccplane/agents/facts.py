"""The facts of agents, beside those of offers and talks, which they share with contacts."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from ccplane.ids import AgentId, ChannelId
from ccplane.laws import Fact


class Intent(StrEnum):
    """What an agent wants. Set at any time; it takes effect when work allows."""

    OFFLINE = "offline"
    READY = "ready"
    PAUSED = "paused"


class Phone(StrEnum):
    """What an agent's phone can do now."""

    GONE = "gone"
    REACHABLE = "reachable"
    IN_USE = "in-use"
    """In a call that is not one of ours."""


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """Who an agent is, as Postgres has it. `skills`: name to level 1-10. `endpoint`: what rings, `PJSIP/1001`."""

    id: AgentId
    name: str
    skills: dict[str, int]
    endpoint: str


class PeopleLoaded(Fact, frozen=True, kw_only=True):
    """The agents of this site are these, and no others. Agents who stay keep their state."""

    agents: tuple[Profile, ...]


class AgentFact(Fact, frozen=True, kw_only=True):
    """A fact about one agent."""

    agent: AgentId


class IntentChanged(AgentFact, frozen=True, kw_only=True):
    """An agent, someone for them, or the rule about missed offers changed what they want."""

    intent: Intent
    reason: str
    by: str


class PhoneChanged(AgentFact, frozen=True, kw_only=True):
    """The switch says the agent's phone came, went, or is used for a call of their own."""

    phone: Phone


class WrapUpDone(AgentFact, frozen=True, kw_only=True):
    """The work after a call is over, by time or by the agent."""


class AgentRested(AgentFact, frozen=True, kw_only=True):
    """The rest after a missed offer is over."""


class LegDropped(AgentFact, frozen=True, kw_only=True):
    """We asked for this leg of the agent to be hung up: their phone is not free before it is gone (law 8), or, should
    the switch never tell, before `deadline`."""

    leg: ChannelId
    deadline: int


class LegCleared(AgentFact, frozen=True, kw_only=True):
    """The leg that we dropped is gone. `told`: the switch said so; else the deadline passed."""

    leg: ChannelId
    told: bool


class PhoneLost(AgentFact, frozen=True, kw_only=True):
    """The agent's leg vanished in mid-talk; they may come back."""


class PhoneRejoined(AgentFact, frozen=True, kw_only=True):
    """They came back to the same contact."""


class OwnCallStarted(AgentFact, frozen=True, kw_only=True):
    """The agent makes a call of their own through us."""


class OwnCallEnded(AgentFact, frozen=True, kw_only=True):
    """Their own call is over."""


AnyAgentFact = (
    IntentChanged
    | PhoneChanged
    | AgentRested
    | WrapUpDone
    | LegDropped
    | LegCleared
    | PhoneLost
    | PhoneRejoined
    | OwnCallStarted
    | OwnCallEnded
)
