"""What a service manager is told, in systemd's protocol; nothing where there is none."""

from __future__ import annotations

import os
import socket
from contextlib import suppress


def tell_supervisor(words: str) -> None:
    """`READY=1`, `MAINPID=…`. It must not keep us from anything."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as end:
        end.connect("\0" + address[1:] if address.startswith("@") else address)
        end.send(words.encode())
