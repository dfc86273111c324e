"""What a page's script holds, by kind, from a heap snapshot of the browser's DevTools.

V8 compiles what runs often, a function at a time and for hours where it runs seldom, and keeps notes of the shapes it
has seen. That is in no way a leak: it ends with the last function of the page. So code and shapes are told apart from
all else, which must not grow at all; and what the browser draws with is left out.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from tests.browser.chromium import Tab

NOTES: Final = ("code", "object shape", "hidden")
"""V8's own."""
DRAWING: Final = ("native blink::", "native system /")
"""What the browser draws the document's nodes with, made and forgotten as it likes; nodes are counted elsewhere."""
TEXTS: Final = ("string", "concatenated string", "sliced string", "number", "bigint")


class Heap(NamedTuple):
    """In bytes. `kinds`: what is held, by what it is; `notes`: V8's code and shapes."""

    kinds: Mapping[str, int]
    notes: int

    @property
    def held(self) -> int:
        return sum(self.kinds.values())

    def more_than(self, before: Heap, most: int = 8) -> str:
        """What there is more of, the most first, for people."""
        more = Counter({kind: size - before.kinds.get(kind, 0) for kind, size in self.kinds.items()})
        return ", ".join(f"{kind} +{size}" for kind, size in more.most_common(most) if size > 0)


async def heap(tab: Tab) -> Heap:
    """After all that can be freed was freed."""
    with tab.hearing("HeapProfiler.addHeapSnapshotChunk") as heard:
        await tab.call("HeapProfiler.takeHeapSnapshot", reportProgress=False)
        return counted(json.loads("".join(each["chunk"] for each in heard)))


def counted(snapshot: dict[str, Any]) -> Heap:
    meta, names = snapshot["snapshot"]["meta"], snapshot["strings"]
    fields, types = meta["node_fields"], meta["node_types"][0]
    kind_at, name_at, size_at = (fields.index(each) for each in ("type", "name", "self_size"))
    nodes, step = snapshot["nodes"], len(fields)
    kinds: Counter[str] = Counter()
    notes = 0
    for first in range(0, len(nodes), step):
        kind, size = types[nodes[first + kind_at]], nodes[first + size_at]
        if kind in NOTES:
            notes += size
        elif kind in TEXTS:
            kinds["text" if "string" in kind else "number"] += size
        else:
            kinds[f"{kind} {names[nodes[first + name_at]][:60]}"] += size
    return Heap({kind: size for kind, size in kinds.items() if not kind.startswith(DRAWING)}, notes)
