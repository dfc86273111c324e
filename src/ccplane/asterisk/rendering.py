"""A private Asterisk's configuration, rendered anew at each start from templates and the site's dialplan."""

from __future__ import annotations

import re
import shutil
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from ccplane.asterisk.queues import sections
from ccplane.errors import SetupError
from ccplane.private import write_private
from ccplane.routing.rules import Queue
from ccplane.site.dialplan import completed

PLACEHOLDER: Final = re.compile(r"@([A-Z_]+)@")
SAFE: Final = re.compile(r"[\w.:,/-]+", re.ASCII)


class Templates(NamedTuple):
    """The folders that it is made from: templates, the site's dialplan, and what completes that."""

    configuration: Path
    dialplan: Path
    ours: Path

    def render(self, directory: Path, values: dict[str, str], queues: Iterable[Queue]) -> None:
        """Into the folder of a node, whose earlier configuration is gone then."""
        etc = directory / "etc"
        shutil.rmtree(etc)
        (etc / "dialplan").mkdir(parents=True)
        for template in sorted(self.configuration.glob("*.conf")):
            write_private(etc / template.name, fill(template.read_text(), values))
        with (etc / "queues.conf").open("a") as file:
            file.write(sections(queues))
        for part in completed(self.dialplan, self.ours):
            shutil.copyfile(part, etc / "dialplan" / part.name)
        (directory / "hosts").write_text(hosts(socket.gethostname()))


def fill(template: str, values: dict[str, str]) -> str:
    """Fills @NAME@ marks. A value that could end a line or start a comment is refused."""
    for value in values.values():
        if not SAFE.fullmatch(value):
            raise SetupError("bad-node-setting", f"{value!r} may not stand in Asterisk's configuration.")
    return PLACEHOLDER.sub(lambda mark: values[mark[1]], template)


def hosts(own_name: str) -> str:
    """Names that Asterisk looks up by itself: unanswered, each costs up to 5 s at the start and inside a call."""
    return f"127.0.0.1 localhost {own_name} A.ROOT-SERVERS.NET\n::1 localhost\n"
