"""One input being decided: the facts and commands so far, and the state they lead to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, ParamSpec

from ccplane.agents.facts import AgentFact
from ccplane.contacts.contact import Contact
from ccplane.contacts.facts import ContactFact, OfferFact
from ccplane.core.commands import (
    AddCaller,
    AnswerCaller,
    Command,
    LetRing,
    PlaySounds,
    RemoveCaller,
    StartMusic,
    StopMusic,
    StopRinging,
    TellQueue,
)
from ccplane.core.evolve import evolve
from ccplane.core.follows import candidate
from ccplane.core.state import State
from ccplane.facts import AnyFact, RepairMade, SwitchFound
from ccplane.ids import AgentId, ContactId
from ccplane.laws import Fact

UNDECIDED: Final = "could not be decided"
"""What a RepairMade says of a fault of ours that was kept to whom it concerns."""
P = ParamSpec("P")

TO_CALLERS: Final = (
    AddCaller,
    AnswerCaller,
    LetRing,
    PlaySounds,
    RemoveCaller,
    StartMusic,
    StopMusic,
    StopRinging,
    TellQueue,
)


class Turn:
    """Collects what is decided. A fact is evolved at once, so that the next thought sees what it led to."""

    def __init__(self, state: State, now: int, when: int | None = None) -> None:
        self.state = state
        self.now = now
        self.when = now if when is None else min(when, now)
        """When that happened which is being decided: before `now` only for what comes late (`Late`)."""
        self.facts: list[Fact] = []
        self.commands: list[Command] = []
        self.unserved: dict[ContactId, None] = {}
        """Contacts that came to wait, or may now be served by more agents: they want an agent."""
        self.freed: dict[AgentId, None] = {}
        """Agents that became free: they want a contact."""
        self.wanting: dict[ContactId, None] = {}
        """Of those for whom further phones may ring, the ones for whom something has changed."""
        self.leaving: dict[AgentId, None] = {}
        """Agents who are done, at a seat that they had taken."""

    def happened(self, fact: AnyFact) -> None:
        """Take a fact as decided; IllegalMove, and nothing is taken, if it cannot be."""
        before, self.state = self.state, evolve(self.state, fact)
        self.facts.append(fact)
        if isinstance(fact, ContactFact):
            self._asked_for(before.contacts.get(fact.contact), self.state.contacts.get(fact.contact))
        if isinstance(fact, OfferFact | AgentFact):
            was, now_is = before.agents[fact.agent], self.state.agents[fact.agent]
            if now_is.free and not was.free:
                self.freed[fact.agent] = None
            if now_is.may_leave:
                self.leaving[fact.agent] = None

    def _asked_for(self, before: Contact | None, after: Contact | None) -> None:
        """Whom a contact, or an agent because of it, is to be looked at for, once it has changed."""
        for_whom = before.being_called if before else None
        if for_whom is not None and for_whom not in self.state.called_for:
            agent = self.state.agents.get(for_whom)
            if agent is not None and agent.free:
                self.freed[for_whom] = None  # another customer may be called for them
        if after is None:
            return
        if after.id in self.state.wanting:
            self.wanting[after.id] = None
        now = candidate(after)
        if now is not None and now != candidate(before):
            self.unserved[after.id] = None

    def over(self, since: int) -> tuple[int, int | None]:
        """Of what began at `since` and ends with this input: how many ms it took, and when it ended if not now."""
        ended_at = max(self.when, since)
        return ended_at - since, ended_at if ended_at < self.now else None

    @contextmanager
    def as_of(self, when: int) -> Iterator[None]:
        """What is over within this was over then."""
        before, self.when = self.when, min(when, self.now)
        try:
            yield
        finally:
            self.when = before

    def attempt(self, subject: str, rule: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> bool:
        """Decide one of many: wholly, or not at all. A fault of ours is a fact about `subject` and stops no other."""
        state, facts, commands = self.state, len(self.facts), len(self.commands)
        try:
            rule(*args, **kwargs)
        except Exception as error:  # `unserved` and `freed` may name too many now: they are looked at again anyway
            self.state = state
            del self.facts[facts:], self.commands[commands:]
            self.repaired(UNDECIDED, subject, f"{type(error).__name__}: {error}")
            return False
        return True

    def repaired(self, what: str, subject: str, why: str) -> None:
        """The switch and we disagreed, and are brought together."""
        self.happened(RepairMade(at=self.now, what=what, subject=subject, why=why))

    @property
    def begun_anew(self) -> bool:
        """Whether this input found the switch begun anew: then nothing is to be repaired, its calls are over."""
        return any(isinstance(fact, SwitchFound) and fact.restarted for fact in self.facts)

    def do(self, command: Command) -> None:
        """Ask for something to be done at the switch. Who is yet to be called back has no channel."""
        if isinstance(command, TO_CALLERS):
            contact = self.state.contacts.get(command.contact)
            if contact is not None and contact.absent and command.channel == contact.channel:
                return
        self.commands.append(command)
