"""The SIP lab against itself: the callers of one lab dial straight into the phones."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from ccplane.testing.rtp import AGENT_TONE, CALLER_TONE, NotHeard, NotPressed
from ccplane.testing.siplab import (
    CallEnded,
    How,
    RegistrationRefused,
    State,
    answers,
    rejects,
    rings_for_ever,
    says_nothing,
)
from ccplane.testing.siplab.links import TcpLink, UdpLink
from ccplane.testing.siplab.record import Record
from ccplane.testing.siplab.station import Station
from ccplane.testing.siplab.wire import Message, authorization, parse, response


@pytest.fixture
async def record() -> Record:
    return Record()


@pytest.fixture
async def phones(record: Record) -> AsyncIterator[Station]:
    station = Station(("127.0.0.1", 9), record, audio=True)
    yield station
    station.close()


@pytest.fixture
async def callers(record: Record, phones: Station) -> AsyncIterator[Station]:
    station = Station(("127.0.0.1", phones.port), record, audio=True)
    yield station
    station.close()


async def test_a_phone_that_answers_talks_until_the_caller_hangs_up(phones: Station, callers: Station):
    """INVITE, 180, 200, ACK, BYE: both sides end, each knowing who hung up."""
    phones.phone("1001").behaviour = answers(after=0.0)
    call = callers.dial("1001", "13800138000")
    await call.up()
    ring = await phones.phone("1001").next_ring()
    call.hang_up()
    assert (await call.over()).how is How.HUNG_UP
    assert (await ring.over()).how is How.PEER_HUNG_UP
    assert not phones.legs
    assert not callers.legs


async def test_a_phone_may_hang_up_first(phones: Station, callers: Station, record: Record):
    """The callee's BYE waits for the caller's ACK."""
    phones.phone("1001").behaviour = answers(after=0.0, hang_up_after=0.0)
    call = callers.dial("1001")
    assert (await call.over()).how is How.PEER_HUNG_UP
    assert not record.trouble


@pytest.mark.parametrize("code", [486, 603, 480])
async def test_a_refusal_tells_its_code(phones: Station, callers: Station, code: int):
    """Busy, decline, unavailable end the call with their own code."""
    phones.phone("1001").behaviour = rejects(code)
    end = await callers.dial("1001").over()
    assert (end.how, end.code) == (How.REFUSED, code)


async def test_a_caller_who_gives_up_cancels(phones: Station, callers: Station, record: Record):
    """Patience ends in CANCEL, 487 on both sides, and isn't a lost call."""
    phones.phone("1001").behaviour = rings_for_ever()
    call = callers.dial("1001", patience=0.05)
    ring = await phones.phone("1001").next_ring()
    assert (await call.over()).how is How.CANCELLED
    assert (await ring.over()).how is How.CANCELLED
    assert record.outcomes == {"gave-up": 1}
    assert record.lost == 0


async def test_a_caller_who_waits_for_a_call_that_ended_is_told(phones: Station, callers: Station):
    """`up` raises what ended the call instead of waiting for its time to run out."""
    phones.phone("1001").behaviour = rejects(603)
    with pytest.raises(CallEnded, match="refused 603"):
        await callers.dial("1001").up()


async def test_a_silent_phone_is_invited_again(phones: Station, callers: Station):
    """INVITE is sent again after 0.5 s; CANCEL waits for a provisional response."""
    phones.phone("1001").behaviour = says_nothing()
    call = callers.dial("1001")
    ring = await phones.phone("1001").next_ring()
    call.hang_up()
    assert call.state is State.CALLING
    ring.ring()
    assert (await call.over()).how is How.CANCELLED


async def test_a_hostile_caller_id_arrives_as_it_was_sent(phones: Station, callers: Station):
    """Control characters, SQL, quotes, brackets and 500 characters survive From and display name."""
    for hostile in ("'; DROP TABLE contact;--", 'a"<b>\\c;tag=x', "\x01\x7f\t" + "x", "9" * 500, "客服 ☎"):
        call = callers.dial("1001", hostile, display=hostile)
        ring = await phones.phone("1001").next_ring()
        assert (ring.caller, ring.display) == (hostile, hostile)
        call.hang_up()
        await call.over()


async def test_a_line_break_in_a_display_name_is_refused(callers: Station):
    """SIP can't carry it: the caller of the lab must use `from_header`."""
    with pytest.raises(ValueError, match="line break"):
        callers.dial("1001", "1", display="a\r\nVia: b")


async def test_an_unknown_phone_is_not_found(callers: Station):
    """A user that isn't registered here gets 404."""
    assert (await callers.dial("4711").over()).code == 404


async def test_tones_are_heard_both_ways(phones: Station, callers: Station):
    """440 Hz from the caller at the agent, 880 Hz back, by the ports that SDP negotiated."""
    phones.phone("1001").behaviour = answers(after=0.0)
    call = callers.dial("1001")
    await call.up()
    ring = await phones.phone("1001").next_ring()
    assert call.audio is not None
    assert ring.audio is not None
    call.audio.play(CALLER_TONE)
    ring.audio.play(AGENT_TONE)
    await asyncio.gather(ring.audio.hears(CALLER_TONE), call.audio.hears(AGENT_TONE))
    with pytest.raises(NotHeard, match="a tone of 880 Hz"):
        await ring.audio.hears(AGENT_TONE, within=0.3)
    call.audio.play(None)
    await ring.audio.hears_silence()


async def test_keys_arrive_once_each(phones: Station, callers: Station):
    """RFC 4733: start, updates, three ends are one key."""
    phones.phone("1001").behaviour = answers(after=0.0)
    call = callers.dial("1001")
    await call.up()
    ring = await phones.phone("1001").next_ring()
    assert call.audio is not None
    assert ring.audio is not None
    await call.audio.press("15#")
    await ring.audio.hears_silence()
    assert ring.audio.keys == "15#"


async def test_a_key_pressed_in_a_call_that_is_over_is_said_to_be_so(phones: Station, callers: Station):
    """Not waited for: nothing would ever send it."""
    phones.phone("1001").behaviour = answers(after=0.0, hang_up_after=0.0)
    over, refused = callers.dial("1001"), callers.dial("4711")
    await asyncio.gather(over.over(), refused.over())
    for call in (over, refused):
        assert call.audio is not None
        with pytest.raises(NotPressed, match="1: the call was over"):
            await asyncio.wait_for(call.audio.press("1"), 2)


async def test_figures_count_only_what_they_say(phones: Station, callers: Station, record: Record):
    """One phone, two callers: the first saw it idle, the second is the refill."""
    record.serving = {"1001"}
    phones.phone("1001").behaviour = rings_for_ever()
    first = callers.dial("1001", "1", talk=0.0)
    ring = await phones.phone("1001").next_ring()
    queue = Station(("127.0.0.1", 9), record)  # nobody there: who dials in here waits
    queue.dial("4002", "2")
    ring.answer()
    assert await first.connected == "1001"
    await ring.over()
    second = callers.dial("1001", "3")
    await phones.phone("1001").next_ring()
    second.hang_up()
    await second.over()
    queue.close()
    assert len(record.idle_to_ring) == len(record.freed_to_ring) == 1
    assert record.double_booked == 0


async def test_two_calls_at_one_phone_are_double_booking(phones: Station, callers: Station, record: Record):
    """What may never happen is counted."""
    phones.phone("1001").behaviour = rings_for_ever()
    callers.dial("1001")
    callers.dial("1001")
    for _ in range(2):
        await phones.phone("1001").next_ring()
    assert record.double_booked == 1
    await callers.hang_up_all()


class Registrar:
    """Knows one account; asks for a digest, then says 200 if the whole header is right."""

    def __init__(self, secret: str, deaf_to: int = 0) -> None:
        self.secret, self.deaf_to, self.seen = secret, deaf_to, 0
        self.link = UdpLink(self.received)
        self.challenge = 'Digest realm="asterisk",nonce="1/a,b",opaque="x",algorithm=MD5,qop="auth"'

    def received(self, data: bytes, link: UdpLink, sender: tuple[str, int], at: float) -> None:
        self.seen += 1
        if self.seen <= self.deaf_to:
            return
        message = parse(data, at)
        said = message.first("authorization")
        code = 401 if not said else 200 if self.right(message, said) else 403
        reply = response(message, code, tag="r").decode()
        link.send(reply.replace("\r\n", f"\r\nWWW-Authenticate: {self.challenge}\r\n", 1).encode(), sender)

    def right(self, message: Message, said: str) -> bool:
        fields = dict(part.split("=", 1) for part in said.removeprefix("Digest ").split(", "))
        cnonce = fields["cnonce"].strip('"')
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("ccplane.testing.siplab.wire.unique", lambda: cnonce)
            return said == authorization(self.challenge, "REGISTER", fields["uri"].strip('"'), "1001", self.secret)


async def test_registration_answers_a_digest_challenge():
    """Right secret: registered, also when the first REGISTER is lost; wrong secret: refused with its code."""
    registrar = Registrar("s3cret", deaf_to=1)
    station = Station(("127.0.0.1", registrar.link.port), Record())
    await station.phone("1001").register("s3cret")
    with pytest.raises(RegistrationRefused, match="403"):
        await station.phone("1001").register("wrong")
    station.close()
    registrar.link.close()


async def test_garbage_is_counted_and_dropped(phones: Station, record: Record):
    """Bytes that are no SIP hurt nothing."""
    got = phones.phone("1001")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for data in (b"\x00" * 40, b"INVITE sip:1001@x SIP/2.0\r\n\r\n", b"GET / HTTP/1.1\r\nCSeq: 1 GET\r\n\r\n"):
            sock.sendto(data, ("127.0.0.1", phones.port))
        sock.sendto(
            b"INVITE sip:1001@x SIP/2.0\r\nv: SIP/2.0/UDP 127.0.0.1:9;branch=z\r\nf: <sip:2@x>;\r\n tag=1\r\n"
            b"t: <sip:1001@x>\r\ni: 1\r\nCSeq: 1 INVITE\r\nm: <sip:2@127.0.0.1:9>\r\nl: 0\r\n\r\n",
            ("127.0.0.1", phones.port),
        )
        assert (await got.next_ring()).caller == "2"
    assert record.trouble["not-sip"] == 3


class Lossy:
    """A relay between callers and phones that loses every message the first time it comes."""

    def __init__(self, phones: int) -> None:
        self.link = UdpLink(self.received)
        self.phones, self.callers = ("127.0.0.1", phones), ("127.0.0.1", 0)
        self.seen: set[bytes] = set()

    def received(self, data: bytes, link: UdpLink, sender: tuple[str, int], at: float) -> None:
        if data not in self.seen:
            self.seen.add(data)
        elif sender == self.phones:
            link.send(data, self.callers)
        else:
            self.callers = sender
            link.send(data, self.phones)


@pytest.mark.slow
@pytest.mark.parametrize("by_phone", [True, False])
async def test_a_call_survives_the_loss_of_every_message(phones: Station, record: Record, by_phone: bool):
    """INVITE, 200, ACK and BYE are each sent again until they arrive, and each counts once."""
    relay = Lossy(phones.port)
    callers = Station(("127.0.0.1", relay.link.port), record)
    phones.phone("1001").behaviour = answers(after=0.0)
    call = callers.dial("1001")
    ring = await phones.phone("1001").next_ring()
    await call.up()
    (ring if by_phone else call).hang_up()
    await asyncio.gather(call.over(), ring.over())
    assert record.rings == record.talks == 1
    assert not record.trouble
    callers.close()
    relay.link.close()


@pytest.mark.slow
async def test_a_cancel_and_a_refusal_survive_loss(phones: Station, record: Record):
    """CANCEL and the final response to INVITE are repeated too."""
    relay = Lossy(phones.port)
    callers = Station(("127.0.0.1", relay.link.port), record)
    phones.phone("1001").behaviour = rings_for_ever()
    call = callers.dial("1001")
    ring = await phones.phone("1001").next_ring()
    call.hang_up()
    assert (await call.over()).how is How.CANCELLED
    assert (await ring.over()).how is How.CANCELLED
    phones.phone("1001").behaviour = rejects(603)
    assert (await callers.dial("1001").over()).code == 603
    callers.close()
    relay.link.close()


async def test_an_answer_that_crosses_a_cancel_is_hung_up(phones: Station, callers: Station):
    """The caller gave up, but a 200 was on its way: ACK, then BYE."""
    phones.phone("1001").behaviour = says_nothing()
    call = callers.dial("1001")
    ring = await phones.phone("1001").next_ring()
    call.hang_up()
    ring.answer()
    assert (await call.over()).how is How.HUNG_UP
    assert (await ring.over()).how is How.PEER_HUNG_UP


async def test_a_stream_is_cut_into_messages():
    """TCP: messages in pieces or glued together, with keep-alives between them, arrive whole."""
    got: list[bytes] = []
    link = TcpLink(lambda data, link, sender, at: got.append(data))
    first = b"OPTIONS sip:1 SIP/2.0\r\nContent-Length: 4\r\n\r\nbody"
    second = b"OPTIONS sip:2 SIP/2.0\r\nl: 0\r\n\r\n"
    stream = b"\r\n\r\n" + first + b"\r\n" + second + first
    for at in range(0, len(stream), 7):
        link.data_received(stream[at : at + 7])
    assert got == [first, second, first]


async def test_a_station_that_vanishes_says_nothing_and_forgets_its_calls(phones: Station, callers: Station):
    """No BYE: the other side goes on until it notices; back again, the phone knows nothing of the call."""
    phones.phone("1001").behaviour = answers(after=0.0)
    call = callers.dial("1001")
    await call.up()
    ring = await phones.phone("1001").next_ring()
    phones.vanish()
    assert (await ring.over()).how is How.LOST
    assert call.state is State.UP
    assert phones.phone("1001").idle
    phones.lag = 0.0
    call.hang_up()
    assert (await call.over()).how is How.HUNG_UP


async def test_a_caller_without_audio_presses_a_key_by_info(phones: Station, callers: Station, record: Record):
    """SIP INFO, answered with 200."""
    phones.phone("1001").behaviour = answers(after=0.0)
    call = callers.dial("1001")
    await call.up()
    call.press("1")
    call.hang_up()
    await call.over()
    assert not record.trouble
