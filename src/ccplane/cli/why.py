"""`why`: why a contact waits, and when it could be served, as lines of text. The running plane works it out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import click

from ccplane.cli.api import admin_token, asking, segment
from ccplane.cli.given import given_settings

BECAUSE: Final = {
    "ringing": "a phone rings for it",
    "no-switch": "its Asterisk is not connected, so nothing can be offered",
    "catching-up": "ccplane stood still, and is reading what happened meanwhile",
    "database-away": "they are called back, and Postgres can't be asked whether they may be",
    "being-promised": "Postgres is asked to keep the promise",
    "calling-hours": "customers are not called now, or the queue is closed",
    "between-tries": "they were called in vain, and are called again later",
    "no-node": "no Asterisk is connected to call them from",
    "no-such-queue": "the queue is not in acd/queues.toml any more",
    "nobody-yet": "nobody who is signed in meets what is asked for now",
    "held-back": "who is free is left to callers whom the fallback has",
    "others-first": "others come before it for the same agents",
    "all-busy": "all who meet what is asked for are busy",
    "queue-gone": "its queue is not in acd/queues.toml any more",
    "in-program": "it waits for nobody: its program runs",
    "connecting": "an agent has answered, and is being connected",
    "talking": "it talks with an agent",
    "calling": "it waits for nobody: somebody is being called",
    "in-call": "it talks with somebody whom an agent has called, or its program",
    "conferring": "it waits for nobody: it is in a conference",
    "ended": "it is over",
}


@click.command()
@click.argument("contact")
@click.option("--all", "everyone", is_flag=True, help="Every agent, instead of the ten who are the nearest to it.")
def why(contact: str, everyone: bool) -> None:
    """Say why CONTACT waits, what keeps each agent from it, when it could be served, and how it was offered so far.

    CONTACT is its id, as `GET /api/v1/contacts` and the log have it; or a callback's, `cb-…`.

    \b
    Examples:
      ccplane why c-ast1-1795332955.0
      ccplane why --all c-ast1-1795332955.0
      ccplane why cb-5f0c2a9be1d34c77
    """
    settings = given_settings()
    with asking(settings, token=admin_token(settings), patience_s=30.0) as ask:
        found = ask("GET", f"/api/v1/contacts/{segment(contact)}/why?limit={10_000 if everyone else 10}")
    for line in lines(found):
        click.echo(line)


def lines(found: dict[str, Any]) -> Iterator[str]:
    """The answer of the API as text."""
    yield f"{found['contact'] or found['callback']}: {BECAUSE.get(found['because'], found['because'])}."
    if found["not_before"] is not None:
        yield f"They stand in the line again from {_clock(found['not_before'])}."
    if found["queue"] is not None:
        yield from _waiting(found)
    for each in found["decisions"]:
        yield f"Offered at {_clock(each['at'])} to agent {each['agent']} ({each['strategy']}): {_trace(each)}"


def _waiting(found: dict[str, Any]) -> Iterator[str]:
    yield f"It waits in {found['queue']} since {_clock(found['queued_at'])}, score {found['score_s']:.0f}."
    if found["ringing"]:
        yield f"Rung: {', '.join(found['ringing'])}."
    if found["ahead"]:
        yield f"{found['ahead']} come before it for an agent who may serve both; the first is {found['first']}."
    for step in found["steps"]:
        sign = ">" if step["holds"] else " "
        since = f" from {_clock(step['from_at'])}" if step["from_at"] else ""
        agents = f"{step['signed_in']} signed in, {step['free']} free"
        yield f" {sign} step {step['number']}{since}: {step['asks']}; {agents}"
    earliest = found["earliest"]
    if earliest is None:
        yield "When it can be served nobody can know: it takes an agent who ends a call, or becomes ready."
    else:
        at = _clock(earliest["could_at"])
        yield f"The first who could serve it, if nobody comes before: {_name(earliest)}, {at}."
    if found["gives_up_at"]:
        yield f"Its wait here ends at {_clock(found['gives_up_at'])}."
    for agent in found["agents"]:
        kept = ", ".join(agent["reasons"]) or "nothing keeps them from it"
        step = f"; by step {agent['step']}" if agent["step"] else "; by no step"
        at = f", at {_clock(agent['could_at'])}" if agent["could_at"] else ""
        yield f"   {_name(agent)}: {kept}{step}{at}"
    left = found["agents_total"] - len(found["agents"])
    if left > 0:
        yield f"   and {left} more (--all)"


def _name(agent: dict[str, Any]) -> str:
    return f"{agent['id']} {agent['name']}".strip()


def _trace(trace: dict[str, Any]) -> str:
    """One decision: among how many, who came next, and who was left out."""
    out = ", ".join(f"{count} {reason}" for reason, count in trace["excluded"].items()) or "nobody"
    second = trace["runner_up"] or trace.get("runner_up_contact")
    then = f"; next would have been {second}" if second else ""
    return f"score {trace['winner_score_s']:.0f}, {trace.get('candidates') or 1} could be asked{then}; left out: {out}"


def _clock(at: str) -> str:
    """The time of the day, where this command runs."""
    return datetime.fromisoformat(at).astimezone().strftime("%H:%M:%S")
