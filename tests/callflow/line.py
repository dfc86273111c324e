"""A plane in miniature: the core and the runner over a site written in the test, and hands to play the rest."""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent

from ccplane.callflow import Runner
from ccplane.core import checkpoint
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.core.evolve import evolve
from ccplane.ids import ProgramName
from ccplane.site import Program, parse
from tests.core.floor import Floor, c, ready

FILES = {
    "acd/queues.toml": "[support]\nskills = { support = 1 }\n[sales]\nskills = { sales = 1 }\n",
    "acd/agents.toml": "[demo]\nfrom = 1001\ncount = 1\nskills = { support = 5 }\n",
    "acd/site.toml": "",
    "ivr/numbers.toml": 'default = "sorry"\n[4002]\nprogram = "main"\nqueue = "support"\n',
    "ivr/prompts.toml": '[welcome]\nen = "Welcome."\n[apology]\nen = "Sorry."\n[what]\nen = "What?"\n',
    "ivr/main.toml": 'prompt = "welcome"\nno_input = "1"\ninvalid = "what"\ntimeout = "5s"\n'
    '[keys]\n1 = { queue = "support" }\n2 = { queue = "sales" }\n',
    "ari_apps/main.py": "async def main(call): ...\n",
    "ari_apps/sorry.py": 'async def main(call):\n    await call.play("apology")\n',
}


def a_program(body):
    """A program whose `main` does this."""
    lines = dedent(body).strip().replace("\n", "\n    ")
    return f"from ccplane import *\n\nasync def main(call):\n    {lines}\n"


class Line(Floor):
    """One call to 4002 on a site whose program for it is `body` (or `source`, whole)."""

    def __init__(self, body="pass", source=None, agents=None, **files):
        super().__init__()
        self.sites, self.inputs = {}, []
        self.runner = Runner(lambda site: self.sites[site])
        self.site = self.put(a_program(body) if source is None else source, **files)
        super().take(i.PlaneBegan(1, "test", 0))
        self.publish(self.site)
        everyone = [ready("ana")] if agents is None else agents
        self.people(everyone)
        self.survey(after_gap=True, phones={each.profile.id: each.phone for each in everyone})
        for each in everyone:
            self.wants(each.profile.id, each.intent)

    def put(self, source, **programs):
        """A site with these programs, faulty or not: `check` would have refused some."""
        good = parse(FILES)
        sources = {"main": source, **programs}
        put = {ProgramName(name): Program(f"ari_apps/{name}.py", text) for name, text in sources.items() if text}
        kept = {name: each for name, each in good.programs.items() if name not in sources}
        site = replace(good, hash=f"site-{len(self.sites)}", programs=kept | put)
        self.sites[site.hash] = site
        return site

    def publish(self, site):
        self.take(i.SiteRead(site.hash, site.rules, dict(FILES)))

    def take(self, what, at=None):
        """Decide an input and all that programs make of it; the first decision is given."""
        self.inputs.append(what)
        first = super().take(what, at)
        for asked in self.runner.follow(first.state, first.facts):
            self.take(asked)
        return first

    def call_and_answer(self):
        self.call()
        self.take(i.CallerUp(c("x")))
        return self

    def call(self):
        self.arrives("x")
        return self

    @property
    def verb(self):
        """What the program waits for now."""
        return self.contact("x").verb

    @property
    def raised(self):
        """What programs raised, as the core was told."""
        return [each for each in self.inputs if isinstance(each, i.ProgramRaised)]

    def sounds_end(self, ok=True):
        contact = self.contact("x")
        return self.take(i.SoundsFinished(contact.id, contact.step, contact.attempt, ok))

    def presses(self, key):
        return self.take(i.KeyPressed(c("x"), key))

    def played(self):
        return [each.sounds for each in self.commands if isinstance(each, do.PlaySounds)]

    def dies_and_comes_back(self, from_checkpoint=True, **found):
        """The plane is killed; another takes up what the log holds, and finds the calls at the switch."""
        kept = checkpoint.decode(checkpoint.encode(self.state))
        state = kept if from_checkpoint else self.replayed()
        began = super().take(i.PlaneBegan(self.state.epoch + 1, "test", 0))
        for fact in began.facts:
            state = evolve(state, fact)
        self.state = state
        self.runner = Runner(lambda site: self.sites[site])
        self.inputs.clear()
        return self.survey(after_gap=True, at=self.now / 1000 + 1, **found)
