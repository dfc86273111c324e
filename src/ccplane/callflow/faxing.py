"""Faxes: the chapter of `Call` that receives and sends them."""

from __future__ import annotations

from typing import Final

from ccplane.callflow.recording import BOX, Recording
from ccplane.callflow.step import Step
from ccplane.contacts.fax import FaxResult, FaxSent, FaxTaken, NoFax, ReceiveFax, SendFax, SentResult
from ccplane.errors import ProgramError

FAX_LONGEST_S: Final = 1_800
FAX_MOST_S: Final = 7_200


class Faxing(Recording):
    """The verbs that speak with fax machines."""

    async def receive_fax(self, box: str = "general", *, longest_s: float = FAX_LONGEST_S) -> FaxResult:
        """Receive a fax from the caller: FaxTaken(fax, pages, station), or NoFax(reason, pages).

        It is kept as a PDF, also if they hang up in the middle: what has come until then. `box`: by what faxes are
        sorted; letters, digits, - and _. `longest_s`: how long it may take, two hours at most. `station` is what their
        machine calls itself. NoFax has the pages that have come; `reason` is no-fax-machine, transmission-failed,
        interrupted, too-long, not-joined, …

            match await call.receive_fax("orders"):
                case FaxTaken(fax, pages):
                    await call.set_data("fax", fax)
        """
        if not BOX.fullmatch(box):
            raise ProgramError("bad-box", f"{box!r} is no name of a box: letters, digits, - and _, at most 40")
        if not 1 <= longest_s <= FAX_MOST_S:
            raise ProgramError("bad-fax", f"longest_s is 1 to {FAX_MOST_S}, not {longest_s!r}")
        result = await Step(ReceiveFax(box, round(longest_s * 1000)))
        if not isinstance(result, FaxTaken | NoFax):
            raise ProgramError("fax-failed", f"the fax gave {result!r}")
        return result

    async def send_fax(self, name: str, *, longest_s: float = FAX_LONGEST_S) -> SentResult:
        """Send the caller a fax: FaxSent(fax, pages, station), or NoFax(reason, pages).

        `name`: of a file in ivr/faxes/, a PDF, TIFF or PNG. The caller has called from a fax machine, or has one start
        now. `longest_s`: how long it may take, two hours at most. NoFax has the pages that their machine has.

            match await call.send_fax("price-list"):
                case FaxSent(pages=pages):
                    await call.set_data("fax sent", str(pages))
        """
        if not 1 <= longest_s <= FAX_MOST_S:
            raise ProgramError("bad-fax", f"longest_s is 1 to {FAX_MOST_S}, not {longest_s!r}")
        result = await Step(SendFax(name, self.site.fax(name).pages, round(longest_s * 1000)))
        if not isinstance(result, FaxSent | NoFax):
            raise ProgramError("fax-failed", f"the fax gave {result!r}")
        return result
