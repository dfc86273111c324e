"""What the tests of notices share: a site with a box, a message in it, and the worker on a real Postgres."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from types import SimpleNamespace

from ccplane.addresses import mail_server
from ccplane.contacts.facts import MessageSource, MessageStored, Tell
from ccplane.contacts.notice import NoticeKind
from ccplane.ids import AgentId, ContactId, QueueName, message_id
from ccplane.notices.mail import Mailer, sender
from ccplane.notices.telling import LEASE_MS, Notifier
from ccplane.postgres.notices import Notices, NoticesWanted
from ccplane.site import parse
from tests.postgres.histories import START
from tests.postgres.test_projections import store

HOUR = 3_600_000
FILES = {
    "acd/queues.toml": "[support]\nskills = {}\n",
    "acd/agents.toml": "[demo]\nfrom = 1001\ncount = 1\n",
    "acd/site.toml": 'timezone = "Asia/Shanghai"\n',
    "ivr/numbers.toml": 'default = "main"\n[4002]\nprogram = "main"\n',
    "ivr/prompts.toml": '[leave-a-message]\nen = "Leave a message."\nzh-CN = "请留言。"\n',
    "ari_apps/main.py": "async def main(call):\n    await call.answer()\n",
}
BASE = "https://cc.example.com"


def a_site(**files):
    return parse(FILES | files)


def stored(number=1, *, to=("team@example.com",), webhook="", answer_until=None, caller=None, ms=42_000, owed=True):
    """A message that is in safety, and who is told of it."""
    of = ContactId(f"c-ast1-1700000000.{number}")
    services = (Tell(NoticeKind.WEBHOOK, webhook),) if webhook else ()
    return MessageStored(
        at=START + number,
        message=message_id(of, 3, 1),
        contact=of,
        box="support",
        caller=f"138{number}" if caller is None else caller,
        number_dialled="4001",
        source=MessageSource.IVR,
        left_at=START,
        ms=ms,
        bytes=67_244,
        file=f"2026/01/01/{number}.wav",
        owed=owed,
        queue=QueueName("support"),
        agent=AgentId(""),
        answer_until=answer_until,
        tell=(*(Tell(NoticeKind.EMAIL, each) for each in to), *services),
    )


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self):
        self.at = START + 1_000

    def __call__(self):
        return self.at


class Desk:
    """The worker, on this database; `clock` moves by hand."""

    def __init__(self, db, url="", ways=None, site=None, sound=lambda _: None):
        self.clock, self.ledger = Clock(), Notices(db)
        self.followers = []
        server = mail_server(url) if url else None
        site = site or a_site()
        mailer = Mailer(server, sender(server, "ccplane@cc.example.com"), lambda: site, BASE, sound)
        self.ways = {NoticeKind.EMAIL: mailer} if ways is None else ways
        self.shipped_upto = asyncio.Event()
        self.notifier = Notifier(
            SimpleNamespace(follow=self.followers.append),
            self.ledger,
            self.ways,
            self.clock,
            self._shipped,
            chance=lambda: 0.5,
        )

    async def _shipped(self, _):
        await self.shipped_upto.wait()

    async def rows(self, **wanted):
        return (await self.ledger.notices(NoticesWanted(**wanted))).notices

    async def becomes(self, state, tries=None, which=0):
        """The row of a notice (the latest made first) once it is so."""
        async with asyncio.timeout(20):
            while True:
                row = (await self.rows())[which]
                claimed = row.next_at == self.clock.at + LEASE_MS  # its try is under way, and the last one's error told
                over = state != "due" or (row.last_error and not claimed)
                if row.state == state and tries in (None, row.tries) and over:
                    return row
                await asyncio.sleep(0.01)

    async def later(self, ms):
        """So much time passes."""
        self.clock.at += ms
        self.notifier.look()

    @asynccontextmanager
    async def at_work(self):
        task = asyncio.create_task(self.notifier.run())
        try:
            yield self
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


__all__ = ["BASE", "FILES", "HOUR", "START", "Desk", "a_site", "store", "stored"]
