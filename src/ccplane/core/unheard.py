"""How emergencies change the state, and by that who has yet to hear of one."""

from __future__ import annotations

from immutables import Map
from msgspec.structs import replace

from ccplane.contacts.facts.emergencies import EmergencyBegan, EmergencyEnded, EmergencyFact, EmergencyPaced
from ccplane.core.follows import can_hear, rescheduled, with_unheard
from ccplane.core.state import State
from ccplane.errors import IllegalMove


def switched(state: State, fact: EmergencyFact) -> State:
    """The state once one began or ended; IllegalMove if it was so. Every caller who waits is looked at: what people do,
    and seldom."""
    match fact:
        case EmergencyPaced():
            return with_unheard(replace(state, tell_at=fact.next_at), state.unheard)
        case EmergencyBegan(emergency=emergency):
            if emergency.name in state.emergencies:
                raise IllegalMove("emergency", "on", fact)
            emergencies, until = state.emergencies.set(emergency.name, emergency), emergency.until
        case EmergencyEnded():
            if fact.name not in state.emergencies:
                raise IllegalMove("emergency", "off", fact)
            emergencies, until = state.emergencies.delete(fact.name), None
    name = fact.emergency.name if isinstance(fact, EmergencyBegan) else fact.name
    state = rescheduled(replace(state, emergencies=emergencies, tell_at=fact.at), "emergency", name, until)
    return with_unheard(state, Map({each.id: None for each in state.contacts.values() if can_hear(state, each)}))
