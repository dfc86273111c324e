"""`prompts`: what callers hear, listed, made and measured from the site's folders alone; no plane needs to run."""

from __future__ import annotations

import asyncio

import click

from ccplane.cli.given import given_settings, given_site
from ccplane.cli.listing import Listing


@click.group(cls=Listing, invoke_without_command=True)
@click.pass_context
def prompts(ctx: click.Context) -> None:
    """List what callers hear: text or recording, length and level of each, in each language.

    \b
    The columns:
      source   who says it: an engine of ivr/voices.toml, or recorded (ivr/sounds/LANGUAGE/NAME.wav)
      length   seconds; - where it is not rendered yet
      speech   level of the speech without its pauses, dB below full scale; -26 is usual
      rms      level of the whole; peak: the loudest sample

    \b
    Examples:
      ccplane prompts                         what there is
      ccplane prompts render                  make what is missing now; `run` does it too
      ccplane prompts check                   exit code 2 if one is silent, clipped, too loud, too long …
      CCPLANE_SITE=/srv/callcentre ccplane prompts check
    """
    if ctx.invoked_subcommand is None:
        from ccplane.asterisk.levels import table

        settings = given_settings()
        for line in table(given_site(settings), settings.sounds_dir):
            click.echo(line)


@prompts.command("render")
def prompts_render() -> None:
    """Make the sound of every prompt that has none yet.

    \b
    Example:
      ccplane prompts render                  into the folder that CCPLANE_SOUNDS names, or .runtime/
    """
    from ccplane.asterisk.prompts import render

    settings = given_settings()
    made = asyncio.run(render(given_site(settings), settings.sounds_dir, settings.site))
    click.echo(f"Made {made} sounds in {settings.sounds_dir}.")


@prompts.command("check")
def prompts_check() -> None:
    """Measure every prompt as callers hear it; what is not rendered yet is, for this alone. Exit code 2 at a fault.

    \b
    A fault is a prompt that
      is silent, or clipped
      has speech louder than -16 dB or softer than -36 dB
      lasts longer than 120 s
      is not a telephone's 8 kHz, 16 bit, mono; or cannot be made at all

    \b
    Examples:
      ccplane prompts check
      CCPLANE_SITE=/srv/callcentre ccplane prompts check
    """
    from ccplane.asterisk.levels import faults

    settings = given_settings()
    site = given_site(settings)
    found = asyncio.run(faults(site, settings.sounds_dir, settings.site))
    for line in found:
        click.echo(line)
    if found:
        raise SystemExit(2)
    click.echo(f"No fault found: prompts {len(site.spoken)}, sounds {len(site.all_prompts())}.")
