"""Programs on a switch that does anything: every live caller is always somewhere, also after the plane died."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccplane.callflow import Runner
from ccplane.contacts.contact import Phase
from ccplane.contacts.look_ups import Found, LookUp, LookUpFailed, NotFound
from ccplane.contacts.verbs import HangUp
from ccplane.core import checkpoint
from ccplane.core import inputs as i
from ccplane.core.evolve import evolve
from ccplane.ids import ChannelId, ProgramName
from ccplane.site import Program, parse
from tests.callflow.line import FILES
from tests.core.floor import an_arrival
from tests.core.world import DAILY, World

WHOLE = """
from ccplane import *
async def main(call):
    await call.ring_back(2)
    await call.answer()
    match await call.look_up("orders", order="1"):
        case Found(order):
            await call.set_data("order", order["state"])
        case NotFound() | LookUpFailed():
            pass
    choice = await call.menu("main")
    match await call.queue(choice.queue):
        case Served():
            await call.play("welcome")
            keyed = await call.gather("what", longest=5, ends_with="#")
            await call.set_data("keys", keyed.keys if isinstance(keyed, Pressed) else "")
            await call.set_language("zh-CN")
            await call.hold(3, ends_with="12")
            await call.served()
            if await call.confirm("what", Digits("12")):
                await call.record_message("what", longest_s=3, review="welcome")
            await call.gather("welcome", longest=2, barge_in=False)
        case NoAgents():
            await call.play()
            await call.play("apology")
        case TimedOut():
            raise ValueError(await call.queue("sales"))
"""
HASTY = "async def main(call):\n    while True:\n        await call.queue('sales')\n"
PROGRAMS = {
    ProgramName("straight"): Program("ari_apps/straight.py", WHOLE),
    ProgramName("front_door"): Program("ari_apps/front_door.py", HASTY),
}
LOOK_UPS = '[orders]\nurl = "https://shop.example/{order}"\nmeanwhile = "what"\nmusic = "default"\nafter = "1s"\n'
SITE = replace(parse(FILES | {"ivr/lookups.toml": LOOK_UPS}), programs=PROGRAMS)


class Living(World):
    """A world in which programs run."""

    def __init__(self):
        super().__init__()
        self.runner = self.a_runner()

    def a_runner(self):
        return Runner(lambda _: SITE)

    def take(self, what):
        asked = [what]
        while asked:
            decision = super().take(asked.pop(0))
            asked[:0] = self.runner.follow(decision.state, decision.facts)
        if self.connected:
            self.everyone_is_somewhere()
        return decision

    def everyone_is_somewhere(self):
        for contact in self.floor.state.contacts.values():
            if contact.pick_up_by is not None:
                continue  # an agent whose own phone rings first: their program has not begun
            assert contact.verb is not None, "a caller for whom nothing goes on"
            running = contact.id in self.runner._running
            assert running or isinstance(contact.verb, HangUp), "a caller without a program"
            if contact.phase is not Phase.IN_PROGRAM:
                assert running

    def call_comes(self, a, b):
        self.names += 1
        name = f"{self.names}"
        self.channels[ChannelId(name)] = a % 2 == 0
        self.send(an_arrival(name, "4002" if b % 4 else "999", a % 2 == 0))

    def service_answers(self, a, b):
        """In time or not, and perhaps a try that nobody waits for any more."""
        asked = [each for each in self.floor.state.contacts.values() if isinstance(each.verb, LookUp)]
        if asked:
            contact = asked[a % len(asked)]
            result = (Found({"state": "sent"}), NotFound(), LookUpFailed("timeout"))[b % 3]
            self.send(i.LookUpAnswered(contact.id, contact.step, contact.attempt - (a % 7 == 6), result))

    def plane_dies(self, a, b):
        """Another takes up what was kept: a checkpoint, or all facts."""
        self.connection_ends(a, b)
        floor = self.floor
        kept = checkpoint.decode(checkpoint.encode(floor.state)) if a % 2 else floor.replayed()
        began = floor.take(i.PlaneBegan(floor.state.epoch + 1, "test", 0))
        for fact in began.facts:
            kept = evolve(kept, fact)
        floor.state = kept
        self.runner.close()
        self.runner = self.a_runner()
        self.survey_comes(a, 2 if b % 2 else 0)


THINGS = [move for move in DAILY if move not in (World.program_asks, World.call_comes)]
MOVES = (
    *[Living.call_comes, Living.service_answers, *THINGS] * 3,
    Living.plane_dies,
    Living.plane_dies,
    World.connection_ends,
    World.survey_comes,
    World.survey_comes,
    World.site_changes,
    World.people_change,
)
numbers = st.integers(0, 59)
moves = st.lists(st.tuples(st.integers(0, len(MOVES) - 1), numbers, numbers, st.integers(0, 12)), max_size=100)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(moves)
def test_whatever_happens_every_caller_hears_waits_talks_or_is_being_hung_up(moves):
    world = Living()
    morning = [(MOVES.index(World.survey_comes), 0, 2, 0), (MOVES.index(World.everyone_works), 0, 0, 0)]
    world.play([*morning, *moves], MOVES)
