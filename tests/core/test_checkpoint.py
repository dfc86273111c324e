"""A checkpoint is read by the ccplane that comes after: what one before kept otherwise is not lost."""

import msgspec
from msgspec.structs import replace

from ccplane.core import checkpoint
from ccplane.ids import AgentId
from tests.core.floor import a_floor, ready


def test_given_a_checkpoint_from_when_a_contact_had_one_offer_alone_then_its_phone_still_rings_for_it():
    floor = a_floor(agents=[ready("ana")])
    floor.waits("x")
    floor.waits("y")
    kept = msgspec.msgpack.decode(checkpoint.encode(floor.state))
    for contact in kept["contacts"]:
        offers = contact.pop("offers")
        contact["offer"] = offers[0] if offers else None
    decoded = checkpoint.decode(msgspec.msgpack.encode(kept))
    assert decoded.contacts == floor.state.contacts


def test_given_any_checkpoint_of_this_ccplane_then_it_is_read_as_it_was():
    floor = a_floor(agents=[ready("ana")])
    floor.waits("x")
    assert checkpoint.decode(checkpoint.encode(floor.state)).contacts == floor.state.contacts


def test_given_a_customer_who_was_asked_lately_then_a_plane_that_comes_after_knows():
    floor = a_floor(agents=[ready("ana")])
    floor.state = replace(floor.state, surveyed=floor.state.surveyed.told("5551", AgentId("ana"), 7))
    assert checkpoint.decode(checkpoint.encode(floor.state)).surveyed.get("5551").at == 7
