"""How commands are listed: each with its whole first sentence. click's own way cuts it off in the middle of a word."""

from __future__ import annotations

import click


class Listing(click.Group):
    """A group whose help says of each command what it does, on as many lines as that takes."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        commands = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [(name, each.get_short_help_str(limit=1_000)) for name, each in commands if each and not each.hidden]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)
