"""Events as Asterisk 22 writes them, for tests that need no Asterisk."""

from __future__ import annotations

import json

STAMP = "2026-11-22T01:26:56.879+0000"


def a_channel(name="1700000000.12", state="Ring", *, number="5551234", caller_name="Ann", exten="4002", app_data=""):
    return {
        "id": name,
        "name": f"PJSIP/trunk-{name}",
        "state": state,
        "protocol_id": "a84b4c76e66710",
        "caller": {"name": caller_name, "number": number},
        "connected": {"name": "", "number": ""},
        "accountcode": "",
        "dialplan": {
            "context": "from-trunk",
            "exten": exten,
            "priority": 2,
            "app_name": "Stasis",
            "app_data": app_data or f"ccplane,{exten}",
        },
        "creationtime": STAMP,
        "language": "en",
    }


def a_bridge(name="b-c-ast1-1700000000.12", *channels):
    return {
        "id": name,
        "technology": "simple_bridge",
        "bridge_type": "mixing",
        "bridge_class": "stasis",
        "creator": "Stasis",
        "name": "",
        "channels": list(channels),
        "creationtime": STAMP,
        "video_mode": "none",
    }


def an_event(kind, **fields):
    """A frame."""
    event = {"type": kind, "timestamp": STAMP, "asterisk_id": "00:00:00:00:00:01", "application": "ccplane", **fields}
    return json.dumps(event).encode()
