"""`new`: a program or a whole site to begin with. What is there already is never written over."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

import click

from ccplane.cli.given import given_settings
from ccplane.cli.listing import Listing
from ccplane.errors import SetupError

NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")

PROGRAM: Final = '''"""What this program does, in a sentence."""

from ccplane import Call, NoInput, Pressed

# Each await is a verb: it takes the call one step further (docs/programs.md). After a crash the program goes on where
# it was, so nothing else may be awaited, and clock, chance and network are out of bounds.


async def main(call: Call) -> None:
    match await call.gather(PROMPT, timeout_s=5):  # a prompt of ivr/prompts.toml
        case Pressed(key):
            await call.set_data("pressed", key)  # the agent who takes the call sees it
        case NoInput():
            pass  # they pressed nothing
        case _:
            pass
    await call.queue(QUEUE)  # waits for an agent of acd/queues.toml, and talks; a hang-up ends the program here
'''

SITE: Final = {
    "acd/queues.toml": """# Who waits where, and which agents may answer.

[support]
skills = { support = 1 }                      # at least this level, 1 to 10
answer = { percent = 80, within = "20s" }     # the service level on the wallboard
""",
    "acd/agents.toml": """# Who can answer. An agent's id is also their phone's user name.

[team]
from   = 1001
count  = 3
skills = { support = 5 }
""",
    "acd/site.toml": """# What holds for the whole site.

timezone = "UTC"        # the day on wallboard and reports begins at this midnight
""",
    "ivr/numbers.toml": """# Which program takes which number.

default  = "sorry"      # takes all other numbers, and callers whose program failed
language = "en"

[4000]
program = "front_door"
""",
    "ivr/main.toml": """# The menu of 4000.

prompt   = "welcome"
no_input = "1"          # the key that is taken for silence

[keys]
1 = { queue = "support", name = "support" }
""",
    "ivr/prompts.toml": """# What callers hear. A changed text is a new sound.

[welcome]
en = "Welcome. For support, press 1."

[nobody-free]
en = "Sorry, nobody can take your call at the moment. Please call again later."

[apology]
en = "We are sorry, we cannot take your call right now."

[our-fault]
en = "We are sorry, there is a fault on our side. Please hold the line."

[leave-a-message]
en = "You can leave a message after the tone."

[thank-you]
en = "Thank you. We have your message."
""",
    "ari_apps/front_door.py": '''"""The front door: ask what it is about, then put the caller through."""

from ccplane import Call, Served


async def main(call: Call) -> None:
    choice = await call.menu("main")  # ivr/main.toml
    outcome = await call.queue(choice.queue)  # acd/queues.toml; a hang-up ends the program here
    if not isinstance(outcome, Served):
        await call.play("nobody-free")  # ivr/prompts.toml
''',
    "ari_apps/sorry.py": '''"""For numbers that no program takes, and when a program has failed."""

from ccplane import Call


async def main(call: Call) -> None:
    await call.play("apology")
''',
    "pytest.ini": """# How tests/ is run: @in_virtual_time has a loop of its own.

[pytest]
testpaths = tests
addopts   = -p no:asyncio
""",
    "tests/test_programs.py": '''"""What callers find. Run it with `pytest`: no PBX, no waiting."""

from pathlib import Path

from ccplane.testing import a_site, in_virtual_time

SITE = Path(__file__).parents[1]


@in_virtual_time
async def test_key_1_leads_to_an_agent():
    async with a_site(SITE) as site:
        await site.signs_in("1001")
        caller = await site.call("4000")
        await caller.hears("welcome")
        caller.presses("1")
        await caller.talks_with("1001")


@in_virtual_time
async def test_with_nobody_there_callers_are_told_so():
    async with a_site(SITE) as site:
        caller = await site.call("4000")
        await caller.hears("welcome", "nobody-free")
        await caller.is_gone()
''',
}
"""A whole site, as small as one can be and still of use."""


@click.group(cls=Listing)
def new() -> None:
    """Begin a program, or a whole site."""


@new.command()
@click.argument("name")
def program(name: str) -> None:
    """Write ari_apps/NAME.py, commented, and check the site with it.

    \b
    Examples:
      ccplane new program after_hours
      ccplane try after_hours
    """
    from ccplane import site

    folder = given_settings().site
    if not NAME.fullmatch(name):
        sentence = f"{name!r} cannot be a program's name: small letters, digits and _, a letter first, 40 at most."
        raise SetupError("bad-name", sentence)
    path = folder / "ari_apps" / f"{name}.py"
    now = site.parse(site.read(folder))
    prompts, queues = sorted(now.prompts), sorted(now.rules.queues)
    prompt = "welcome" if "welcome" in prompts or not prompts else prompts[0]
    queue = "support" if "support" in queues or not queues else queues[0]
    _write(path, PROGRAM.replace("PROMPT", f'"{prompt}"').replace("QUEUE", f'"{queue}"'))
    report = site.check(folder)
    for line in report.lines():
        if f"{name}.py" in line:
            click.echo(line)
    if not report.ok:
        raise SystemExit(2)
    click.echo(f"{path} is written; no fault found. Give it a number in ivr/numbers.toml, or: ccplane try {name}")


@new.command("site")
@click.argument("directory", type=click.Path(path_type=Path))
def new_site(directory: Path) -> None:
    """Write a whole small site to DIRECTORY, which must be empty or not there: a queue, a menu, a program, its test.

    \b
    Examples:
      ccplane new site /srv/callcentre
      CCPLANE_SITE=/srv/callcentre ccplane try 4000
    """
    from ccplane import site

    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise SetupError("not-empty", f"{directory} is there already, and not an empty folder: nothing was written.")
    for path, text in SITE.items():
        _write(directory / path, text)
    report = site.check(directory)
    for line in report.lines():
        click.echo(line)
    if not report.ok:
        raise SystemExit(2)
    click.echo(f"{directory} is a site without a fault. Next:")
    click.echo(f"  export CCPLANE_SITE={directory}")
    click.echo("  ccplane try 4000        its program in the terminal")
    click.echo("  make run                the same on a real Asterisk; in ccplane's folder")
    click.echo(f"  {Path(sys.executable).with_name('pytest')} {directory}")
    click.echo("                          its tests; once `make env-dev` in ccplane's folder has installed pytest")


def _write(path: Path, text: str) -> None:
    """SetupError if it is there already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise SetupError("exists", f"{path} is there already: nothing was written.") from error
