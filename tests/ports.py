"""Ports that no other test, and nothing else on this machine, is using."""

from __future__ import annotations

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path

from ccplane.asterisk.ports import NodePorts

FIRST, LAST, BLOCK = 10200, 32399, 200
"""Below what Linux gives to outgoing connections (from 32768), so that none is snatched between look and use."""

_held: list[int] = []


def free_block(size: int = BLOCK) -> int:
    """The first of `size` ports in a row that are this process's until it ends, and that nothing listens on now."""
    folder = Path(tempfile.gettempdir()) / "ccplane-test-ports"
    folder.mkdir(exist_ok=True)
    starts = list(range(FIRST, LAST - size, BLOCK))
    random.shuffle(starts)
    for start in starts:
        descriptor = os.open(folder / str(start), os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            continue
        if all(is_free(port) for port in range(start, start + 10)):
            _held.append(descriptor)  # the lock goes with the process, however it ends
            return start
        os.close(descriptor)
    raise RuntimeError(f"no {size} free ports in a row between {FIRST} and {LAST}")


def free_ports(count: int = 1) -> list[int]:
    """Single ports, for servers of a test's own."""
    start = free_block()
    return list(range(start, start + count))


def node_ports() -> NodePorts:
    """Everything one Asterisk listens on, with RTP for some 45 calls of two legs."""
    start = free_block()
    return NodePorts(sip=start, http=start + 1, ami=start + 2, rtp_first=start + 10, rtp_last=start + BLOCK - 1)


def is_free(port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind is socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


_singles: list[int] = []


def free_port() -> int:
    """One port for a server of a test's own; all come from one block, used again only when it is through."""
    if not _singles:
        start = free_block()
        _singles.extend(range(start + BLOCK - 1, start - 1, -1))
    while not is_free(port := _singles.pop()):
        pass
    return port
