"""Small sites to break, one file at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from ccplane.errors import SiteError
from ccplane.site import Site, SiteFaults, parse

TOP = Path(__file__).resolve().parents[2]
"""The top of the house, which is also the demo site."""

WHOLE = {
    "acd/queues.toml": "[support]\nskills = { support = 1 }\n",
    "acd/agents.toml": "[demo]\nfrom = 1001\ncount = 3\nskills = { support = 5 }\n",
    "acd/site.toml": "",
    "ivr/numbers.toml": 'default = "sorry"\n\n[4001]\nprogram = "front"\n',
    "ivr/prompts.toml": '[welcome]\nen = "Welcome."\n',
    "ivr/main.toml": 'prompt = "welcome"\nno_input = "1"\n\n[keys]\n1 = { queue = "support" }\n',
    "ari_apps/front.py": 'async def main(call):\n    await call.menu("main")\n',
    "ari_apps/sorry.py": "async def main(call):\n    await call.hang_up()\n",
}
"""A site without a fault, as small as one can be."""


def a_site(**changed: str) -> dict[str, str]:
    """WHOLE with some files changed or added: queues=…, agents=…, numbers=…, main=…; front=… is a program."""
    homes = {
        "queues": "acd",
        "agents": "acd",
        "seats": "acd",
        "dialling": "acd",
        "callbacks": "acd",
        "wallboards": "acd",
        "site": "acd",
        "numbers": "ivr",
        "prompts": "ivr",
        "main": "ivr",
    }
    files = dict(WHOLE)
    for name, text in changed.items():
        files[f"{homes[name]}/{name}.toml" if name in homes else f"ari_apps/{name}.py"] = text
    return files


def parsed(**changed: str) -> Site:
    return parse(a_site(**changed))


def faults(files: dict[str, str]) -> tuple[SiteError, ...]:
    """Everything that is wrong with these files."""
    with pytest.raises(SiteFaults) as told:
        parse(files)
    return told.value.faults


def the_fault(**changed: str) -> SiteError:
    """The one thing that is wrong with a site changed like this."""
    [fault] = faults(a_site(**changed))
    return fault
