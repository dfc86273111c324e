"""A contact centre in one line, and hands to play callers, phones, programs and the switch. Times are in seconds.

Whatever a test does here is also held against everything that must always be true (`invariants.py`).
"""

from __future__ import annotations

from ccplane.agents.facts import Intent, Phone, Profile
from ccplane.contacts.verbs import EnterQueue
from ccplane.core import inputs as i
from ccplane.core.decide import decide
from ccplane.core.state import State
from ccplane.ids import AgentId, ChannelId, ContactId, NodeName, ProgramName, QueueName, contact_id, offer_of_leg
from ccplane.routing.rules import Number, Queue, Rules, Step
from tests.core.invariants import Watch

NODE = NodeName("ast1")
SUPPORT = QueueName("support")
SALES = QueueName("sales")


def ms(seconds):
    return round(seconds * 1000)


def c(name):
    """The contact of the caller with this name."""
    return contact_id(NODE, ChannelId(name))


def a_queue(
    name=SUPPORT, *, ring=20, wrap_up=0, max_wait=None, steps=None, weight=0, at_once=1, extend=0, most=None,
    longest_wait=None, **limits
):  # fmt: skip
    asked = steps or ((None, 1),)
    return Queue(
        name=QueueName(name),
        steps=tuple(each if isinstance(each, Step) else _step(name, *each) for each in asked),
        ring_ms=ms(ring),
        wrap_up_ms=None if wrap_up is None else ms(wrap_up),
        wrap_up_extend_ms=ms(extend),
        wrap_up_most_ms=ms(most) if most else None,
        max_wait_ms=ms(max_wait) if max_wait else None,
        weight_s=weight,
        music=f"{name}-music",
        ring_at_once=at_once,
        longest_wait_ms=ms(longest_wait) if longest_wait else None,
        **limits,
    )


def _step(skill, lasts, level):
    return Step({skill: level}, ms(lasts) if lasts else None)


def the_rules(*queues, default="front_door", numbers=None, **more):
    straight = Number(number="4002", program=ProgramName("straight"), attribution="radio", language="zh-CN")
    return Rules(
        queues={queue.name: queue for queue in queues},
        numbers=numbers or {"4002": straight},
        default_program=ProgramName(default),
        **more,
    )


class Person:
    """An agent to be: who they are, and since when (s) they want what."""

    def __init__(self, name, intent, since, phone, skills, wrap_up=None):
        self.profile = Profile(
            id=AgentId(name), name=name.title(), skills=skills, endpoint=f"PJSIP/{name}", wrap_up=wrap_up
        )
        self.intent, self.since, self.phone = intent, since, phone


def ready(name, *, since=0, phone=Phone.REACHABLE, wrap_up=None, **skills):
    return Person(name, Intent.READY, since, phone, skills or {SUPPORT: 5}, wrap_up)


def paused(name, *, since=0, **skills):
    return Person(name, Intent.PAUSED, since, Phone.REACHABLE, skills or {SUPPORT: 5})


def offline(name, **skills):
    return Person(name, Intent.OFFLINE, 0, Phone.REACHABLE, skills or {SUPPORT: 5})


def a_floor(agents=(), queues=None, connected=True, **rules):
    """A plane that runs: site read, people known, the switch connected, everyone as they want to be."""
    floor = Floor()
    floor.take(i.PlaneBegan(1, "test", 0))
    floor.take(i.SiteRead("site-1", the_rules(*(queues or [a_queue()]), **rules), {"acd/queues.toml": "1"}))
    floor.people(agents)
    if connected:
        floor.survey(after_gap=True, phones={each.profile.id: each.phone for each in agents})
    for each in sorted(agents, key=lambda each: each.since):
        if each.intent is not Intent.OFFLINE:
            floor.wants(each.profile.id, each.intent, at=each.since)
    return floor


class Floor:
    """A state, a clock, and everything decided so far."""

    def __init__(self):
        self.state, self.now = State(), 0
        self.watch = Watch()
        self.facts, self.commands = [], []

    def take(self, what, at=None):
        """Decide one input at `at` seconds; the time does not run backwards."""
        self.now = max(self.now, ms(at)) if at is not None else self.now
        before = self.state
        decision = decide(before, what, self.now)
        self.watch.look(before, what, decision, self.now)
        self.state = decision.state
        self.facts.extend(decision.facts)
        self.commands.extend(decision.commands)
        return decision

    # ------------------------------------------------------------------------------------------------ what is there

    def contact(self, name):
        return self.state.contacts.get(c(name))

    def agent(self, name):
        return self.state.agents[AgentId(name)]

    def offer(self, name):
        """The open offer, or the one that just became a talk."""
        contact = self.contact(name)
        return contact.offer or contact.talk

    def rung(self, name):
        """Who is being rung for this caller."""
        contact = self.contact(name)
        return contact.offer.agent if contact and contact.offer else None

    # --------------------------------------------------------------------------------------------------- the site

    def people(self, agents, at=None):
        return self.take(i.PeopleRead(tuple(each.profile for each in agents)), at)

    def reads(self, site, *queues, at=None, **rules):
        return self.take(i.SiteRead(site, the_rules(*queues, **rules), {"acd/queues.toml": site}), at)

    def wants(self, agent, intent, reason="", at=None):
        return self.take(i.IntentAsked(agent=AgentId(agent), intent=intent, reason=reason, by=agent), at)

    def phone(self, agent, phone, at=None):
        return self.take(i.PhoneSeen(AgentId(agent), phone), at)

    def tick(self, at=None):
        return self.take(i.Tick(), at)

    def wake(self):
        """Let time pass to the next deadline."""
        assert self.state.wake_at is not None
        return self.tick(self.state.wake_at / 1000)

    # ----------------------------------------------------------------------------------------------- the caller

    def arrives(self, name="x", number="4002", answered=False, at=None):
        return self.take(an_arrival(name, number, answered), at)

    def asks(self, name, verb, at=None):
        return self.take(i.VerbAsked(c(name), self.contact(name).step + 1, verb), at)

    def waits(self, name="x", queue=SUPPORT, at=None, in_room=True, credit=0):
        """Arrives, and its program queues it; the decision about the queue entry is given."""
        self.arrives(name, at=at)
        decision = self.asks(name, EnterQueue(QueueName(queue), credit_s=credit))
        if in_room:
            self.enters(name)
        return decision

    def enters(self, name, channel=None, at=None):
        return self.take(i.EnteredRoom(c(name), ChannelId(channel or name)), at)

    def is_up(self, name, at=None):
        return self.take(i.CallerUp(c(name)), at)

    def leaves(self, name, cause=16, at=None):
        return self.take(i.CallerGone(c(name), cause), at)

    # ------------------------------------------------------------------------------------------------- the phone

    def alerts(self, name, at=None):
        return self.take(i.LegRinging(self.offer(name).id), at)

    def picks_up(self, name, at=None):
        offer = self.offer(name)
        return self.take(i.LegUp(offer.id, offer.leg), at)

    def joins(self, name, at=None):
        return self.enters(name, self.offer(name).leg, at)

    def refuses(self, name, sip=0, cause=0, at=None):
        offer = self.offer(name)
        return self.take(i.LegEnded(offer.id, offer.leg, cause, sip), at)

    def agent_hangs_up(self, name, gone=True, at=None):
        contact = self.contact(name)
        offer, leg = (contact.talk.offer, contact.talk.leg) if contact.talk else (contact.offer.id, contact.offer.leg)
        return self.take(i.LegEnded(offer, leg, 16, gone=gone), at)

    def talks(self, name="x", at=None, **how):
        """Arrives and waits, is rung through, and both are in the room."""
        self.waits(name, at=at, **how)
        self.picks_up(name)
        return self.joins(name)

    # ------------------------------------------------------------------------------------------------ the switch

    def survey(
        self, *, after_gap=False, at=None, began=None, gone=(), up=(), extra=(), rooms=None, phones=None, gap=0,
        journals=None, started_at=0, carried=(), conferences=None, faxes=(),
    ):  # fmt: skip
        """What a survey finds: what we believe, less `gone`, with `extra`; callers are in their rooms if we saw so."""
        self.now = max(self.now, ms(at)) if at is not None else self.now
        channels, believed = {}, {}
        for contact in self.state.contacts.values():
            gone = (*gone, contact.channel) if unborn(self.state, contact) else gone
            legs = [each.leg for each in (*contact.offers, contact.talk) if each]
            present = [each for each in (contact.channel, *legs) if each not in (*gone, *carried)]
            for each in present:
                arrival = an_arrival(each) if each == contact.channel else None
                known_up = contact.answered if arrival else contact.talk is not None
                channels[each] = i.ChannelSeen(each, known_up or each in up, arrival)
            in_room = {contact.channel} if contact.in_room else set()
            in_room |= {contact.talk.leg} if contact.talk else set()
            believed[contact.id] = tuple(each for each in present if each in in_room)
        channels |= {each.id: each for each in extra}
        return self.take(
            i.SwitchSurveyed(
                node=NODE,
                version="22.10.1",
                started_at=started_at,
                began_at=self.now if began is None else ms(began),
                gap_ms=ms(gap),
                after_gap=after_gap,
                channels=channels,
                rooms=believed | (rooms or {}),
                phones=phones or {},
                journals=journals or {},
                carried=tuple(carried),
                conferences=conferences or {},
                faxes=tuple(faxes),
            )
        )

    def let_go(self, agent="ana", at=None):
        """The switch has hung up this agent's leg, as we asked."""
        (leg,) = self.agent(agent).clearing
        return self.take(i.LegEnded(offer_of_leg(leg), leg, 16), at)

    def drops(self, at=None):
        return self.take(i.SwitchDropped(NODE, "closed"), at)

    def replayed(self):
        """The state that the facts alone lead to."""
        return self.watch.replayed()


def unborn(state, contact):
    """Whether it stands in the line for a customer who is not being called."""
    callback = state.callbacks.get(contact.callback)
    return contact.absent and (callback is None or callback.state in ("asked", "pending", "waiting"))


def an_arrival(name, number="4002", answered=False):
    return i.CallerArrived(
        node=NODE,
        channel=ChannelId(name),
        number_dialled=number,
        caller="5551234",
        caller_name="Ann",
        switch_at=0,
        answered=answered,
    )


def kinds(decision):
    """The names of the facts, in order."""
    return [type(fact).__name__ for fact in decision.facts]


def doing(decision):
    """The names of the commands, in order."""
    return [type(command).__name__ for command in decision.commands]


def the(decision, kind):
    """The one fact or command of this kind."""
    (only,) = [each for each in (*decision.facts, *decision.commands) if isinstance(each, kind)]
    return only


def unknown(name="nobody"):
    return ContactId(f"c-{NODE}-{name}")
