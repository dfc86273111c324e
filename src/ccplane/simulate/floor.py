"""Who waits, who is free, who gets whom: the simulator's one door to routing. The engine is the live one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from msgspec.structs import replace

from ccplane.agents.agent import Agent, Work
from ccplane.agents.facts import Intent, Phone, Profile
from ccplane.agents.tally import Tally
from ccplane.ids import AgentId, ContactId, NodeName, QueueName
from ccplane.routing.asking import Candidate, asking, nobody_left, passed_over, whoever
from ccplane.routing.engine import Engine, agent_for, contact_for, put_agent, put_waiting, ready_for
from ccplane.routing.rules import Queue

HERE: Final = NodeName("")
NODES: Final[Mapping[NodeName, bool]] = {HERE: True}


class Floor:
    """Agents and waiting contacts at one moment. Every method that may bring two together says whom."""

    def __init__(self, queues: Mapping[QueueName, Queue], agents: Iterable[Profile]) -> None:
        self.queues = dict(queues)
        self.waiting: dict[ContactId, Candidate] = {}
        self._agents: dict[AgentId, Agent] = {}
        self._engine = ready_for(Engine(), self.queues, {})
        for profile in agents:
            if profile.id in self._agents:
                raise ValueError(f"agent {profile.id} is there twice")
            self._put(None, Agent(profile=profile, phone=Phone.REACHABLE))

    def arrives(self, contact: Candidate, now: int) -> AgentId | None:
        """The agent who takes the contact at once; None if it waits from now on."""
        contact = self._stepped(contact)
        agent = self._taker(contact, now)
        if agent is None:
            self._wait(None, contact)
        return agent

    def relaxes(self, contact: ContactId, now: int) -> AgentId | None:
        """Its next step holds: the agent who takes it now, if there is one."""
        before = self.waiting[contact]
        after = self._stepped(replace(before, step=before.step + 1))
        agent = self._taker(after, now)
        self._wait(before, None if agent is not None else after)
        return agent

    def leaves(self, contact: ContactId) -> Candidate:
        """It waits no longer."""
        waiting = self.waiting[contact]
        self._wait(waiting, None)
        return waiting

    def signs_in(self, agent: AgentId, now: int) -> ContactId | None:
        """The contact that they take at once; None if they are free, or not yet done with one of before."""
        before = self._agents[agent]
        after = replace(before, intent=Intent.READY, idle_since=now)
        if before.work is Work.IDLE:
            return self._asks(after, now)
        self._put(before, after)
        return None

    def is_done(self, agent: AgentId, now: int, busy_ms: int) -> ContactId | None:
        """After a contact and its wrap-up, which took so long: the next one; None if they are free, or have left."""
        before = self._agents[agent]
        after = replace(before, work=Work.IDLE, idle_since=now, tally=before.tally.worked(busy_ms))
        if after.intent is Intent.READY:
            return self._asks(after, now)
        self._put(before, after)
        return None

    def is_freed(self, agent: AgentId, now: int) -> ContactId | None:
        """The contact that rang there has gone: the next one."""
        before = self._agents[agent]
        after = replace(before, work=Work.IDLE, idle_since=now)
        if after.intent is Intent.READY:
            return self._asks(after, now)
        self._put(before, after)
        return None

    def signs_out(self, agent: AgentId) -> bool:
        """They want no more; what they do they finish. Says whether they left at once."""
        before = self._agents[agent]
        self._put(before, replace(before, intent=Intent.OFFLINE))
        return before.work is Work.IDLE

    def signed_in(self, agent: AgentId) -> bool:
        return self._agents[agent].signed_in

    def in_vain(self) -> Iterator[ContactId]:
        """Those who wait although nobody who is signed in could serve them, however long."""
        for contact in tuple(self.waiting.values()):
            if nobody_left(self._engine.roster, self.queues[contact.queue], contact):
                yield contact.contact

    def could_be_served(self, contact: Candidate) -> bool:
        return not nobody_left(self._engine.roster, self.queues[contact.queue], contact)

    def is_full(self, name: QueueName) -> bool:
        """Whether one more would be too many for this queue."""
        queue, waiting = self.queues[name], self._engine.lines.count(name)
        if queue.most_waiting is not None and waiting >= queue.most_waiting:
            return True
        if queue.waiting_per_agent is None:
            return False
        roster = self._engine.roster
        agents = (whoever(roster, queue) & roster.signed_in).bit_count()
        return waiting + 1 > queue.waiting_per_agent * agents

    def _asks(self, agent: Agent, now: int) -> ContactId | None:
        """The agent, who is free now and whom the engine does not yet know so, takes the best contact or is free."""
        before = self._agents[agent.id]
        pick = contact_for(self._engine, agent, NODES, now)
        if pick is None:
            self._put(before, agent)
            return None
        self._wait(self.waiting[pick.contact], None)
        self._put(before, _taking(agent, now))
        return pick.contact

    def _taker(self, contact: Candidate, now: int) -> AgentId | None:
        queue = self.queues[contact.queue]
        pick = agent_for(self._engine, contact, queue, self._agents, now)
        if pick is None:
            return None
        self._put(pick.agent, _taking(pick.agent, now))
        return pick.agent.id

    def _stepped(self, contact: Candidate) -> Candidate:
        """At the first step from this one on that somebody could meet who is named in it."""
        queue = self.queues[contact.queue]
        last = len(queue.steps) - 1
        while contact.step < last and passed_over(self._engine.roster, queue, asking(queue, contact)):
            contact = replace(contact, step=contact.step + 1)
        return contact

    def _wait(self, before: Candidate | None, after: Candidate | None) -> None:
        self._engine = put_waiting(self._engine, self.queues, before, after)
        if after is not None:
            self.waiting[after.contact] = after
        elif before is not None:
            del self.waiting[before.contact]

    def _put(self, before: Agent | None, after: Agent) -> None:
        # The order matters nowhere but in `agent_for`, which reads agents of whom the engine says that they are free.
        self._engine = put_agent(self._engine, before, after)
        self._agents[after.id] = after


def _taking(agent: Agent, now: int) -> Agent:
    return replace(agent, work=Work.TALKING, offered_at=now, tally=Tally.began(agent.tally))
