"""`python -m ccplane.recordings.convert SPOOL STORE`: a process that converts, one at a time, at the lowest priority.

It is asked by a line of JSON and answers by one; it knows no call and decides nothing. When who asks is gone, by
whatever death, its input ends, and so does it.

    {"do": "list"}                                   → {"files": [["r-…", 4.2, 96000]]}
    {"do": "convert", "id": "r-…", "keep_wav": true, "most_ms": null}
                                                     → {"kept": [3000, 64000, "2026/01/31/r-….wav", "….opus"]}
                                                       or {"kept": null} if there is no file of it
    {"do": "remove", "id": "r-…"}                    → {}
    anything that fails                              → {"error": "why, for people"}
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ccplane.recordings import store

MOST: Final = 200
"""Files told of at a time: the rest is told of when these are done."""
LOWEST: Final = 19


def answer(spool: Path, kept: Path, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        match asked["do"]:
            case "list":
                return {"files": store.raw_files(spool, MOST)}
            case "convert":
                return {
                    "kept": store.convert(
                        spool, kept, asked["id"], keep_wav=asked["keep_wav"], most_ms=asked["most_ms"]
                    )
                }
            case "remove":
                store.remove(spool, asked["id"])
                return {}
    except store.NotConverted as fault:
        return {"error": str(fault)}
    except OSError as fault:
        return {"error": f"{fault.strerror}: {fault.filename}"}
    return {"error": f"asked for {asked['do']!r}, which is nothing"}


def main() -> int:
    os.umask(0o077)  # voices are for the owner alone
    os.setpriority(os.PRIO_PROCESS, 0, LOWEST)
    spool, kept = Path(sys.argv[1]), Path(sys.argv[2])
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(spool, kept, json.loads(line))) + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
