"""A call's steps as they happen, line by line: what its program asked for, at which line of it, and what came of it.

What was keyed in secret is not told: of such a step it is only said that a key came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, Literal

import msgspec

from ccplane.callflow.told import result_told, said_by, verb_told
from ccplane.contacts import facts as c
from ccplane.contacts.contact import Contact
from ccplane.contacts.verbs import Gather, Verb
from ccplane.errors import CcplaneError
from ccplane.ids import ContactId
from ccplane.laws import Fact
from ccplane.site import Site

Event = Literal["arrived", "program", "step", "key", "unplayed", "result", "offer", "talk", "failed", "ended"]
HIDDEN: Final = "•"


class TraceLine(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened in a call. `where`: the line of the program, `ari_apps/orders.py:14`, of a step that
    began; `try`: more than 1 if a plane that came back began it again; `ms`: of a result, how long the step took."""

    at: int
    contact: ContactId
    event: Event
    text: str
    step: int | None = None
    tries: int | None = msgspec.field(name="try", default=None)
    verb: str | None = None
    where: str | None = None
    ms: int | None = None


class Trace:
    """Facts in, lines out. `site_of`: the site that a hash stands for. `live`: who is in a call already."""

    def __init__(self, site_of: Callable[[str], Site], live: Iterable[Contact] = ()) -> None:
        self._site_of = site_of
        live = tuple(live)
        self._sites: dict[ContactId, str] = {each.id: each.site for each in live}
        self._open: dict[ContactId, tuple[Verb, int | None]] = {
            each.id: (each.verb, None) for each in live if each.verb is not None
        }
        self._says: dict[str, Callable[[str], str]] = {}
        """What sounds say, by the hash of their site."""

    def lines(self, fact: Fact) -> Iterator[TraceLine]:
        """What this fact is in words: a line, or none."""
        if not isinstance(fact, c.ContactFact):
            return
        told = self._told(fact)
        if told is not None:
            yield told

    def standing(self, contact: Contact, now: int) -> Iterator[TraceLine]:
        """Where the program of a call that is up stands, and with whom they talk; nothing if it has none."""
        if contact.verb is not None:
            yield TraceLine(
                at=now,
                contact=contact.id,
                event="step",
                text=verb_told(contact.verb, self._said(contact.id)),
                step=contact.step,
                tries=contact.attempt,
                verb=type(contact.verb).__name__,
            )
        if contact.talk is not None:
            yield TraceLine(at=now, contact=contact.id, event="talk", text=f"talks with {contact.talk.agent}")

    def _told(self, fact: c.ContactFact) -> TraceLine | None:
        def line(event: Event, text: str) -> TraceLine:
            return TraceLine(at=fact.at, contact=fact.contact, event=event, text=text)

        match fact:
            case c.ContactArrived():
                self._sites[fact.contact] = fact.site
                return line("arrived", f"{fact.caller or 'a withheld number'} calls {fact.number_dialled}")
            case c.ProgramStarted():
                return line("program", fact.program)
            case c.StepStarted():
                return self._began(fact)
            case c.KeyTaken() | c.KeyKept():
                later = ", for the next question" if isinstance(fact, c.KeyKept) else ""
                return line("key", (HIDDEN if self._secret(fact.contact) else fact.key) + later)
            case c.SoundsFailed():
                return line("unplayed", ", ".join(fact.sounds))
            case c.StepEnded():
                return self._over(fact)
            case c.OfferMade():
                return line("offer", f"rings {fact.agent}, of {fact.queue}")
            case c.TalkStarted():
                return line("talk", f"talks with {fact.agent}, after {fact.waited_ms / 1000:.1f} s in {fact.queue}")
            case c.TalkEnded():
                return line("talk", f"the talk with {fact.agent} is over, by the {fact.by}")
            case c.ProgramFailed():
                return line("failed", f"{fact.where}: {fact.error}".removeprefix(": "))
            case c.ContactEnded():
                self._open.pop(fact.contact, None)
                self._sites.pop(fact.contact, None)
                return line("ended", f"by the {fact.by}, cause {fact.cause}")
            case _:
                return None

    def _began(self, fact: c.StepStarted) -> TraceLine:
        self._open[fact.contact] = (fact.verb, fact.at)
        return TraceLine(
            at=fact.at,
            contact=fact.contact,
            event="step",
            text=verb_told(fact.verb, self._said(fact.contact)),
            step=fact.step,
            tries=fact.attempt,
            verb=type(fact.verb).__name__,
            where=fact.where or None,
        )

    def _over(self, fact: c.StepEnded) -> TraceLine:
        secret = self._secret(fact.contact)
        verb, since = self._open.pop(fact.contact, (None, None))
        return TraceLine(
            at=fact.at,
            contact=fact.contact,
            event="result",
            text=HIDDEN if secret else result_told(fact.result),
            step=fact.step,
            verb=type(verb).__name__ if verb is not None else None,
            ms=fact.at - since if since is not None else None,
        )

    def _secret(self, contact: ContactId) -> bool:
        verb, _ = self._open.get(contact, (None, None))
        return isinstance(verb, Gather) and verb.secret

    def _said(self, contact: ContactId) -> Callable[[str], str]:
        site = self._sites.get(contact, "")
        if site not in self._says:
            try:
                self._says[site] = said_by(self._site_of(site))
            except (KeyError, CcplaneError):  # a site that nobody has any more: its sounds are told as they stand
                self._says[site] = str
        return self._says[site]
