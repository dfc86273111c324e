"""Waiting callers hear music, and it costs no transcoding."""

from __future__ import annotations

import pytest

from ccplane.asterisk.node import LocalNode
from ccplane.testing.siplab import open_lab
from tests.asterisk.stand_in import application

pytestmark = pytest.mark.asterisk


async def test_music_on_hold_is_heard_and_lies_in_the_phones_codec(local_node: LocalNode):
    async with (
        open_lab(("127.0.0.1", local_node.sip_port), audio=True) as lab,
        application(local_node) as (ari, channel_arrives),
    ):
        call = lab.callers.dial("4002")
        channel = await channel_arrives()
        await ari.post(f"/channels/{channel}/answer")
        await ari.post(f"/channels/{channel}/moh")
        await call.up()
        await call.audio.hears_sound(within=10)
        shown = await local_node.cli(f"core show channel {(await ari.get(f'/channels/{channel}')).json()['name']}")
        assert "WriteFormat: ulaw" in shown
        assert "WriteTranscode: No" in shown
