"""Work after a call as the files say it, of a queue or of an agent: whether its parts agree with each other."""

from __future__ import annotations

from ccplane.agents.wrap_up import WrapUp
from ccplane.site.document import Document
from ccplane.site.durations import written
from ccplane.site.shapes import WrapUpTable


def wrap_up_in(document: Document, table: WrapUpTable | None, *where: str) -> WrapUp | None:
    """The work after a call that stands in the table at `where`; None where it says nothing."""
    if table is None:
        return None
    at = (*where, "wrap_up")
    if table.extend is not None and not table.time:
        of = "work that ends when the agent is done" if table.time is None else "a wrap-up of no time"
        document.fault("extends-nothing", f"there is nothing to extend of {of}; leave it out", *at, "extend")
    if table.most is not None and table.time is not None:
        if table.most < table.time:
            document.fault("out-of-range", f"is at least the `time`, {written(table.time)}", *at, "most")
        elif table.extend is None:
            document.warning("most-without-extend", "means nothing where there is no `extend`", *at, "most")
    if table.extend is not None and table.most is None:
        document.warning("extends-for-ever", "has no `most`: it may be extended again and again", *at)
    return WrapUp(table.time, table.extend or 0, table.most)
