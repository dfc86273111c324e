"""`try`: a program in the terminal. Its verbs are said as they come; keys and outcomes are typed. No PBX."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import time
from typing import TYPE_CHECKING, Final, cast

import click

from ccplane.cli.given import given_settings, given_site
from ccplane.errors import ProgramError, SetupError

if TYPE_CHECKING:
    from ccplane.contacts.look_ups import LookUpResult, Why
    from ccplane.contacts.verbs import Result
    from ccplane.site import Site
    from ccplane.testing.trial import Trial

HANG_UP: Final = "h"
NOTHING: Final = "-"
KEYS: Final = set("0123456789*#ABCD")


@click.command("try")
@click.argument("what", metavar="NUMBER|PROGRAM")
@click.option("--script", help="What is typed, word by word: keys, `-` (silence), outcomes, `h`.")
@click.option("--trace", is_flag=True, help="Also each verb and result as it is journalled, and the line.")
@click.option("--at", "moment", help="Another moment than now, on the site's clock: 2026-10-01T10:00. Then hours hold.")
@click.option("--withheld", is_flag=True, help="The caller shows no number.")
@click.option("--from", "caller", default="13800138000", show_default=True, help="The number that calls.")
@click.option(
    "--look-up",
    "look_ups",
    multiple=True,
    metavar="NAME=ANSWER",
    help="What a look-up gives: a file with JSON, `not-found`, or `failed`. May be given for several.",
)
@click.option("--language", default="", help="Instead of the number's own: en or zh-CN.")
def try_(
    what: str,
    script: str | None,
    trace: bool,
    caller: str,
    language: str,
    look_ups: tuple[str, ...],
    moment: str | None,
    withheld: bool,
) -> None:
    """Run what takes NUMBER, or a program of ari_apps/, here: typed keys, no PBX. What comes of a queue you say.

    Where it asks, type keys; Enter alone is silence; `h` hangs up. Where it waits in a queue, type what happens:
    served, timed-out, no-agents, … with by whom or which key, if you like: `served:1003`, `left-by-key:1:callback`.

    \b
    Examples:
      ccplane try 4001
      ccplane try call_me_back --trace
      ccplane try 4001 --at 2026-10-01T03:00 --withheld    which program takes it, and why
      ccplane try 4011 --look-up orders=order.json
      ccplane try 4001 --script "2 served"    for tests: exit code 2 if the program fails
    """
    from ccplane.callflow.told import said_by
    from ccplane.cli.hours import instant
    from ccplane.days import zone
    from ccplane.site.faults import did_you_mean
    from ccplane.testing.trial import Trial

    site = given_site(given_settings())
    at = instant(moment, zone(site.rules.timezone)) if moment else round(time() * 1000)
    trial = Trial(site, what, caller="" if withheld else caller, language=language, at=at, timely=bool(moment))
    if not trial.listed and not what.strip("+*#").isdigit():
        hint = did_you_mean(what, (*site.programs, *site.rules.numbers))
        raise click.UsageError(f"{what} is no number, and there is no program of that name in ari_apps/{hint}")
    if not trial.listed:
        click.echo(f"{what} is neither in ivr/numbers.toml nor a program: the default takes it.")
    why = f", by {trial.why}" if trial.why.startswith("`") else f"; {trial.why}" if trial.why else ""
    path = site.programs[trial.program].path
    click.echo(f"{what}: program {trial.program} ({path}), language {trial.language}{why}")
    trial.answers.update(_answer(site, each) for each in look_ups)
    typed = _typed if script is None else _scripted(script)
    said = said_by(site)
    for line in lines(trial, said, typed, trace):
        click.echo(line)
    if trial.failed:
        raise SystemExit(2)


def lines(trial: Trial, said: Callable[[str], str], typed: Callable[[str], str | None], trace: bool) -> Iterator[str]:
    """All that is to be seen of a trial, as it happens. `typed`: what somebody types; None once there is no more."""
    from ccplane.callflow.told import verb_told
    from ccplane.contacts.verbs import Done

    keys = ""
    while (verb := trial.verb) is not None:
        yield f"{trial.step:3}  {verb_told(verb, said)}"
        if trace:
            yield f"     {trial.where}  {verb}"
        result: Result = trial.known or Done()
        if trial.forgets_keys:
            keys = ""
        if trial.asks and not (keys and trial.takes_keys):
            words = typed(f"     {'keys' if trial.takes_keys else ' | '.join(trial.outcomes)}? ")
            if words is None or words == HANG_UP:
                trial.hang_up()
                break
            try:
                result, keys = _result(trial, words)
            except ProgramError as error:
                yield f"     {error}; or {HANG_UP} to hang up"
                if typed is not _typed:
                    raise SetupError("bad-script", f"--script: at step {trial.step}, {error}") from error
                continue
        elif trial.asks:
            result, keys = trial.pressed(keys)
        if trace:
            yield f"     {result}"
        trial.give(result)
    yield f"{'FAILED: ' if trial.failed else ''}{trial.ended}."


def _answer(site: Site, given: str) -> tuple[str, LookUpResult]:
    """`orders=order.json`, `orders=not-found`, `orders=failed`, with why if you like: `orders=failed:timeout`."""
    import msgspec

    from ccplane.contacts.look_ups import WHYS, Found, LookUpFailed, NotFound
    from ccplane.site.faults import did_you_mean

    name, _, answer = given.partition("=")
    if name not in site.look_ups:
        raise click.UsageError(f"ivr/lookups.toml has no look-up `{name}`{did_you_mean(name, site.look_ups)}")
    kind, _, why = answer.partition(":")
    if answer == "not-found":
        return name, NotFound()
    if kind == "failed" and (not why or why in WHYS):
        return name, LookUpFailed(cast("Why", why or "timeout"))
    try:
        return name, Found(msgspec.json.decode(Path(answer).read_bytes()))
    except OSError as error:
        raise click.UsageError(f"--look-up {given}: {answer or 'nothing'} cannot be read: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise click.UsageError(f"--look-up {given}: {answer} is not JSON: {error}") from error


def _result(trial: Trial, words: str) -> tuple[Result, str]:
    """What was typed: keys, an outcome by name and what it says more; and the keys that are left over."""
    first, *given = words.split(":")
    if trial.takes_keys and set(first) <= KEYS:
        return trial.pressed(first)
    if first in ("", NOTHING):
        return (trial.pressed("")[0], "") if trial.takes_keys else (trial.result(trial.outcomes[0]), "")
    if not trial.takes_keys and set(first) <= KEYS and "left-by-key" in trial.outcomes:
        return trial.result("left-by-key", first), ""
    if first == "found":
        return trial.result(first, *([words.partition(":")[2]] if given else [])), ""
    return trial.result(first, *given), ""


def _typed(question: str) -> str | None:
    try:
        words = input(question).strip()
        if not sys.stdin.isatty():
            click.echo(words)  # as a terminal does
        return words
    except (EOFError, KeyboardInterrupt):
        click.echo()
        return None


def _scripted(script: str) -> Callable[[str], str | None]:
    words = iter(script.split())

    def next_word(_: str) -> str | None:
        return next(words, None)

    return next_word
