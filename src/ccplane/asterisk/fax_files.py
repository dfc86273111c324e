"""What callers may have faxed to them is made here: each file of ivr/faxes/ becomes pages that a node can send.

They lie beside the prompts, under a name that follows from their content: what is there is right, only what is missing
is made, and old ones stay for the contacts that began under an older site.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Final

from ccplane.errors import SetupError
from ccplane.site import Site
from ccplane.site.faxes import FaxFile

WITHIN_S: Final = 60.0


async def render_faxes(site: Site, sounds_dir: Path, site_dir: Path | None) -> int:
    """Makes those that are not there yet, one after the other, and says how many. SetupError "fax-not-made"."""
    missing = [each for each in site.faxes.values() if not (sounds_dir / f"{each.pages}.tif").exists()]
    for each in missing:
        if site_dir is None:
            raise _not_made(each, "nobody said where it lies")
        await _made(each, site_dir / each.path, sounds_dir / f"{each.pages}.tif")
    return len(missing)


async def _made(fax: FaxFile, source: Path, tiff: Path) -> None:
    await asyncio.to_thread(tiff.parent.mkdir, parents=True, exist_ok=True)
    making = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ccplane.asterisk.fax_sheets", str(source), str(tiff)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(WITHIN_S):
            _, complaint = await making.communicate()
    except TimeoutError:
        raise _not_made(fax, f"nothing came of it within {WITHIN_S:g} s") from None
    finally:
        if making.returncode is None:
            making.kill()
    if making.returncode:
        why = complaint.decode(errors="replace").strip().splitlines()[-1:] or [f"exit {making.returncode}"]
        raise _not_made(fax, why[0])


def _not_made(fax: FaxFile, why: str) -> SetupError:
    return SetupError("fax-not-made", f"{fax.path} could not be made into a fax: {why}", path=fax.path)
