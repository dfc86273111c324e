"""What must be true after every decision, whatever happened. Each rule is a sentence in `Watch`."""

from __future__ import annotations

from functools import reduce

from immutables import Map
from msgspec.structs import replace

from ccplane.agents import facts as a
from ccplane.agents.agent import LineState, Shown, Work
from ccplane.agents.facts import Intent, Phone
from ccplane.contacts import facts as c
from ccplane.contacts.callback import CallbackState
from ccplane.contacts.conference import Confer
from ccplane.contacts.contact import Phase
from ccplane.contacts.offer import OfferState
from ccplane.contacts.owed import OwedState
from ccplane.contacts.recordings import RecordingState
from ccplane.contacts.talk import TalkState
from ccplane.contacts.verbs import Connect, EnterQueue, TakeMessage
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.core.evolve import evolve
from ccplane.core.follows import WAITERS, agent_deadline, as_candidate, can_hear, candidate, contact_deadline
from ccplane.core.groups import group_of, seen
from ccplane.core.keys import AHEAD_LONGEST
from ccplane.core.members import members_of
from ccplane.core.reach import rings_out
from ccplane.core.state import State
from ccplane.core.takeover import ADOPTED
from ccplane.core.talks import LATE_MS
from ccplane.core.turn import UNDECIDED
from ccplane.facts import RepairMade, SwitchFound
from ccplane.ids import device_of, is_web, offer_of_leg, seat_of
from ccplane.routing.groups import changes_at
from tests.routing import reference

BUSY = {Work.OFFERED, Work.CONNECTING, Work.TALKING, Work.REJOINING}
ENDS = {c.QueueOutcome.TIMED_OUT, c.QueueOutcome.OVERFLOWED, c.QueueOutcome.CLOSED, c.QueueOutcome.NO_AGENTS}
"""What may end a wait because by now its time is over."""


class Watch:
    """Looks at every decision, and remembers what it needs to judge the next."""

    def __init__(self):
        self.facts = []
        self.music, self.told = {}, {}
        self.served = set()
        self.channels = {}
        self.open = {}
        self.in_room = set()
        self.legs, self.asked, self.seen, self.by_line = {}, {}, set(), set()
        self.offered = set()
        """Every leg that was ever an agent's, also one that a survey has left out."""
        self.last_at = 0

    def look(self, before, what, decision, now):
        what = what.what if isinstance(what, i.Late) else what
        after = decision.state
        self.facts.extend(decision.facts)
        state = before
        for fact in decision.facts:
            self.note(fact)
            assert not (isinstance(fact, RepairMade) and fact.what == UNDECIDED), fact.why
            if isinstance(fact, c.OfferMade | c.CustomerCalled) and fact.trace.strategy != ADOPTED:
                self.fair(state, fact)
            state = evolve(state, fact)
            assert fact.at == now
            assert fact.at >= self.last_at
            self.last_at = fact.at
        assert same(state, after), "the state is what evolve makes of the facts"
        connected = any(after.nodes.values())
        for command in decision.commands:
            self.names_its_own(command)
            if connected:
                self.obey(command, after)
        self.phones(what, decision, now)
        assert decision.wake_at == after.wake_at
        if isinstance(what, i.Tick):
            assert after.wake_at is None or after.wake_at > now, "a tick leaves nothing undone"
            assert not after.behind, "a tick comes when all has been read"
            if before.wake_at is not None and before.wake_at <= now:
                assert decision.facts, "a tick at wake_at makes progress"
        self.draining(before, what, decision)
        self.wrap_ups(before, what, decision)
        if isinstance(what, i.SwitchTaken):
            self.handed_over(before, decision)
        self.recordings(before, after)
        self.owed(before, decision)
        self.indexes(after)
        self.pairs(after)
        self.lines(after)
        self.clocks(before, after)
        self.called_back(after, decision)
        self.cut_off(after)
        if connected:
            self.music_plays(after)
            self.whereabouts(after)

    def replayed(self):
        return reduce(evolve, self.facts, State())

    # ------------------------------------------------------------------------------------------ what is remembered

    def note(self, fact):
        """Everything that is opened is closed, once."""
        match fact:
            case c.ContactArrived():
                assert fact.contact not in self.channels
                self.channels[fact.contact] = fact.channel
                self.open[fact.contact] = set()
            case c.OfferMade():
                self.begin(fact.contact, ("offer", fact.offer))
            case c.OfferMissed() | c.OfferWithdrawn() | c.ConnectFailed():
                self.end(fact.contact, ("offer", fact.offer))
            case c.TalkStarted():
                assert fact.contact in self.in_room, "the caller was seen in the room"
                self.end(fact.contact, ("offer", fact.offer))
                self.end(fact.contact, ("stay", fact.queue_segment))
                self.begin(fact.contact, ("talk", fact.segment))
            case c.TalkEnded():
                self.end(fact.contact, ("talk", fact.segment))
            case c.PartyCalled():
                self.begin(fact.contact, ("call", fact.call))
            case c.CallMissed() | c.CallEnded():
                self.end(fact.contact, ("call", fact.call))
            case c.ContactQueued():
                self.begin(fact.contact, ("stay", fact.segment))
            case c.ContactUnqueued():
                self.end(fact.contact, ("stay", fact.segment))
            case c.FallbackServed():
                assert fact.contact not in self.served, "a stay in the fallback is counted once"
                assert fact.contact not in self.open, "and once it is over"
                self.served.add(fact.contact)
            case c.CallerEnteredRoom():
                self.in_room.add(fact.contact)
            case c.ContactEnded():
                assert self.open.pop(fact.contact) == set(), "whoever ended has nothing open"

    def begin(self, contact, what):
        assert what not in self.open[contact]
        self.open[contact].add(what)

    def end(self, contact, what):
        assert what in self.open[contact]
        self.open[contact].remove(what)

    def obey(self, command, state):
        """What the switch then does; it hears nothing of what is decided while it is not connected."""
        if isinstance(command, do.StartMusic):
            self.music[command.contact] = True
        elif isinstance(command, do.StopMusic):
            self.music[command.contact] = False
        elif isinstance(command, do.TellQueue):
            self.told[command.contact] = command.queue
        if isinstance(command, do.TellQueue | do.AddCaller):
            contact = state.contacts.get(command.contact)
            recorded = contact is not None and isinstance(contact.verb, TakeMessage)
            assert not recorded, "what is said of a channel that is recorded holds up all else"

    def names_its_own(self, command):
        channel = getattr(command, "channel", None)
        if channel is not None:
            stray = isinstance(command, do.HangUpCaller | do.GiveBack) and command.contact not in self.channels
            agents = (
                isinstance(command, do.LetRing | do.StopRinging) and channel in self.offered
            )  # a customer is called
            assert stray or agents or self.channels[command.contact] == channel, (
                "a command names the contact's own channel"
            )

    def phones(self, what, decision, now):
        """No phone is rung while a leg of ours may still be on it: while the switch has not told that it is gone, nor a
        survey shown so; and of one that may be yet to come no survey shows that before LATE_MS."""
        self.gone(what, decision)
        for leg in (command.leg for command in decision.commands if isinstance(command, do.HangUpLeg)):
            if isinstance(what, i.SwitchSurveyed) and leg in what.channels and what.channels[leg].agent:
                self.legs.setdefault(leg, what.channels[leg].agent)
            if leg in self.legs:
                self.asked.setdefault(leg, now)
        calls = [command for command in decision.commands if isinstance(command, do.RingAgent | do.CallParty)]
        self.by_line |= {command.leg for command in calls if command.endpoint.startswith("Local/")}
        for made in (fact for fact in decision.facts if isinstance(fact, c.OfferMade)):
            assert made.trace.strategy == ADOPTED or not self.on_the_phone_of(made.agent), "double-booked"
            self.legs[made.leg] = made.agent
            self.offered.add(made.leg)
        for called in (fact for fact in decision.facts if isinstance(fact, c.PartyCalled) and fact.agent):
            assert not self.on_the_phone_of(called.agent), "called while on another leg of ours"
            self.legs[called.leg] = called.agent
        for line in (fact for fact in decision.facts if isinstance(fact, a.StandingRung)):
            assert not self.on_the_phone_of(line.agent), "rung for a line while on another leg of ours"
        for rung in (fact for fact in decision.facts if isinstance(fact, c.RejoinRung)):
            self.legs[rung.leg] = rung.agent
        for leg in [leg for leg, agent in self.legs.items() if agent not in decision.state.agents]:
            self.forget(leg)

    def on_the_phone_of(self, agent):
        return [leg for leg, whose in self.legs.items() if whose == agent]

    def gone(self, what, decision):
        """A leg is, when the switch let go of it, never made it or does not list it; or its phone itself hung up."""
        match what:
            case i.LegRinging(offer=offer, leg=leg):
                self.seen |= {leg} if leg else {each for each in self.legs if offer_of_leg(each) == offer}
            case i.LegUp(leg=leg) | i.EnteredRoom(channel=leg):
                self.seen.add(leg)
            case i.LegEnded(leg=leg) if what.gone or leg not in self.asked:
                self.forget(leg)
            case i.LegNotFound(leg=leg, answered=answered) if answered or leg in self.seen:
                self.forget(leg)
            case i.LineEnded(gone=True):
                whose = {fact.agent for fact in decision.facts if isinstance(fact, a.StandingEnded)}
                self.forget(*[leg for leg in self.by_line if self.legs.get(leg) in whose])  # they end with it
            case i.CommandFailed(command=do.RingAgent(offer=offer)):
                self.forget(*[leg for leg in self.legs if offer_of_leg(leg) == offer and leg not in self.asked])
            case i.CommandFailed(command=do.RingBack(leg=leg) | do.CallParty(leg=leg)):
                self.forget(leg)
            case i.SwitchSurveyed():
                self.seen |= set(what.channels)
                anew = any(isinstance(fact, SwitchFound) and fact.restarted for fact in decision.facts)
                missing = [leg for leg in self.legs if leg not in what.channels]
                self.forget(*[leg for leg in missing if anew or leg in self.seen or self.long_asked(leg, what)])

    def long_asked(self, leg, survey):
        return leg in self.asked and survey.began_at - self.asked[leg] >= LATE_MS

    def forget(self, *legs):
        for leg in legs:
            self.legs.pop(leg, None)
            self.asked.pop(leg, None)

    # ----------------------------------------------------------------------------------------------------- the rules

    def indexes(self, state):
        """Lines, free agents, counts and deadlines are what follows from contacts and agents."""
        lines = {name: line for name, line in state.lines.items() if line}
        asked_for = [each for each in state.contacts.values() if not (state.ledger_away and each.absent)]
        waiting = [each for contact in asked_for if (each := candidate(contact))]
        expected = {}
        for each in sorted(waiting, key=lambda each: (each.queued_at - 1000 * each.credit_s, *each.place)):
            expected.setdefault(each.queue, []).append(each)
        assert lines == {name: tuple(line) for name, line in expected.items()}
        able = [each for each in state.agents.values() if each.free and each.profile.capacity.get("voice")]
        free = sorted((each.idle_since, each.id) for each in able)
        assert state.free == tuple(each for _, each in free)
        slots = state.engine.roster.slots
        assert state.working == sum(1 << slots[each.id] for each in state.agents.values() if each.works)
        shown = [each.shown for each in state.agents.values()]
        assert {kind: count for kind, count in state.shown.items() if count} == {
            kind: shown.count(kind) for kind in set(shown)
        }
        due = [
            (at, "contact", contact.id)
            for contact in state.contacts.values()
            if state.nodes.get(contact.node) and (at := contact_deadline(state.rules, contact)) is not None
        ]
        due += [
            (at, "agent", agent.id)
            for agent in state.agents.values()
            if (at := agent_deadline(agent, any(state.nodes.values()))) is not None
        ]
        due += [
            (at, "group", "/".join(key))
            for key, opening in state.groups.items()
            if any(state.nodes.values()) and (at := changes_at(opening, group_of(state, key), seen(state, key)))
        ]
        stays = {}
        for contact in state.contacts.values():
            if contact.waiting and contact.callback is None:
                stays.setdefault(contact.waiting.queue, []).append((contact.waiting.here_since, contact.id))
        assert {name: list(each) for name, each in state.stays.items()} == {n: sorted(s) for n, s in stays.items()}
        named = {(name, group.name) for name, queue in state.rules.queues.items() for group in queue.groups}
        assert set(state.groups) == named
        for name, queue in state.rules.queues.items():
            also = tuple(each.step for each in queue.groups if state.groups[name, each.name].open)
            assert all(step.also == also for step in queue.steps), "who is in an open group may serve, and nobody else"
        unseen = (CallbackState.CLAIMING, CallbackState.DIALLING)
        due += [
            (each.deadline, "callback", each.id)
            for each in state.callbacks.values()
            if each.deadline is not None and (each.state not in unseen or any(state.nodes.values()))
        ]
        yet_to_hear = {each.id for each in state.contacts.values() if can_hear(state, each)}
        assert set(state.unheard) == yet_to_hear, "who waits hears of an emergency, once"
        due += [(state.tell_at, "emergency", WAITERS)] if yet_to_hear else []
        due += [(each.until, "emergency", each.name) for each in state.emergencies.values() if each.until is not None]
        due += [(each.deadline, "message", each.id) for each in state.owed.values() if each.deadline is not None]
        assert tuple(state.deadlines) == tuple(sorted(due))
        assert dict(state.due) == {(kind, whose): at for at, kind, whose in due}
        assert dict(state.sitting) == {agent.device: agent.id for agent in state.agents.values()}, (
            "a seat is one agent's"
        )
        assert len(state.sitting) == len(state.agents), "no phone is two agents'"
        assert dict(state.homes) == {
            seat_of(device_of(each.profile.endpoint)): each.id for each in state.agents.values()
        }
        clearing = {leg: agent.id for agent in state.agents.values() for leg in agent.clearing}
        assert dict(state.clearing) == clearing
        for agent in state.agents.values():
            looked_for = (agent.clear_by is None) + (agent.sought_at is None)
            assert looked_for == (1 if agent.clearing else 2), "either there is a deadline, or it has passed"
            assert set(agent.unseen) <= set(agent.clearing)

    def fair(self, state, offer):
        """The agent whom the queue's strategy puts first rings, of those able; nobody with a better rank among those
        whom this agent may serve is passed over, and nobody for whom no phone rings by one for whom some do."""
        contact = state.contacts[offer.contact]
        rung, queue = contact.offers, state.rules.queues[contact.waiting.queue]
        able = [each for each in state.agents.values() if self.may_be_offered(state, offer.contact, each)]
        able = [each for each in able if not rung or rings_out(state, each)]
        assert offer.agent == reference.chosen(able, queue, as_candidate(contact)).id
        agent = state.agents[offer.agent]
        for line in state.lines.values():
            for other in line:
                if self.may_be_offered(state, other.contact, agent):
                    assert not rung, "who has nobody comes first"
                    self.not_overtaken(state, as_candidate(contact), other)

    def not_overtaken(self, state, chosen, other):
        """No contact is overtaken by one that arrived more than the difference of credit and weight later, among those
        that the same agent may serve at that moment; strict queues come first."""
        mine, theirs = state.rules.queues[chosen.queue], state.rules.queues[other.queue]
        assert mine.strict >= theirs.strict
        if mine.strict == theirs.strict:
            ahead_s = chosen.credit_s + mine.weight_s - other.credit_s - theirs.weight_s
            assert chosen.queued_at - other.queued_at <= 1000 * ahead_s

    def may_be_offered(self, state, contact_id, agent):
        """Who may serve them, and is not left to callers whom the fallback has."""
        return agent.free and not left_to_app_queue(state, agent) and self.may_serve(state, contact_id, agent)

    def may_serve(self, state, contact_id, agent):
        """A customer is called first for nobody for whom another is being called."""
        contact = state.contacts[contact_id]
        if contact.absent and contact.customer_first and agent.id in state.called_for:
            return False
        queue = state.rules.queues.get(contact.waiting.queue)
        if queue is None or not state.nodes.get(contact.node) or not agent.profile.capacity.get("voice"):
            return False
        return reference.may(agent.profile, queue, as_candidate(contact))

    def pairs(self, state):
        """Nobody is booked twice, both sides agree, and nobody waits for an agent who waits for them."""
        taken = {}
        for contact in state.contacts.values():
            open_offers = [(each, {Work.OFFERED, Work.CONNECTING}) for each in contact.offers]
            talk = [(contact.talk, {Work.TALKING, Work.REJOINING})] if contact.talk else []
            for each, works in (*open_offers, *talk):
                assert each.agent not in taken, "no two contacts share an agent"
                taken[each.agent] = contact.id
                agent = state.agents[each.agent]
                assert agent.work in works
                ringing = agent.work is Work.OFFERED
                assert not (ringing and agent.phone is Phone.IN_USE), "no offer rings beside a call that is not ours"
                assert agent.contact == contact.id
                if contact.talk:
                    assert (agent.work is Work.TALKING) == (contact.talk.state is TalkState.UP)
                    assert (agent.rejoin_until is None) == (contact.talk.lost_at is None)
                if contact.offers:
                    assert agent.offer == each.id
                    answered = each.state is OfferState.ANSWERED
                    assert (agent.work is Work.CONNECTING) == answered == (contact.phase is Phase.CONNECTING)
            self.shape(contact)
        for agent in state.agents.values():
            assert not (agent.free and agent.own_calls), "who is on an own call is offered nothing"
            assert all(each in state.contacts for each in agent.own_calls), "an own call that is over binds nobody"
            if agent.work is Work.OWN_CALL:
                assert agent.contact in agent.own_calls
                assert agent.id in self.own_calls(state, agent.contact), "an own call is of an agent who is on it"
            assert (agent.work in BUSY) == (agent.id in taken), "an agent who is busy is busy with a contact"
            assert (agent.contact is None) == (agent.work is Work.IDLE)
            assert (agent.offer is not None) == (agent.work in BUSY), "an offer is forgotten when it is over"
        for contact in state.contacts.values():
            self.rung(state, contact)
        for line in state.lines.values():
            for waiting in line:
                able = [each for each in state.free if self.may_be_offered(state, waiting.contact, state.agents[each])]
                assert not able or state.behind, "a free agent and a contact they may serve never coexist"
                if state.contacts[waiting.contact].absent:
                    continue  # who is called back may wait for somebody to sign in
                queue = state.rules.queues[waiting.queue]
                last = replace(waiting, step=len(queue.steps) - 1)
                assert any(
                    each.signed_in and reference.may(each.profile, queue, last) for each in state.agents.values()
                ), "nobody waits where nobody could come"

    def rung(self, state, contact):
        """As many phones ring as the queue says and as agents are free; not beside one that takes calls by itself."""
        queue = contact.waiting and state.rules.queues.get(contact.waiting.queue)
        wants = contact.phase is Phase.WAITING and contact.offers and queue
        wants = wants and contact.waiting.direct is None and len(contact.offers) < (queue.ring_at_once or 30)
        assert (contact.id in state.wanting) == bool(wants)
        if wants and all(rings_out(state, state.agents[each.agent]) for each in contact.offers) and not state.behind:
            free = [state.agents[each] for each in state.free]
            able = [each for each in free if self.may_be_offered(state, contact.id, each) and rings_out(state, each)]
            assert not able, "a free agent and a contact for whom they may ring, too, never coexist"

    def lines(self, state):
        """Who sits at an always-on seat has an open line, or is offered nothing; and one is rung whenever it can be."""
        for agent in state.agents.values():
            seat, line = state.seats.get(agent.seat), agent.line
            assert agent.always_on == (seat is not None and seat.always_on and not is_web(agent.device))
            assert (line.state is LineState.NONE) == (line.leg is None)
            assert (line.state is LineState.RINGING) == (line.deadline is not None)
            assert not (agent.free and agent.always_on) or line.state is LineState.UP
            at_rest = agent.work in (Work.IDLE, Work.WRAP_UP)
            if line.leg and at_rest:
                assert agent.signed_in, "who signs out has no line"
                assert agent.always_on, "who moves has none"
            can = at_rest and agent.phone is Phone.REACHABLE and agent.rest_until is None and not agent.clearing
            can = can and any(state.nodes.values()) and not left_to_app_queue(state, agent)
            if agent.always_on and agent.signed_in and can and not line.declined:
                assert line.leg, "nobody at an always-on seat is forgotten"

    def own_calls(self, state, contact_id):
        """Those who are on this call: who made it, and whom it is to."""
        contact = state.contacts[contact_id]
        call = contact.call
        devices = {contact.device, call and call.device}
        return {contact.agent, call and call.agent, *(state.sitting.get(each) for each in devices)}

    def shape(self, contact):
        """A contact's parts agree with its phase; every open thing has a deadline or a queue's clocks."""
        assert (contact.waiting is not None) == (contact.phase in (Phase.WAITING, Phase.CONNECTING))
        assert (contact.talk is not None) == (contact.phase is Phase.TALKING)
        if contact.offers:
            assert contact.phase in (Phase.WAITING, Phase.CONNECTING)
            assert all(each.deadline for each in contact.offers)
        if contact.phase is Phase.CONNECTING:
            assert len(contact.offers) == 1, "once one has answered nobody else is rung"
        assert (contact.call is not None) == (contact.phase in (Phase.CALLING, Phase.IN_CALL))
        if contact.call:
            assert (contact.call.deadline is None) == (contact.phase is Phase.IN_CALL)
        assert (contact.conference is not None) == (contact.phase is Phase.CONFERRING)
        if contact.phase is Phase.CONFERRING:
            assert isinstance(contact.verb, Confer)
        elif contact.phase is not Phase.IN_PROGRAM:
            assert isinstance(contact.verb, Connect if contact.call else EnterQueue)
        if contact.tape:
            assert contact.in_talk, "only a talk is recorded"
            assert contact.tape.segment == contact.segments
            assert contact.consent is not False, "who refused is not recorded"
            waits = contact.tape.wanted is not None or contact.tape.started_at is None
            assert (contact.tape.deadline is not None) == waits, "what is not proven has a deadline"
        for each in contact.unstopped:
            assert each.state is RecordingState.ENDED
            assert each.deadline is not None, "the switch is asked until it confirms"
        assert len(contact.ahead) <= AHEAD_LONGEST, "what a caller presses does not grow for ever"
        if contact.gathering:
            assert len(contact.keys) < contact.gathering.longest, "an answer that is whole is given"
            assert not (contact.ahead and (contact.gathering.barge_in or contact.sounds_over)), "no key waits in vain"
        else:
            assert not contact.keys, "what a verb has gathered goes with it"
        if isinstance(contact.verb, EnterQueue | Connect | Confer):
            assert not contact.ahead, "what is pressed while waiting or talking is nobody's"
        if contact.verb is not None and not isinstance(contact.verb, EnterQueue | Connect):
            assert contact.step_deadline is not None, "every step has a deadline"

    def draining(self, before, what, decision):
        """Who leaves begins nothing: a new caller is the dialplan's, an agent's own call is not made. None else is
        given away."""
        given = [command for command in decision.commands if isinstance(command, do.GiveBack)]
        if before.draining and isinstance(what, i.CallerArrived | i.CallAsked):
            assert not any(isinstance(fact, c.ContactArrived) for fact in decision.facts)
        for command in given:
            assert before.draining
            assert command.contact not in before.contacts, "who is with us already is finished"

    def wrap_ups(self, before, what, decision):
        """Work after a call ends by its time, because somebody says so, or because they are seen in a talk already; and
        it ends no sooner than it was to, but for that."""
        for was in before.agents.values():
            after = decision.state.agents.get(was.id)
            if was.work is not Work.WRAP_UP or after is None:
                continue
            mine = [fact for fact in decision.facts if isinstance(fact, a.AgentFact) and fact.agent == was.id]
            over = [fact for fact in mine if isinstance(fact, a.WrapUpDone)]
            if not over:
                assert (after.work, after.since, after.contact) == (Work.WRAP_UP, was.since, was.contact)
                longer = any(isinstance(fact, a.WrapUpExtended) for fact in mine)
                assert longer or after.wrap_up_until == was.wrap_up_until, "nothing resets it"
                assert not longer or after.wrap_up_until > was.wrap_up_until
                assert not longer or was.wrap_up_most is None or after.wrap_up_until <= was.wrap_up_most
            elif isinstance(what, i.Tick):
                assert was.wrap_up_until <= over[0].at
                assert over[0].wrap_up_ms == was.wrap_up_until - was.since, "told late, it still took no longer"
            else:
                leaves = was.wrap_up_until is None and (was.intent is not Intent.OFFLINE)
                says_so = isinstance(what, i.WrapUpEnded) and what.agent == was.id
                signs_out = isinstance(what, i.IntentAsked | i.VerbAsked) and leaves
                assert says_so or signs_out or isinstance(what, i.SwitchSurveyed), "nobody else ends it"

    def handed_over(self, before, decision):
        """Nothing was missed, so nothing is repaired or begun anew; only who waits is offered again."""
        happened = {type(fact) for fact in decision.facts}
        assert not happened & {RepairMade, c.ContactRelinked, c.ContactArrived, c.ContactEnded, c.TalkEnded}
        begun = do.OpenRoom | do.PlaySounds | do.AddCaller | do.JoinAgent | do.HangUpCaller
        assert not [command for command in decision.commands if isinstance(command, begun)]
        moved = {f.contact for f in decision.facts if isinstance(f, c.ContactQueued) and f.entered_at is not None}
        assert {each.contact for each in decision.commands if isinstance(each, do.StartMusic)} <= moved
        given_up = {f.contact for f in decision.facts if isinstance(f, c.ContactUnqueued) and f.outcome in ENDS}
        for contact in before.contacts.values():
            if contact.id in given_up:
                continue  # whose wait was over by then
            after = decision.state.contacts[contact.id]
            assert (after.step, after.verb, after.talk) == (contact.step, contact.verb, contact.talk)

    def recordings(self, before, after):
        """Whoever leaves while recorded has left a message; and a program that waits for one is not forgotten."""
        for contact in before.contacts.values():
            if contact.recording and contact.id not in after.contacts:
                assert contact.recording in after.messages
        for contact in after.contacts.values():
            if contact.recording and contact.recording in after.messages:
                assert contact.step_deadline is not None

    def owed(self, before, decision):
        """What is owed an answer has one owner or none, who is there; and is over only by an answer, or deleted."""
        over = {
            fact.message
            for fact in decision.facts
            if isinstance(fact, c.MessageAnswered)
            or (isinstance(fact, c.MessageMarked) and fact.state is c.MessageMark.DELETED)
        }
        after = decision.state
        for message in set(before.owed) - set(after.owed):
            assert message in over
        for message in after.owed.values():
            assert (message.state is OwedState.TAKEN) is bool(message.owner) is (message.taken_at is not None)
            assert not message.owner or message.owner in after.agents
            due = after.due.get(("message", message.id))
            assert due == message.deadline
            was = before.owed.get(message.id)
            if was is not None and was.owner != message.owner and message.owner:
                asked = [fact for fact in decision.facts if isinstance(fact, c.MessageTakenOn)]
                assert len(asked) == 1

    def clocks(self, before, after):
        """Place and clock are kept for as long as one waits."""
        for contact in before.contacts.values():
            later = after.contacts.get(contact.id)
            if later and contact.waiting and later.waiting and contact.segments == later.segments:
                assert contact.waiting.queued_at == later.waiting.queued_at
            if later and contact.waiting and later.waiting and later.waiting.entered_at is not None:
                assert contact.waiting.queued_at == later.waiting.queued_at, "another queue takes the clock over"
                assert contact.waiting.held_place == later.waiting.held_place
                assert contact.waiting.credit_s == later.waiting.credit_s
        for contact in after.contacts.values():
            if contact.waiting:
                been = (*contact.waiting.passed, contact.waiting.queue)
                assert len(set(been)) == len(been), "no overflow takes them back to where they were"

    def called_back(self, state, decision):
        """Who stands in the line is there for a promise, and no agent is kept for one who is not being called."""
        promised = [each for each in state.callbacks.values() if each.state is not CallbackState.ASKED]
        called = {each.being_called: each.id for each in state.contacts.values() if each.being_called}
        assert dict(state.called_for) == called, "for one agent one customer is called at a time"
        assert len(called) == sum(each.being_called is not None for each in state.contacts.values())
        for callback in promised:
            there = state.contacts.get(callback.contact) if callback.contact else None
            if callback.state is CallbackState.PENDING:
                assert there is None
            elif callback.state is CallbackState.REACHED:
                assert there is not None
                assert there.answered, "they are a caller now"
            else:
                assert there is not None
                assert there.absent, "a promise in the line has somebody there"
            assert callback.state is CallbackState.REACHED or callback.deadline, "none waits for ever"
            if there and there.phase is Phase.CONNECTING and there.absent:
                assert callback.state in (CallbackState.CLAIMING, CallbackState.DIALLING), "no agent waits in vain"
                assert callback.agent == there.offer.agent
            elif callback.state in (CallbackState.CLAIMING, CallbackState.DIALLING):
                assert there is not None
                assert there.being_called == callback.agent, "nobody is called without an agent"
        for contact in state.contacts.values():
            callback = state.callbacks.get(contact.callback) if contact.absent else None
            assert not contact.absent or (callback and callback.contact == contact.id), "nobody stands there for nobody"
        for fact in decision.facts:
            if isinstance(fact, c.ContactQueued) and fact.callback in state.callbacks:
                assert fact.since == state.callbacks[fact.callback].since, "their clock is never reset"

    def cut_off(self, state):
        """Nobody is offered anything through a switch that is away, and everybody is said to be unreachable by it."""
        for agent in state.agents.values():
            assert agent.cut_off is bool(state.away)
            if agent.cut_off:
                assert agent.shown not in (Shown.READY, Shown.TALKING, Shown.OFFERED), "as if we knew"
                assert not agent.free

    def music_plays(self, state):
        for contact in state.contacts.values():
            if contact.absent:
                continue  # there is nobody yet who would hear it
            if contact.phase is Phase.WAITING:
                assert self.music.get(contact.id), "a waiting caller is never left in silence"
            elif contact.talk and contact.talk.silent:
                assert self.music.get(contact.id), "nor one of whose agent nothing is heard any more"

    def whereabouts(self, state):
        for contact in state.contacts.values():
            queue = contact.waiting.queue if contact.waiting and not contact.absent else ""
            assert self.told.get(contact.id, "") == queue, "the switch knows where each caller waits"


def left_to_app_queue(state, agent):
    """Whether this agent is a member, as app_queue is told, of a queue in which somebody waits at a node that we are
    connected to; nobody is while we drain, nor whose open line app_queue does not ring."""
    if state.draining or agent.open_line:
        return False
    waits = {queue for node, queues in state.fallback_waits.items() if state.nodes.get(node) for queue in queues}
    return any(member.queue in waits for member in members_of(agent, state.rules))


def same(one, other):
    """Equal in every field, what is derived included; a line with nobody in it is none, and a count of nobody. Which
    slot is whose in the engine's sets, and the day of the last talk, is nobody's business."""
    alike = set(State.__struct_fields__) - {"engine", "working", "today"} | {"lines", "free"}
    return all(_full(getattr(one, name)) == _full(getattr(other, name)) for name in alike)


def _full(value):
    return {key: each for key, each in value.items() if each or each is False} if isinstance(value, Map) else value
