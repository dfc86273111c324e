"""The facts of agents, beside those of offers and talks, which they share with contacts."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from ccplane.agents.wrap_up import WrapUp
from ccplane.ids import AgentId, ChannelId, ContactId, DeviceName, QueueName, SeatId
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


class PinWay(StrEnum):
    """Where a PIN was given."""

    API = "api"
    PHONE = "phone"


class Membership(msgspec.Struct, frozen=True):
    """How an agent belongs to a queue. `level`: how good they are there, 1-10.

    `priority`: when a contact looks for an agent, those of the lower number are asked first.
    """

    level: int = 5
    priority: int = 1


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """Who an agent is, as Postgres has it. `skills`: name to level 1-10. `endpoint`: what rings, `PJSIP/1001`.

    `role`: which of the roles in acd/dialling.toml says what they may dial.
    """

    id: AgentId
    name: str
    skills: dict[str, int]
    endpoint: str
    role: str = "agent"
    languages: tuple[str, ...] = ()
    """What they speak, as numbers and programs name languages: `en`."""
    queues: dict[QueueName, Membership] = {}
    """The queues that they serve; none named: every queue whose steps they meet."""
    capacity: dict[str, int] = msgspec.field(default_factory=lambda: {"voice": 1})
    """How many contacts of each class of channel they may have at once; of a class that is not named, none."""
    wrap_up: WrapUp | None = None
    """Their own, in every queue; None: the queue's."""
    team: str = ""
    """Whose numbers theirs count for, from when on they are in it; "" is none."""


class Seat(msgspec.Struct, frozen=True, kw_only=True):
    """A workstation with its phones. Each agent has one of their own; `shared`: anyone may sit there.

    `auto_answer`: its phones are told to pick up by themselves. `always_on`: an agent's leg is kept up between calls.
    """

    id: SeatId
    shared: bool = False
    auto_answer: bool = False
    always_on: bool = False


class PeopleLoaded(Fact, frozen=True, kw_only=True):
    """The agents of this site are these, and no others. Agents who stay keep their state."""

    agents: tuple[Profile, ...]
    seats: tuple[Seat, ...] = ()
    """Those that are shared, or not as seats are by default."""


class DeviceChanged(Fact, frozen=True, kw_only=True):
    """The switch says that a phone at which nobody sits just now came, went, or is in use."""

    device: DeviceName
    phone: Phone


class PhoneSlowed(Fact, frozen=True, kw_only=True):
    """A phone takes long to answer when the switch asks whether it is there: speech will lag as much."""

    device: DeviceName
    latency_ms: int


class PhoneQuickened(Fact, frozen=True, kw_only=True):
    """It answers as fast as it should again."""

    device: DeviceName
    latency_ms: int


class AgentFact(Fact, frozen=True, kw_only=True):
    """A fact about one agent."""

    agent: AgentId


class AgentEdited(AgentFact, frozen=True, kw_only=True):
    """Somebody changed what the agent can do, or which queues they serve. `by`: who; `before`: what it was."""

    profile: Profile
    before: Profile
    by: str


class IntentChanged(AgentFact, frozen=True, kw_only=True):
    """An agent, someone for them, or the rule about missed offers changed what they want."""

    intent: Intent
    reason: str
    by: str


class PhoneChanged(AgentFact, frozen=True, kw_only=True):
    """The switch says the agent's phone came, went, or is used for a call of their own; or they sit at another one."""

    phone: Phone
    device: DeviceName | None = None
    """Which phone; None in facts of before there were seats, when each agent had just one."""


class SeatTaken(AgentFact, frozen=True, kw_only=True):
    """The agent sits at this seat, and offers ring this phone of it."""

    seat: SeatId
    device: DeviceName


class SeatLeft(AgentFact, frozen=True, kw_only=True):
    """The agent left the seat they had taken; their own desk phone is theirs again."""

    seat: SeatId


class LineEnd(StrEnum):
    """Why an open line is none any more."""

    NOT_TAKEN = "not-taken"
    """It rang, and nobody picked it up; or it was refused, or could not be rung."""
    HUNG_UP = "hung-up"
    """By the agent."""
    LOST = "lost"
    """By nobody: the network, or the phone."""
    NOT_WANTED = "not-wanted"
    """By us: they signed out, moved, or the seat has none any more."""


class StandingRung(AgentFact, frozen=True, kw_only=True):
    """The agent's phone rings once, for the line that stays open between their calls."""

    line: ChannelId
    device: DeviceName
    deadline: int


class StandingUp(AgentFact, frozen=True, kw_only=True):
    """The line is open: what is offered to them is joined at once. `found`: it was at the switch, and not known."""

    line: ChannelId
    device: DeviceName
    found: bool = False


class StandingEnded(AgentFact, frozen=True, kw_only=True):
    """The line is none any more, or never came to be. `again`: it is rung anew, once `rest_until` is over; else only
    when they become ready again."""

    line: ChannelId
    why: LineEnd
    again: bool
    rest_until: int | None = None


class WrapUpExtended(AgentFact, frozen=True, kw_only=True):
    """The work after a call takes longer: it now ends by itself at `until`. `by`: who asked for it."""

    until: int
    by: str


class WrapUpDone(AgentFact, frozen=True, kw_only=True):
    """The work after a call is over. `by`: who said so; nobody if its time was up."""

    by: str = ""
    wrap_up_ms: int | None = None
    """How long it took; less than has passed since if its time was up while nobody was there to tell. None in facts of
    before this was said."""


class AgentRested(AgentFact, frozen=True, kw_only=True):
    """The rest after a missed offer is over."""


class LegDropped(AgentFact, frozen=True, kw_only=True):
    """We asked for this leg of the agent to be hung up: their phone is not free before it is gone (law 8). Should
    the switch not tell, it is looked for at `deadline`."""

    leg: ChannelId
    deadline: int
    unseen: bool = False
    """Nothing has told of it yet: it may be yet to come."""


class LegCleared(AgentFact, frozen=True, kw_only=True):
    """The leg that we dropped is gone. `told`: the switch said so; else a survey did not show it that should have."""

    leg: ChannelId
    told: bool


class LegsSought(AgentFact, frozen=True, kw_only=True):
    """Nobody told in time that the legs which we dropped are gone: the next survey that begins shows what there is."""


class PinSet(AgentFact, frozen=True, kw_only=True):
    """The agent has a new PIN, and a clean slate."""

    by: str


class PinAccepted(AgentFact, frozen=True, kw_only=True):
    """Somebody proved to be the agent. `whence`: from which address, or which phone."""

    way: PinWay
    whence: str


class PinRefused(AgentFact, frozen=True, kw_only=True):
    """Somebody gave a wrong PIN for the agent, `in_a_row` times by now."""

    way: PinWay
    whence: str
    in_a_row: int


class PinLocked(AgentFact, frozen=True, kw_only=True):
    """Too many wrong ones: no PIN of the agent's counts before `until`, not even the right one."""

    way: PinWay
    whence: str
    until: int


class PinUnlocked(AgentFact, frozen=True, kw_only=True):
    """An administrator lifted that."""

    by: str


class OwnCallStarted(AgentFact, frozen=True, kw_only=True):
    """The agent makes a call of their own through us, or another agent calls them: they are offered nothing."""

    contact: ContactId | None = None


class DiallingRefused(AgentFact, frozen=True, kw_only=True):
    """The agent wanted to call a number that they may not. `rule`: why, `routing.dialling.Rule`."""

    number: str
    rule: str
    contact: ContactId | None = None
    """The call from their phone in which they tried; None if they asked us to make it."""


class OwnCallEnded(AgentFact, frozen=True, kw_only=True):
    """Their own call is over."""

    contact: ContactId | None = None


class BesideCallStarted(AgentFact, frozen=True, kw_only=True):
    """The agent is on an own call beside other work, in wrap-up for instance: they are offered nothing after that."""

    contact: ContactId


class BesideCallEnded(AgentFact, frozen=True, kw_only=True):
    """That call is over, and their work goes on; or they are on another own call still."""

    contact: ContactId


AnyAgentFact = (
    IntentChanged
    | AgentEdited
    | PhoneChanged
    | AgentRested
    | WrapUpDone
    | WrapUpExtended
    | LegDropped
    | LegCleared
    | LegsSought
    | SeatTaken
    | SeatLeft
    | PinSet
    | PinAccepted
    | PinRefused
    | PinLocked
    | PinUnlocked
    | OwnCallStarted
    | OwnCallEnded
    | BesideCallStarted
    | BesideCallEnded
    | DiallingRefused
    | StandingRung
    | StandingUp
    | StandingEnded
)
