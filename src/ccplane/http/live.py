"""A live contact in the shape in which Postgres would tell it: for the moment before it is stored, and while it can't
be asked. What is over (earlier stays, missed offers, facts) is in the log alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from ccplane.contacts.contact import Contact, Phase
from ccplane.ids import place_of_offer
from ccplane.postgres.contacts import ContactDetail, ContactRow, OfferRow, SegmentRow
from ccplane.postgres.recordings import RecordingRow


def known(contact: Contact) -> ContactDetail:
    """What the plane itself knows of it."""
    segments = list(_open_segment(contact))
    row = ContactRow(
        id=contact.id,
        node=contact.node,
        channel=contact.channel,
        number_dialled=contact.number_dialled,
        caller=contact.caller,
        caller_name=contact.caller_name,
        language=contact.language,
        attribution=contact.attribution,
        site=contact.site,
        program=contact.program,
        state=contact.phase.value,
        queue=segments[0].queue if segments else None,
        agent=segments[0].agent if segments else contact.agent,
        arrived_at=contact.arrived_at,
        answered_at=None,
        ended_at=None,
        ended_by=None,
        cause=None,
        gap_ms=0,
        direction=contact.direction.value,
        provisional=True,
    )
    return ContactDetail(
        contact=row,
        segments=segments,
        offers=list(_open_offers(contact)),
        facts=[],
        recordings=list(_open_recording(contact)),
    )


def _open_segment(contact: Contact) -> Iterator[SegmentRow]:
    """The stay that is open."""
    stay, talk = contact.waiting, contact.talk
    if stay:
        yield _segment(stay.segment, "queue", stay.queue, stay.here_since)
    elif contact.call and contact.phase is Phase.IN_CALL:
        yield _segment(contact.segments, "call", None, contact.call.since, contact.agent, contact.call.id)
    elif contact.conference and contact.conference.inside:
        yield _segment(contact.segments, "call", None, contact.conference.since, None, contact.conference.id)
    elif talk:
        yield _segment(talk.segment, "agent", talk.queue, talk.started_at, talk.agent, talk.offer)


def _segment(
    number: int, kind: str, queue: str | None, started_at: int, agent: str | None = None, offer: str | None = None
) -> SegmentRow:
    return SegmentRow(
        segment=number,
        kind=kind,
        queue=queue,
        agent=agent,
        offer=offer,
        started_at=started_at,
        ended_at=None,
        outcome=None,
        ended_by=None,
        waited_ms=None,
        talk_ms=None,
        wrap_up_ms=None,
        provisional=True,
    )


def _open_offers(contact: Contact) -> Iterator[OfferRow]:
    """The offers that are open. When each was made, and why to this agent, is in the log."""
    stay = contact.waiting
    for offer in contact.offers if stay else ():
        assert stay is not None
        yield OfferRow(
            id=offer.id,
            agent=offer.agent,
            queue=stay.queue,
            segment=stay.segment,
            attempt=place_of_offer(offer.id)[1],
            leg=offer.leg,
            state=offer.state.value,
            made_at=None,
            ringing_at=None,
            answered_at=None,
            ended_at=None,
            cause=None,
            sip=None,
            rang=None,
            ring_ms=None,
            trace=None,
        )


def _open_recording(contact: Contact) -> Iterator[RecordingRow]:
    """That of the talk that goes on."""
    recording = contact.tape
    if recording:
        yield RecordingRow(
            id=recording.id,
            contact=contact.id,
            segment=recording.segment,
            agent=contact.talk.agent if contact.talk else contact.agent,
            queue=recording.queue,
            direction=recording.direction.value,
            state=recording.state.value,
            first_at=recording.asked_at,
            started_at=recording.started_at,
            ended_at=None,
            stored_at=None,
            expected_ms=None,
            ms=None,
            paused_ms=None,
            bytes=None,
            incomplete=False,
            reason=None,
            wav=None,
            opus=None,
            plays=0,
        )
