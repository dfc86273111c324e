"""Lists are read without holding up the loop of all calls."""

from __future__ import annotations

import json
import subprocess
import sys

FIRST_READ = """
import asyncio, json, sys
from ccplane.asterisk.lists import Lists
from ccplane.asterisk.operations import ListChannels
from ccplane.asterisk.stats import AriStats
from ccplane.asterisk.websocket import Address

async def answer(reader, writer):
    await reader.readuntil(b"\\r\\n\\r\\n")
    writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\n[]")

async def main():
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    lists, known = Lists(5.0, 0.25, AriStats()), set(sys.modules)
    lists.open(Address(f"http://127.0.0.1:{port}", "ccplane", "secret"))
    outcome = await lists.send(ListChannels())
    print(json.dumps([repr(outcome), sorted(set(sys.modules) - known)]))
    await lists.close()
    server.close()

asyncio.run(main())
"""


def test_the_first_list_imports_nothing():
    """httpx would import 70 modules for it, 100 ms before the first survey."""
    ran = subprocess.run([sys.executable, "-c", FIRST_READ], capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout) == ["Done(value=[])", []]
