"""`python -m ccplane.local`, which is `make run`."""

from __future__ import annotations

import sys

from ccplane.local.supervise import run
from ccplane.local.terminal import in_one_sentence
from ccplane.settings import load


async def _main() -> int:
    return await run(load())


def main() -> int:
    """`python -m ccplane.local`, which is `make run`."""
    return in_one_sentence(_main())


if __name__ == "__main__":
    sys.exit(main())
