"""Made-up runs for the checker: one in which all is well, to which a test does what nobody may do."""

from __future__ import annotations

from typing import Any

from chaos.logs import Asked, Board, Caller, Contact, Counters, Ended, Fact, Fault, Ring, Run


class Story:
    """A run told call by call; times in seconds from its beginning. All of it agrees until a test changes it."""

    def __init__(self, agents: int = 2) -> None:
        self.run = Run(seed=1, began_at=0, ended_at=600_000, agents=[str(1001 + n) for n in range(agents)])
        self._seq = 0
        for agent in self.run.agents:
            self.asks(agent, "ready", 0.0)

    def asks(self, agent: str, state: str, at: float) -> Asked:
        ms = round(at * 1000)
        asked = Asked(agent=agent, state=state, reason=f"{state} {len(self.run.asked)}", at=ms, answered_at=ms + 5)
        self.run.asked.append(asked)
        self.fact("IntentChanged", at, None, agent=agent, intent=state, reason=asked.reason)
        return asked

    def fact(self, kind: str, at: float, contact: str | None, **body: Any) -> Fact:
        self._seq += 1
        fact = Fact(epoch=1, seq=self._seq, at=round(at * 1000), kind=kind, contact=contact, agent=body.get("agent"),
                    body=body)  # fmt: skip
        self.run.facts.append(fact)
        return fact

    def arrives(self, number: str, at: float, queue: str = "support") -> Caller:
        """Answered at once, and in the queue."""
        caller = Caller(number=number, dialled="4002", at=round(at * 1000), up_at=round(at * 1000))
        self.run.callers.append(caller)
        self.run.contacts.append(Contact(id=f"c{number}", caller=number, ended_by="caller"))
        self.fact("ContactQueued", at, f"c{number}", queue=queue)
        shown = self.run.queues.setdefault(queue, Counters(offered=0, answered=0, abandoned=0, waiting=0))
        shown.offered += 1
        return caller

    def rings(self, number: str, agent: str, at: float, until: float, how: Ended = Ended.CANCELLED) -> Ring:
        """In vain."""
        ring = Ring(agent=agent, caller=number, at=round(at * 1000), ended_at=round(until * 1000), how=how)
        self.run.rings.append(ring)
        return ring

    def talks(self, number: str, agent: str, at: float, until: float, rang_at: float | None = None) -> Ring:
        """Rung, answered at `at`, ended by the caller at `until`: for phones and facts alike."""
        caller = self.caller(number)
        ring = self.rings(number, agent, at - 0.2 if rang_at is None else rang_at, until, Ended.PEER)
        ring.up_at = round(at * 1000)
        caller.ended_at, caller.how = round(until * 1000), Ended.SELF
        waited = round(at * 1000) - (caller.up_at or 0)
        self.fact("TalkStarted", at, f"c{number}", agent=agent, queue="support", waited_ms=waited)
        self.fact("TalkEnded", until, f"c{number}", agent=agent, by="caller")
        self.fact("ContactEnded", until, f"c{number}", by="caller")
        self.run.queues["support"].answered += 1
        return ring

    def gives_up(self, number: str, at: float) -> None:
        caller = self.caller(number)
        caller.ended_at, caller.how = round(at * 1000), Ended.SELF
        waited = caller.ended_at - (caller.up_at or 0)
        self.fact("ContactUnqueued", at, f"c{number}", queue="support", outcome="abandoned", waited_ms=waited)
        self.run.queues["support"].abandoned += 1

    def fault(self, at: float, whole_at: float, kind: str = "kill-plane", over_at: float | None = None) -> Fault:
        """Over at once, unless it is said when."""
        ms, over, whole = (round(each * 1000) for each in (at, at if over_at is None else over_at, whole_at))
        fault = Fault(number=len(self.run.faults) + 1, kind=kind, at=ms, over_at=over, whole_at=whole)
        self.run.faults.append(fault)
        return fault

    def shows(self, agent: str, state: str, *at: float) -> None:
        for each in at:
            self.run.boards.append(Board(at=round(each * 1000), agents={agent: state}))

    def caller(self, number: str) -> Caller:
        return next(each for each in self.run.callers if each.number == number)

    def said(self, kind: str, number: str) -> Fact:
        return next(each for each in self.run.facts if each.kind == kind and each.contact == f"c{number}")
