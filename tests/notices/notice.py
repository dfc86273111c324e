"""A notice, as the pages have it."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec.structs import replace

from ccplane.contacts.notice import Notice, NoticeKind
from ccplane.ids import ContactId, MessageId, NoticeId, QueueName


def at(hour):
    return int(datetime(2026, 11, 23, hour, tzinfo=UTC).timestamp() * 1000)


def a_notice(**other):
    usual = Notice(
        id=NoticeId("n-m-c-ast1-1700000000.1-3-1-1"),
        kind=NoticeKind.WEBHOOK,
        target="crm",
        since=at(8),
        tries=1,
        message=MessageId("m-c-ast1-1700000000.1-3-1"),
        contact=ContactId("c-ast1-1700000000.1"),
        box="general",
        caller="13800138000",
        number_dialled="4001",
        left_at=at(8),
        ms=42_000,
        bytes=672_044,
        file="2026/11/23/x.wav",
        queue=QueueName("support"),
        answer_until=at(12),
    )
    return replace(usual, **other)
