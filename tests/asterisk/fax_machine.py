"""A fax machine behind the trunk: the same Asterisk calls itself over SIP and RTP, and sends T.30 as audio."""

from __future__ import annotations

import shutil
from pathlib import Path

import httpx
from PIL import Image, ImageDraw

from ccplane.asterisk.node import HOME, LocalNode

STATION = "+49 30 1234567"
RECEIVES = "receives"
CONTEXT = f"""
[fax-machine]
exten => s,1,Set(FAXOPT(localstationid)={STATION})
 same => n,SendFAX(/var/spool/asterisk/${{PAGES}},f)
 same => n,Wait(${{STAYS}})
 same => n,Hangup(16)
exten => receives,1,Set(FAXOPT(localstationid)={STATION})
 same => n,ReceiveFAX(/var/spool/asterisk/${{PAGES}},f)
 same => n,Wait(${{STAYS}})
 same => n,Hangup(16)
exten => voice,1,Playtones(350)
 same => n,Wait(150)
"""


def dialplan(folder: Path) -> Path:
    """The demo's, and a context of the machine's own."""
    shutil.copytree(HOME / "dialplan", folder)
    (folder / "fax-machine.conf").write_text(CONTEXT)
    return folder


def write_pages(path: Path, count: int, lines: int = 500) -> None:
    """A TIFF as fax machines send it, each page with its number."""
    pages = []
    for number in range(1, count + 1):
        page = Image.new("1", (1728, lines), 1)
        draw = ImageDraw.Draw(page)
        draw.text((200, 50), f"Page {number}", fill=0, font_size=200)
        draw.rectangle((100, 300, 1600, lines - 50), outline=0, width=8)
        pages.append(page)
    pages[0].save(path, save_all=True, append_images=pages[1:], compression="group4", dpi=(204, 98))


class FaxMachine:
    """Calls a number of the centre and sends."""

    def __init__(self, node: LocalNode) -> None:
        self._node = node
        self._ari = httpx.AsyncClient(base_url=node.ari_url, auth=(node.ari_username, node.ari_password))
        self._calls = 0

    async def calls(self, number: str, caller: str, pages: int, *, stays: float = 1.0, says: str = "s") -> str:
        """Call and send so many pages; then stay on the line for so long. Returns the channel."""
        self._calls += 1
        channel, file = f"machine-{id(self)}-{self._calls}", f"{says}-{pages}.tif"
        if says != RECEIVES:
            write_pages(self._node.spool_dir / file, max(pages, 1))
        answer = await self._ari.post(
            f"/channels/{channel}",
            params={
                "endpoint": f"PJSIP/{number}@trunk",
                "context": "fax-machine",
                "extension": says,
                "priority": "1",
                "callerId": caller,
            },
            json={"variables": {"PAGES": file, "STAYS": str(stays)}},
        )
        assert answer.status_code == 200, answer.text
        return channel

    def has(self, pages: int) -> int:
        """How many pages lie there that it has received, as `calls(…, pages, says=RECEIVES)`."""
        with Image.open(self._node.spool_dir / f"{RECEIVES}-{pages}.tif") as image:
            return int(getattr(image, "n_frames", 1))

    async def hangs_up(self, channel: str) -> None:
        assert (await self._ari.delete(f"/channels/{channel}")).status_code == 204

    async def channels(self) -> list[str]:
        return [each["id"] for each in (await self._ari.get("/channels")).json()]

    async def close(self) -> None:
        await self._ari.aclose()
