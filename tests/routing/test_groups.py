"""A group opens and closes exactly when its measures say so, never by turns; held against a look at every second."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ccplane.routing.groups import Decided, Opening, Seen, and_also, bad, changes_at, good, looked, measured
from ccplane.routing.ordered import Ordered
from ccplane.routing.rules import Group, Measure, Step

WAIT, LEVEL = Measure.LONGEST_WAIT, Measure.SERVICE_LEVEL
S = 1_000


def a_group(opens=None, closes=None, after=120, window=300):
    return Group(
        name="more", step=Step({"x": 1}), opens=opens or {WAIT: 60 * S}, closes=closes or {WAIT: 20 * S},
        after_ms=after * S, window_ms=window * S,
    )  # fmt: skip


def waiting(*since):
    return Seen(Ordered.of((each * S, f"c-{number}") for number, each in enumerate(since)))


CLOSED = Opening()


def opened(at=0, good_since=None):
    return Opening(True, at * S, good_since, at * S)


def test_it_opens_when_somebody_has_waited_so_long():
    assert changes_at(CLOSED, a_group(), waiting(10, 30)) == 70 * S
    assert bad(a_group(), measured(a_group(), waiting(10), 70 * S)) == (WAIT, 60_000)
    assert bad(a_group(), measured(a_group(), waiting(10), 70 * S - 1)) is None


def test_with_nobody_waiting_it_never_opens():
    assert changes_at(CLOSED, a_group(), waiting()) is None


def test_it_closes_once_all_has_been_good_for_a_while():
    assert changes_at(opened(70), a_group(), waiting()) == (70 + 120) * S


def test_a_wait_that_grows_too_long_begins_the_while_anew():
    group = a_group()
    calm = looked(opened(70), group, waiting(), 100 * S)
    assert calm.good_since == 70 * S
    assert changes_at(calm, group, waiting(100)) is None, "they will have waited too long before the while is over"
    longer = looked(calm, group, waiting(100), 130 * S)
    assert longer.good_since is None
    assert changes_at(longer, group, waiting()) == (130 + 120) * S


def test_a_service_level_counts_those_who_wait_too_long_already():
    group = a_group({LEVEL: 0.5}, {LEVEL: 0.8})
    seen = Seen(waiting(0, 10).stays, (Decided(0, 1, 1),), 20_000)
    assert measured(group, seen, 20 * S)[LEVEL] == 1.0
    assert measured(group, seen, 20 * S + 1)[LEVEL] == 0.5
    assert changes_at(CLOSED, group, seen) == 30 * S + 1, "1 of 3"


def test_what_is_older_than_the_window_counts_no_more():
    group = a_group({LEVEL: 0.5}, {LEVEL: 0.8}, after=60, window=300)
    seen = Seen(decided=(Decided(0, 0, 4), Decided(2, 1, 1)))
    assert measured(group, seen, 359 * S)[LEVEL] == 0.2
    assert measured(group, seen, 360 * S)[LEVEL] == 1.0
    assert changes_at(opened(200), group, seen) == 420 * S


def test_minutes_add_up_and_old_ones_go():
    decided = ()
    for at, fine in ((5, True), (50, False), (70, True), (1_000, True)):
        decided = and_also(decided, at * S, fine, 300 * S)
    assert decided == (Decided(16, 1, 1),)
    assert and_also((Decided(0, 1, 2),), 59 * S, True, 300 * S) == (Decided(0, 2, 3),)


GROUPS = st.one_of(
    st.builds(
        lambda high, low, after: a_group({WAIT: (low + high) * S}, {WAIT: low * S}, after),
        st.integers(1, 40), st.integers(1, 40), st.integers(1, 90),
    ),
    st.builds(
        lambda after: a_group({LEVEL: 0.5}, {LEVEL: 0.8}, after, window=120), st.integers(1, 90)
    ),
    st.builds(
        lambda after: a_group({WAIT: 40 * S, LEVEL: 0.4}, {WAIT: 20 * S, LEVEL: 0.6}, after, window=180),
        st.integers(1, 90),
    ),
)  # fmt: skip
EVENTS = st.lists(
    st.tuples(st.integers(1, 60), st.sampled_from(("comes", "answered", "answered", "gone"))), min_size=1, max_size=25
)


@given(group=GROUPS, events=EVENTS)
def test_by_deadlines_alone_it_does_what_a_look_at_every_second_would(group, events):
    """Callers come, are answered or leave; between that only its own deadlines are looked at."""
    waits, decided, now = [], (), 0
    opening, states = Opening(), []
    naive, naive_since, naive_states = False, None, []

    def seen():
        return Seen(Ordered.of(waits), decided, 20 * S)

    def turn_over(at):
        nonlocal opening
        while (due := changes_at(opening, group, seen())) is not None and due <= at:
            opening = Opening(not opening.open, due, None, due)
            states.append((due, opening.open))

    for number, (gap, what) in enumerate(events):
        before = seen()
        for second in range(gap + 1):  # the naive one looks at each second, before what happens
            at = now + second * S
            values = measured(group, before, at)
            fine = good(group, values)
            naive_since = (at if naive_since is None else naive_since) if naive and fine else None
            if not naive and bad(group, values):
                naive, naive_since = True, at if fine else None
                naive_states.append((at, True))
            elif naive and naive_since is not None and at - naive_since >= group.after_ms:
                naive, naive_since = False, None
                naive_states.append((at, False))
        turn_over(now + gap * S)
        opening = looked(opening, group, before, now + gap * S)
        now += gap * S
        if what == "comes":
            waits.append((now, f"c-{number}"))
        elif waits:
            since, _ = waits.pop(0)
            fine = what == "answered" and now - since <= 20 * S
            decided = and_also(decided, now, fine, group.window_ms)
    closes = [at for at, is_open in states if not is_open]
    opens = [at for at, is_open in states if is_open]
    for at in closes:
        assert at - max(each for each in opens if each < at) >= group.after_ms, "it never flaps"
    assert [each for _, each in states] == [each for _, each in naive_states]
    for (exact, _), (sooner, _) in zip(states, naive_states, strict=True):
        assert abs(exact - sooner) <= 1 * S
