"""Faxes: our machine in the room, what ends it, what is kept of it, and that a crash loses none."""

from __future__ import annotations

import pytest

from ccplane.contacts import facts as f
from ccplane.contacts.fax import FaxSent, FaxTaken, NoFax, ReceiveFax, SendFax
from ccplane.contacts.faxing import FAX, FaxState, over, settled
from ccplane.core import checkpoint
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.core.evolve import evolve
from ccplane.core.faxes import JOIN_MS, SETTLE_MS
from ccplane.errors import IllegalMove
from ccplane.ids import ChannelId, fax_id
from tests.core.floor import NODE, a_floor, an_arrival, c, doing, kinds, the

X = c("x")
VERB = ReceiveFax("orders", 60_000)
FAX_ID = fax_id(X, 1, 1)
KEPT = i.FaxKept(FAX_ID, 2, True, "", "+49 30", 4_711, "2026/01/01/f.pdf")


def faxing(joined=True, verb=VERB):
    """A floor on which x sends a fax."""
    floor = a_floor()
    floor.arrives("x", answered=True)
    floor.asks("x", verb)
    floor.take(i.EnteredRoom(X, ChannelId("x")))
    if joined:
        floor.take(i.FaxUp(FAX_ID))
        floor.take(i.FaxJoined(FAX_ID))
    return floor


def test_given_a_program_that_takes_a_fax_then_the_caller_comes_into_the_room_and_our_machine_after_them():
    floor = a_floor()
    floor.arrives("x")
    decision = floor.asks("x", VERB)
    assert doing(decision) == ["WriteJournal", "AnswerCaller", "AddCaller", "BeginFax"]
    assert floor.contact("x").step_deadline == JOIN_MS
    assert doing(floor.take(i.FaxUp(FAX_ID))) == ["JoinFax"]
    assert kinds(floor.take(i.FaxJoined(FAX_ID), at=1)) == ["FaxStarted"]
    assert floor.contact("x").step_deadline == 61_000
    assert not kinds(floor.take(i.FaxJoined(FAX_ID))), "told again, nothing happens"


def test_given_a_fax_that_is_over_when_its_pages_are_safe_then_the_program_has_them():
    floor = faxing()
    ended = floor.take(i.FaxEnded(FAX_ID), at=30)
    fact = the(ended, f.FaxOver)
    assert (fact.box, fact.caller, fact.number_dialled, fact.node) == ("orders", "5551234", "4002", NODE)
    assert floor.contact("x").verb == VERB, "not before it is known what came of it"
    assert not kinds(floor.take(i.FaxEnded(FAX_ID)))
    kept = floor.take(KEPT)
    assert the(kept, f.StepEnded).result == FaxTaken(FAX_ID, 2, "+49 30")
    stored = the(kept, f.FaxStored)
    assert (stored.pages, stored.complete, stored.reason, stored.file) == (2, True, "", "2026/01/01/f.pdf")
    assert not floor.state.faxes
    assert not kinds(floor.take(KEPT)), "settled once"


@pytest.mark.parametrize("pages", [0, 1])
def test_given_a_fax_that_is_not_whole_then_its_pages_are_kept_and_the_program_is_told_why(pages):
    floor = faxing()
    floor.take(i.FaxEnded(FAX_ID))
    kept = floor.take(i.FaxKept(FAX_ID, pages, False, "no-fax-machine", "", 1 if pages else 0, "f" if pages else ""))
    assert the(kept, f.StepEnded).result == NoFax("no-fax-machine", pages)
    assert kinds(kept)[0] == ("FaxStored" if pages else "FaxFailed")


def test_given_a_caller_who_hangs_up_in_the_middle_then_our_machine_is_hung_up_and_what_came_is_kept():
    floor = faxing()
    gone = floor.leaves("x")
    assert kinds(gone) == ["FaxOver", "ContactEnded"]
    assert the(gone, do.EndFax).fax == FAX_ID
    kept = floor.take(i.FaxKept(FAX_ID, 1, False, "interrupted", "", 1, "f"))
    assert kinds(kept) == ["FaxStored"]
    assert (the(kept, f.FaxStored).reason, the(kept, f.FaxStored).complete) == ("hung-up", False)


def test_given_a_caller_who_hangs_up_when_all_was_sent_then_it_is_whole():
    floor = faxing()
    floor.leaves("x")
    stored = the(floor.take(KEPT), f.FaxStored)
    assert (stored.complete, stored.reason) == (True, "")


@pytest.mark.parametrize(("joined", "reason", "after"), [(False, "not-joined", JOIN_MS), (True, "too-long", 60_000)])
def test_given_a_deadline_then_our_machine_is_hung_up_and_the_program_waits_no_longer_than_it_must(
    joined, reason, after
):
    floor = faxing(joined)
    due = floor.take(i.Tick(), at=after / 1000)
    assert kinds(due) == ["FaxOver"]
    assert the(due, do.EndFax).fax == FAX_ID
    assert the(due, f.FaxOver).reason == reason
    unheard = floor.take(i.Tick(), at=(after + SETTLE_MS) / 1000)
    assert the(unheard, f.StepEnded).result == NoFax("not-confirmed")
    assert kinds(floor.take(i.FaxKept(FAX_ID, 0, False, "interrupted"))) == ["FaxFailed"], "late, all the same"


LONG = ReceiveFax("orders", 600_000)


def doubted():
    """A fax of which after a minute it is asked whether a page is coming."""
    floor = faxing(verb=LONG)
    due = floor.take(i.Tick(), at=60)
    assert (kinds(due), doing(due)) == (["FaxDoubted"], ["LookAtFax"])
    return floor


def test_given_a_page_that_is_coming_after_a_minute_then_it_goes_on_until_its_whole_time_is_up():
    floor = doubted()
    assert not kinds(floor.take(i.Tick(), at=599))
    assert the(floor.take(i.Tick(), at=600), f.FaxOver).reason == "too-long"


def test_given_no_page_after_a_minute_then_they_are_no_fax_machine():
    floor = doubted()
    silent = floor.take(i.FaxSilent(FAX_ID), at=61)
    assert the(silent, do.EndFax).fax == FAX_ID
    floor.take(i.FaxKept(FAX_ID, 0, False, "interrupted"))
    assert floor.facts[-1].result == NoFax("no-fax-machine")
    assert not kinds(faxing(verb=LONG).take(i.FaxSilent(FAX_ID))), "not before it was asked"


def test_given_a_switch_that_makes_no_machine_then_the_program_is_told_so():
    floor = faxing(joined=False)
    refused = floor.take(i.FaxRefused(FAX_ID, "no"))
    assert the(refused, f.StepEnded).result == NoFax("no")


def test_given_a_machine_that_comes_up_when_nobody_waits_for_it_then_it_is_hung_up():
    floor = faxing(joined=False)
    floor.leaves("x")
    for late in (i.FaxUp(FAX_ID), i.FaxJoined(FAX_ID)):
        assert doing(floor.take(late)) == ["EndFax"]


def test_given_a_program_that_fails_meanwhile_then_our_machine_is_hung_up():
    floor = faxing()
    failed = floor.take(i.ProgramRaised(X, "it broke", "here"))
    assert "FaxOver" in kinds(failed)
    assert the(failed, do.EndFax).fax == FAX_ID


def surveyed(floor, *, faxes=(), members=()):
    return floor.survey(after_gap=True, rooms={X: (ChannelId("x"), *members)}, faxes=faxes, at=20)


def test_given_a_gap_when_the_machines_still_speak_then_nothing_is_done():
    floor = faxing()
    decision = surveyed(floor, faxes=(FAX_ID,), members=(ChannelId(FAX_ID),))
    assert not {"JoinFax", "BeginFax", "EndFax", "LookForFax"} & set(doing(decision))
    assert "RepairMade" not in kinds(decision)


def test_given_a_gap_when_our_machine_came_up_in_it_then_it_is_brought_into_the_room():
    floor = faxing(joined=False)
    assert "JoinFax" in doing(surveyed(floor, faxes=(FAX_ID,)))


def test_given_a_gap_when_our_machine_came_into_the_room_in_it_then_it_has_begun():
    floor = faxing(joined=False)
    assert "FaxStarted" in kinds(surveyed(floor, faxes=(FAX_ID,), members=(ChannelId(FAX_ID),)))


def test_given_a_gap_when_our_machine_is_gone_then_it_is_looked_for_and_begins_again_if_it_never_was():
    floor = faxing(joined=False)
    assert the(surveyed(floor), do.LookForFax).fax == FAX_ID
    again = floor.take(i.FaxMissing(FAX_ID))
    assert the(again, do.BeginFax).fax == fax_id(X, 1, 2)


def test_given_a_gap_when_a_machine_is_left_that_nobody_hears_then_it_is_hung_up():
    floor = a_floor()
    floor.arrives("x", answered=True)
    floor.take(i.EnteredRoom(X, ChannelId("x")))
    decision = surveyed(floor, faxes=(FAX_ID,))
    assert the(decision, do.EndFax).fax == FAX_ID
    assert "RepairMade" in kinds(decision)


def by_another_plane(**seen):
    """A floor that knows nothing of x, who sends a fax, until it looks at the switch."""
    floor, before = a_floor(), faxing()
    note = next(each.text for each in before.commands if isinstance(each, do.WriteJournal))
    floor.drops()
    caller = i.ChannelSeen(ChannelId("x"), up=True, arrival=an_arrival("x", answered=True))
    room = {X: (ChannelId("x"), *seen.pop("members", ()))}
    return floor, floor.survey(after_gap=True, at=20, extra=[caller], journals={X: note}, rooms=room, **seen)


def test_given_a_caller_nobody_knew_whose_fax_goes_on_then_it_goes_on_for_as_long_as_it_may():
    floor, found = by_another_plane(faxes=(FAX_ID,), members=(ChannelId(FAX_ID),))
    assert "FaxStarted" in kinds(found)
    assert not {"BeginFax", "EndFax", "LookForFax"} & set(doing(found))
    assert floor.contact("x").step_deadline == 80_000


def test_given_a_caller_nobody_knew_whose_fax_is_over_then_what_came_of_it_is_asked_for():
    floor, found = by_another_plane()
    assert the(found, do.LookForFax).fax == FAX_ID
    assert "FaxOver" in kinds(floor.take(i.FaxEnded(FAX_ID)))


def test_given_a_checkpoint_then_a_fax_that_is_not_settled_is_in_it():
    floor = faxing()
    floor.take(i.FaxEnded(FAX_ID))
    kept = checkpoint.decode(checkpoint.encode(floor.state))
    assert kept.faxes == floor.state.faxes
    assert kept.contacts[X] == floor.contact("x")


def test_given_a_settled_fax_then_no_fact_settles_it_again():
    floor = faxing()
    fax = over(the(floor.take(i.FaxEnded(FAX_ID)), f.FaxOver))
    stored = the(floor.take(KEPT), f.FaxStored)
    assert settled(fax, stored) is FaxState.STORED
    for state in (FaxState.STORED, FaxState.FAILED):
        assert FAX[state] == {}
    with pytest.raises(IllegalMove):
        evolve(floor.state, stored)


def test_given_somebody_who_reads_or_deletes_a_fax_then_that_is_a_fact_and_changes_nothing():
    floor = a_floor()
    before = floor.state
    assert kinds(floor.take(i.FaxFetched(FAX_ID, X, "api"))) == ["FaxRead"]
    assert kinds(floor.take(i.FaxDeletionAsked(FAX_ID, X, "api"))) == ["FaxDeleted"]
    assert floor.state.contacts == before.contacts


# --- sending

SENDS = SendFax("prices", "fax-1-0123456789abcdef", 600_000)


def sending():
    """A floor on which x is being sent the prices."""
    floor = a_floor()
    floor.arrives("x", answered=True)
    decision = floor.asks("x", SENDS)
    begin = the(decision, do.BeginFax)
    assert begin.pages == SENDS.pages
    floor.take(i.FaxUp(begin.fax))
    return floor, begin.fax


def test_who_is_sent_a_fax_has_a_machine_in_their_room_that_sends():
    floor, fax = sending()
    started = the(floor.take(i.FaxJoined(fax), at=5), f.FaxStarted)
    assert (started.box, started.deadline) == ("", 605_000)
    over = the(floor.take(i.FaxEnded(fax)), f.FaxOver)
    assert over.sent == "prices"
    done = floor.take(i.FaxKept(fax, 2, True, "", "+49 30"))
    assert the(done, f.FaxDelivered).pages == 2
    assert the(done, f.StepEnded).result == FaxSent(fax, 2, "+49 30")
    assert not floor.state.faxes


def test_what_has_gone_whole_has_gone_though_nobody_counted_the_pages():
    floor, fax = sending()
    floor.take(i.FaxJoined(fax))
    floor.take(i.FaxEnded(fax))
    done = floor.take(i.FaxKept(fax, 0, True, ""))
    assert kinds(done)[0] == "FaxDelivered"
    assert the(done, f.StepEnded).result == FaxSent(fax, 0, "")


def test_what_has_not_gone_whole_is_no_fax_with_the_pages_that_have():
    floor, fax = sending()
    floor.take(i.FaxJoined(fax))
    floor.take(i.FaxEnded(fax))
    done = floor.take(i.FaxKept(fax, 1, False, "transmission-failed"))
    assert the(done, f.FaxFailed).reason == "transmission-failed"
    assert the(done, f.StepEnded).result == NoFax("transmission-failed", 1)


def test_of_what_is_sent_nobody_asks_whether_a_page_comes():
    floor, fax = sending()
    floor.take(i.FaxJoined(fax), at=5)
    overdue = floor.take(i.Tick(), at=605)
    assert "LookAtFax" not in doing(overdue)
    assert the(overdue, f.FaxOver).reason == "too-long"


def test_who_hangs_up_in_the_middle_of_it_ends_it():
    floor, fax = sending()
    floor.take(i.FaxJoined(fax))
    gone = floor.leaves("x")
    assert the(gone, f.FaxOver).reason == "hung-up"
    assert the(floor.take(i.FaxKept(fax, 0, False, "interrupted")), f.FaxFailed).reason == "hung-up"
