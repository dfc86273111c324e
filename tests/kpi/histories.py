"""Random but possible histories: the real `decide` driven by whatever could come next."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from ccplane.agents.facts import Intent, Phone, Profile
from ccplane.contacts.contact import Phase
from ccplane.contacts.verbs import EnterQueue
from ccplane.core import State, decide, inputs
from ccplane.core.inputs import Input
from ccplane.ids import AgentId, ChannelId, ContactId, NodeName, ProgramName, QueueName
from ccplane.laws import Fact
from ccplane.routing.rules import Number, Queue, Rules, Step

MIDNIGHT = 1_700_092_800_000
"""2023-11-16 00:00 UTC."""
NODE = NodeName("ast1")
QUEUES = (QueueName("sales"), QueueName("support"))
AGENTS = tuple(AgentId(str(number)) for number in range(1001, 1005))


def rules(timezone: str = "UTC", within_ms: int = 20_000) -> Rules:
    return Rules(
        queues={
            name: Queue(
                name=name, steps=(Step({name: 1}),), wrap_up_ms=2_000, max_wait_ms=max_wait_ms, within_ms=within_ms
            )
            for name, max_wait_ms in zip(QUEUES, (60_000, None), strict=True)
        },
        numbers={name: Number(number=name, program=ProgramName("queue"), queue=name) for name in QUEUES},
        default_program=ProgramName("queue"),
        timezone=timezone,
    )


def people() -> tuple[Profile, ...]:
    skills = ({"sales": 5}, {"support": 5}, {"sales": 5, "support": 5}, {"sales": 5, "support": 5})
    return tuple(
        Profile(id=agent, name=f"Agent {agent}", skills=dict(known), endpoint=f"PJSIP/{agent}")
        for agent, known in zip(AGENTS, skills, strict=True)
    )


class History:
    """A site as it goes on: `give` decides one input now, `facts` is all that happened."""

    def __init__(self, timezone: str = "UTC", at: int = MIDNIGHT - 3_600_000) -> None:
        self.now = at
        self.state = State()
        self.facts: list[Fact] = []
        self.callers = 0
        self.give(inputs.PlaneBegan(epoch=1, version="test", gap_ms=0))
        self.give(inputs.SiteRead(site="s1", rules=rules(timezone), files={}))
        self.give(inputs.PeopleRead(agents=people()))
        self.survey(seen=True)

    def reads(self, **more: Any) -> None:
        """The site's files, with queues that have something else."""
        queues = {name: replace(queue, **more) for name, queue in self.state.rules.queues.items()}
        self.give(inputs.SiteRead(site="s2", rules=replace(self.state.rules, queues=queues), files={}))

    def give(self, what: Input) -> None:
        decision = decide(self.state, what, self.now)
        self.state = decision.state
        self.facts.extend(decision.facts)

    def sign_in(self, agent: AgentId) -> None:
        self.give(inputs.PhoneSeen(agent, Phone.REACHABLE))
        self.give(inputs.IntentAsked(agent=agent, intent=Intent.READY, by="test"))

    def call(self, queue: QueueName) -> ContactId:
        """A caller arrives, and the program puts them into `queue`."""
        self.callers += 1
        channel = ChannelId(f"{self.now // 1000}.{self.callers}")
        self.give(
            inputs.CallerArrived(
                node=NODE, channel=channel, number_dialled=queue, caller="0123", caller_name="", switch_at=self.now
            )
        )
        contact = ContactId(f"c-{NODE}-{channel}")
        self.give(inputs.VerbAsked(contact, 1, EnterQueue(queue)))
        return contact

    def call_waiting(self, queue: QueueName) -> ContactId:
        """A caller waits: somebody who could serve them is signed in, but at no phone."""
        self.give(inputs.IntentAsked(agent=AGENTS[3], intent=Intent.PAUSED, by="test"))
        return self.call(queue)

    def ring(self, contact: ContactId) -> None:
        offer = self.state.contacts[contact].offer
        assert offer
        self.give(inputs.LegRinging(offer.id))

    def answer(self, contact: ContactId) -> None:
        """The agent's phone answers, and both are seen in the room."""
        live = self.state.contacts[contact]
        assert live.offer
        self.give(inputs.EnteredRoom(contact, live.channel))
        self.give(inputs.LegUp(live.offer.id, live.offer.leg))
        self.give(inputs.EnteredRoom(contact, live.offer.leg))

    def survey(self, seen: bool, started_at: int = 0) -> None:
        """A reconnect that finds all callers and talks still there, but no offer's leg; or nothing at all."""
        channels = {
            channel: inputs.ChannelSeen(channel, up=True)
            for contact in self.state.contacts.values()
            for channel in (contact.channel, contact.talk.leg if contact.talk else contact.channel)
        }
        self.give(
            inputs.SwitchSurveyed(
                node=NODE,
                version="22",
                began_at=self.now + 1,
                gap_ms=1_000,
                after_gap=True,
                channels=channels if seen else {},
                rooms={},
                phones={},
                started_at=started_at,
            )
        )

    def wait(self, ms: int) -> None:
        """Time passes, and everything that falls due happens at its moment."""
        until = self.now + ms
        while (due := self.state.wake_at) is not None and due <= until:
            self.now = max(self.now, due)
            self.give(inputs.Tick())
        self.now = until


def random_history(
    choices: Sequence[tuple[int, int, int]],
    timezone: str = "UTC",
    at: int = MIDNIGHT - 3_600_000,
    history: History | None = None,
) -> History:
    """Each choice: how long to wait (ms), which kind of thing happens, and to whom. It begins `at`, or goes on with
    `history`."""
    history = history or History(timezone, at)
    for wait_ms, kind, whom in choices:
        history.wait(wait_ms)
        possible = list(_possible(history, whom))
        possible[kind % len(possible)]()
    return history


def _possible(history: History, whom: int) -> Iterator[Callable[[], object]]:
    agent = AGENTS[whom % len(AGENTS)]
    yield lambda: history.call(QUEUES[whom % 2])
    yield lambda: history.call(QUEUES[whom % 2])
    yield lambda: history.sign_in(agent)
    for intent in (Intent.PAUSED, Intent.OFFLINE):
        yield lambda intent=intent: history.give(inputs.IntentAsked(agent=agent, intent=intent, by="test"))
    yield lambda: history.give(inputs.PhoneSeen(agent, tuple(Phone)[whom % 3]))
    if not history.state.contacts:
        return
    contact = sorted(history.state.contacts.values(), key=lambda each: each.id)[whom % len(history.state.contacts)]
    yield lambda: history.give(inputs.CallerGone(contact.id, 16))
    if contact.verb is None:
        yield lambda: history.give(inputs.ProgramReturned(contact.id))
        yield lambda: history.give(inputs.VerbAsked(contact.id, contact.step + 1, EnterQueue(QUEUES[whom % 2])))
    if contact.phase is Phase.WAITING and contact.offer:
        offer = contact.offer
        yield lambda: history.ring(contact.id)
        yield lambda: history.answer(contact.id)
        yield lambda: history.answer(contact.id)
        yield lambda: history.give(inputs.LegUp(offer.id, offer.leg))
        yield lambda: history.give(inputs.LegEnded(offer.id, offer.leg, sip=(486, 603, 480, 0)[whom % 4]))
    if contact.talk:
        talk = contact.talk
        yield lambda: history.give(inputs.LegEnded(talk.offer, talk.leg, cause=16))
    yield lambda: history.give(inputs.SwitchDropped(NODE, "test"))
    yield lambda: history.survey(seen=whom % 2 == 0)


__all__ = ["AGENTS", "MIDNIGHT", "QUEUES", "History", "random_history", "rules"]
