"""/metrics: what Prometheus scrapes. Read from the published snapshot and the parts' statistics at that moment.

Names follow Prometheus's conventions; help texts of KPIs come from their definitions. Labels are bounded: queues,
states, kinds; never a contact, a caller or an agent. Rates are Prometheus's to compute from these counters.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from ccplane import __version__
from ccplane.agents.agent import Shown
from ccplane.asterisk.stats import AmiStats, AriStats, PhoneStats
from ccplane.contacts.contact import Phase
from ccplane.contacts.notice import NoticeKind
from ccplane.contacts.owed import Owed
from ccplane.histogram import Histogram
from ccplane.http.ports import Health, Plane
from ccplane.http.wallboard import Stream
from ccplane.http.window_metrics import busiest
from ccplane.ids import QueueName
from ccplane.kpi.brought import Brought
from ccplane.kpi.counters import NOTHING, NOTHING_YET, RING_BOUNDS_MS, SPREAD_BOUNDS_MS, Counters, Delays, Spread
from ccplane.kpi.definitions import DEFINITIONS
from ccplane.kpi.surge import Measured
from ccplane.kpi.wallboard import Groups, queues
from ccplane.log.backlog import Backlog, Standing
from ccplane.log.outbox import OutboxStats
from ccplane.log.shipping import ShippingStats
from ccplane.lookups.asking import LookUps
from ccplane.notices.telling import Notifier

OUTCOMES: Final = (
    "answered", "abandoned", "no_agents", "timed_out", "overflowed", "closed", "moved", "left_by_key", "callback",
    "lost",
)  # fmt: skip
OF_NUMBERS: Final = {
    "arrived": "Contacts that arrived from outside",
    "queued": "Contacts that came into a queue",
    "answered": "Contacts that an agent answered",
    "abandoned": "Contacts that nobody answered and that were left waiting",
    "self_served": "Contacts that a program served and that never entered a queue",
}
OF_RECORDINGS: Final = {
    "RecordingStarted": ("ccplane_recordings_started", "Talks whose recording began"),
    "RecordingFailed": ("ccplane_recordings_failed", "Talks whose recording could not be begun in time"),
    "RecordingIncomplete": ("ccplane_recordings_incomplete", "Recordings shorter than their talks, or without a file"),
    "RecordingStored": ("ccplane_recordings_stored", "Recordings put into the store"),
}
OF_QUEUES: Final = {
    "entered": ("ccplane_queue_entered", "offered"),
    "answered_within": ("ccplane_queue_answered_within", "answered_within"),
    "abandoned_short": ("ccplane_queue_abandoned_short", "abandoned_short"),
    "abandoned_within": ("ccplane_queue_abandoned_within", "abandoned_within"),
    "rang": ("ccplane_queue_offers_rang", "rang"),
    "rang_in_time": ("ccplane_queue_offers_answered_in_three_rings", "rang_in_time"),
    "auto_answered": ("ccplane_queue_offers_auto_answered", "auto_answered"),
    "handled": ("ccplane_queue_handled", "handled"),
    "callbacks": ("ccplane_queue_callbacks", "callbacks"),
    "callbacks_tried": ("ccplane_queue_callbacks_tried", "callbacks_tried"),
    "callbacks_reached": ("ccplane_queue_callbacks_reached", "callbacks_reached"),
    "callbacks_served": ("ccplane_queue_callbacks_served", "callbacks_served"),
    "callbacks_expired": ("ccplane_queue_callbacks_expired", "callbacks_expired"),
    "callbacks_cancelled": ("ccplane_queue_callbacks_cancelled", "callbacks_cancelled"),
    "callbacks_given_up": ("ccplane_queue_callbacks_given_up", "callbacks_given_up"),
    "surveys_asked": ("ccplane_queue_surveys_asked", "surveys_asked"),
    "surveys_rated": ("ccplane_queue_surveys_rated", "surveys_rated"),
    "satisfaction_rated": ("ccplane_queue_satisfaction_rated", "satisfaction_rated"),
    "satisfaction_top": ("ccplane_queue_satisfaction_top", "satisfaction_top"),
    "nps_rated": ("ccplane_queue_nps_rated", "nps_rated"),
    "nps_promoters": ("ccplane_queue_nps_promoters", "nps_promoters"),
    "missed_no_answer": ("ccplane_queue_offers_missed_no_answer", "missed_no_answer"),
    "missed_rejected": ("ccplane_queue_offers_missed_rejected", "missed_rejected"),
    "missed_busy": ("ccplane_queue_offers_missed_busy", "missed_busy"),
    "missed_unreachable": ("ccplane_queue_offers_missed_unreachable", "missed_unreachable"),
    "answered_delayed": ("ccplane_queue_answered_delayed", "answered_delayed"),
    "nps_detractors": ("ccplane_queue_nps_detractors", "nps_detractors"),
}
"""A counter's field: the metric's name, and the definition that explains it."""


MOST_QUEUES: Final = 200
"""Of so many queues each has its series; of more those that were offered most today."""


@dataclass
class SeriesOf:
    """Which queues have series; None: all of them."""

    queues: frozenset[QueueName] | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Exposition(Collector):
    """Collects at each scrape; between scrapes it costs nothing."""

    plane: Plane
    clock: Callable[[], int]
    health: Health
    stream: Stream
    screens: Sized
    surges: Callable[[], Measured | None]
    series_of: SeriesOf = dataclasses.field(default_factory=SeriesOf)
    ari: AriStats | None = None
    ami: AmiStats | None = None
    heard: PhoneStats | None = None
    outbox: OutboxStats | None = None
    shipping: ShippingStats | None = None
    backlog: Backlog | None = None
    look_ups: LookUps | None = None
    notifier: Notifier | None = None

    def describe(self) -> list[Metric]:
        """Nothing beforehand: this keeps the registry from collecting only to learn names."""
        return []

    async def read(self) -> None:
        """Choose the queues of a scrape, in steps that do not hold the loop."""
        snapshot = self.plane.snapshot
        now = max(self.clock(), snapshot.at)
        many = len(snapshot.state.rules.queues) > MOST_QUEUES
        self.series_of.queues = frozenset(await busiest(snapshot, now, MOST_QUEUES)) if many else None

    def collect(self) -> Iterator[Metric]:
        yield _gauge("ccplane_info", "Which ccplane this is", {__version__: 1}, "version")
        yield from self._parts()
        yield from self._site()
        yield from self._queues()
        yield from _of_ari(self.ari) if self.ari else ()
        yield from _of_ami(self.ami) if self.ami else ()
        yield from _of_phones(self.heard) if self.heard else ()
        yield from _of_outbox(self.outbox) if self.outbox else ()
        yield from _of_shipping(self.shipping) if self.shipping else ()
        yield from _of_backlog(self.backlog.standing) if self.backlog else ()
        yield from _of_look_ups(self.look_ups) if self.look_ups else ()
        yield from _of_notices(self.notifier) if self.notifier else ()
        yield from self._behind()
        yield _now("ccplane_agent_screens", "Agents' screens that are open", len(self.screens))
        yield _now("ccplane_wallboard_readers", "Readers of the wallboard's stream", self.stream.readers)

    def _behind(self) -> Iterator[Metric]:
        if self.shipping is None or self.outbox is None:
            return
        since = self.shipping.stored_at if self.outbox.unshipped else None
        seconds = 0.0 if since is None else max(self.clock() - since, 0) / 1000
        yield _now(
            "ccplane_shipping_behind_seconds", "How old the last fact is that Postgres has, if more wait", seconds
        )

    def _parts(self) -> Iterator[Metric]:
        parts = self.health.parts()
        yield _gauge(
            "ccplane_part_up",
            "Whether a part we stand on works",
            {name: int(part.ok) for name, part in parts.items()},
            "part",
        )
        yield _gauge(
            "ccplane_part_age_seconds",
            "Seconds for which it has been so",
            {name: part.age_s for name, part in parts.items()},
            "part",
        )

    def _site(self) -> Iterator[Metric]:
        snapshot = self.plane.snapshot
        state, totals = snapshot.state, snapshot.board.totals
        yield _now("ccplane_epoch", "The epoch of this plane", state.epoch)
        agents = {shown.value: state.shown.get(shown, 0) for shown in Shown}
        yield _gauge("ccplane_agents", "Agents by what they are shown as", agents, "state")
        phases = Counter(contact.phase for contact in state.contacts.values())
        live = {phase.value: phases[phase] for phase in Phase if phase is not Phase.ENDED}
        yield _gauge("ccplane_contacts_live", "Live contacts by phase", live, "phase")
        yield _counter("ccplane_facts", "Facts by kind", totals.facts, "kind")
        yield _counter("ccplane_offers", "Offers by what came of them", totals.offers, "outcome")
        yield _ringing(snapshot.board.ringing)
        yield _counter("ccplane_repairs", "What the reconciler put right", totals.repairs, "what")
        yield _counter("ccplane_contacts_ended", "Contacts that ended, by whom", totals.contacts, "by")
        served = "Contacts that a program served and that never entered a queue"
        yield _total("ccplane_contacts_self_served", served, totals.self_served)
        yield _now("ccplane_emergencies", "Emergencies that hold", len(state.emergencies))
        yield _now(
            "ccplane_surges", "Numbers that far more call than usual; all of them are one more", len(state.surges)
        )
        measured = self.surges()
        if measured is not None:
            yield _now("ccplane_surge_index", f"Of the whole site: {_help('surge_index')}", measured.of_site.index)
        heard = "Callers who were told of an emergency"
        yield _total("ccplane_emergencies_heard", heard, totals.facts.get("EmergencyHeard", 0))
        yield from _owed(state.owed.values())
        for field in Brought.__struct_fields__:
            counts = {name: getattr(each, field) for name, each in snapshot.board.ever_brought.items()}
            means = f"{OF_NUMBERS[field]}, by the advertisement that the number dialled stands for"
            yield _counter(f"ccplane_brought_{field}", means, counts, "attribution")
        yield _total("ccplane_contacts_blocked", "Contacts of customers who are blocked", totals.blocked)
        missing = "Sounds that could not be played or made"
        yield _total("ccplane_sounds_failed", missing, totals.facts.get("SoundsFailed", 0))
        for kind, (name, means) in OF_RECORDINGS.items():
            yield _total(name, means, totals.facts.get(kind, 0))

    def _queues(self) -> Iterator[Metric]:
        snapshot = self.plane.snapshot
        board = snapshot.board
        now = max(self.clock(), snapshot.at)
        newcomers = self.stream.newcomers.waits(snapshot.state, now)
        views = queues(board, snapshot.state.rules, now, newcomers, only=self.series_of.queues)
        waiting: dict[str, float] = {view.name: view.waiting for view in views}
        longest: dict[str, float] = {view.name: view.longest_wait_s for view in views}
        yield _gauge("ccplane_queue_waiting", _help("waiting"), waiting, "queue")
        yield _gauge("ccplane_queue_longest_wait_seconds", _help("longest_wait"), longest, "queue")
        told = {view.name: view.estimated_wait_s for view in views}
        known: dict[str, float] = {queue: seconds for queue, seconds in told.items() if seconds is not None}
        yield _gauge("ccplane_queue_estimated_wait_seconds", _help("estimated_wait"), known, "queue")
        yield _groups(snapshot.state.groups)
        ever: dict[str, Counters] = {view.name: board.ever.get(view.name, NOTHING) for view in views}
        yield _ended(ever)
        for field, (name, key) in OF_QUEUES.items():
            yield _counter(name, _help(key), {queue: getattr(each, field) for queue, each in ever.items()}, "queue")
        waits = {queue: counters.answered_wait_ms / 1000 for queue, counters in ever.items()}
        yield _counter("ccplane_queue_answered_wait_seconds", _help("wait"), waits, "queue")
        whole = {queue: counters.answered_contact_wait_ms / 1000 for queue, counters in ever.items()}
        yield _counter("ccplane_queue_answered_contact_wait_seconds", _help("contact_wait"), whole, "queue")
        talks = {queue: counters.talk_ms / 1000 for queue, counters in ever.items()}
        yield _counter("ccplane_queue_talk_seconds", _help("talk"), talks, "queue")
        after = {queue: counters.wrap_up_ms / 1000 for queue, counters in ever.items()}
        yield _counter("ccplane_queue_wrap_up_seconds", _help("wrap_up"), after, "queue")
        late = {queue: counters.delayed_wait_ms / 1000 for queue, counters in ever.items()}
        yield _counter("ccplane_queue_delayed_wait_seconds", _help("delayed_wait"), late, "queue")
        gave_up = {queue: counters.abandoned_wait_ms / 1000 for queue, counters in ever.items()}
        yield _counter("ccplane_queue_abandoned_wait_seconds", _help("abandoned_wait"), gave_up, "queue")
        rang = {queue: counters.answered_ring_ms / 1000 for queue, counters in ever.items()}
        yield _counter("ccplane_queue_answered_ring_seconds", _help("answered_ring"), rang, "queue")
        off: dict[str, Spread] = {view.name: board.ever_off.get(view.name, NOTHING_YET) for view in views}
        error = "|estimate at entry − wait| of those who were answered"
        yield _spread("ccplane_queue_estimate_error_seconds", error, off)
        answered: dict[str, Spread] = {view.name: board.ever_waits.get(view.name, NOTHING_YET) for view in views}
        waited = "Waits of those who were answered, from queue entry to both joined"
        yield _spread("ccplane_queue_answer_seconds", waited, answered)
        called: dict[str, float] = {queue: counters.callbacks_wait_ms / 1000 for queue, counters in ever.items()}
        yield _counter("ccplane_queue_callbacks_wait_seconds", _help("callbacks_wait"), called, "queue")
        promised: dict[str, float] = {view.name: view.callbacks for view in views}
        yield _gauge("ccplane_queue_callbacks_open", _help("callbacks_open"), promised, "queue")


AGENTS_BOXES: Final = "agents"
"""All agents' own boxes together: there may be thousands."""


def _owed(messages: Iterable[Owed]) -> Iterator[Metric]:
    owed, overdue = Counter[str](), Counter[str]()
    for each in messages:
        box = AGENTS_BOXES if each.agent and each.agent == each.box else each.box
        owed[box] += 1
        overdue[box] += each.overdue
    waits = "Messages in boxes of acd/voicemail.toml that wait for an answer"
    yield _gauge("ccplane_messages_owed", waits, owed, "box")
    late = "Those of them whose promised time is over"
    yield _gauge("ccplane_messages_overdue", late, overdue, "box")


def _groups(groups: Groups) -> Metric:
    family = GaugeMetricFamily(
        "ccplane_queue_group_open", "Whether a queue's further group of agents serves it now", labels=("queue", "group")
    )
    for (queue, group), opening in groups.items():
        family.add_metric((queue, group), int(opening.open))
    return family


def _ringing(delays: Delays) -> Metric:
    seconds = tuple(bound / 1000 for bound in RING_BOUNDS_MS)
    given = Histogram(seconds, list(delays.counts), delays.sum_ms / 1000, sum(delays.counts))
    return _histogram("ccplane_offer_ringing_seconds", _help("offer_latency"), given)


def _spread(name: str, text: str, ever: Mapping[str, Spread]) -> Metric:
    family = HistogramMetricFamily(name, text, labels=("queue",))
    bounds = [*(str(bound / 1000) for bound in SPREAD_BOUNDS_MS), "+Inf"]
    for queue, spread in ever.items():
        buckets = list(zip(bounds, accumulate(spread.counts), strict=True))
        family.add_metric((queue,), buckets, spread.sum_ms / 1000)
    return family


def _ended(ever: Mapping[str, Counters]) -> Metric:
    family = CounterMetricFamily(
        "ccplane_queue_ended", "Stays that ended, by how; entered is these and the waiting", labels=("queue", "outcome")
    )
    for queue, counters in ever.items():
        for outcome in OUTCOMES:
            family.add_metric((queue, outcome), getattr(counters, outcome))
    return family


def _of_ari(stats: AriStats) -> Iterator[Metric]:
    yield _now("ccplane_ari_connected", "Whether the event socket is up", int(stats.connected))
    yield _total("ccplane_ari_connects", "Connections made", stats.connects)
    yield _counter("ccplane_ari_disconnects", "Connections that ended, by reason", stats.ends, "reason")
    yield _counter("ccplane_ari_refusals", "Tries to connect that failed", stats.refusals, "code")
    yield _counter("ccplane_ari_events", "Events by type", stats.received, "type")
    yield _total("ccplane_ari_events_unknown", "Events of a type that is not used", stats.unknown)
    yield _total("ccplane_ari_undecodable", "Frames that are not what they should be", stats.undecodable)
    yield _now("ccplane_ari_inbox_depth", "Events that wait to be looked at", stats.inbox_depth)
    yield _now("ccplane_ari_inbox_peak", "The most that ever waited", stats.inbox_peak)
    yield _total("ccplane_ari_inbox_overflows", "Connections ended as the inbox was full", stats.overflows)
    yield _now("ccplane_ari_probe_rtt_seconds", "The last probe, there and back", stats.probe_rtt_s)
    yield _histogram("ccplane_ari_lag_seconds", _help("ari_lag"), stats.lag)
    yield _now("ccplane_ari_stuck_seconds", "How long the command socket that is held up has been", stats.stuck_s)
    yield _total("ccplane_ari_sockets_renewed", "Command sockets made anew as they gave no answer", stats.renewed)
    yield _total("ccplane_ari_probes_lost", "Probes that did not come back", stats.probes_lost)
    yield _total("ccplane_ari_commands_sent", "Operations sent", stats.sent)
    yield _now("ccplane_ari_commands_pending", "Operations without an answer", stats.pending)
    yield _total("ccplane_ari_answers_late", "Answers after their deadline", stats.late)
    yield _counter("ccplane_ari_outcomes", "Operations by outcome", stats.outcomes, "outcome")


def _of_ami(stats: AmiStats) -> Iterator[Metric]:
    yield _now("ccplane_ami_connected", "Whether AMI is logged in to", int(stats.connected))
    yield _total("ccplane_ami_connects", "Logins made", stats.connects)
    yield _counter("ccplane_ami_disconnects", "Connections that ended, by reason", stats.ends, "reason")
    yield _counter("ccplane_ami_refusals", "Tries to connect that failed", stats.refusals, "code")
    yield _counter("ccplane_ami_events", "Events by name", stats.events, "name")
    yield _total("ccplane_ami_faults", "Exceptions of ours at what AMI said, fenced off", stats.faults)
    yield _total("ccplane_ami_actions_sent", "Actions sent, pings too", stats.sent)
    yield _now("ccplane_ami_actions_pending", "Actions without an answer", stats.pending)
    yield _total("ccplane_ami_answers_late", "Answers after their deadline", stats.late)
    yield _counter("ccplane_ami_outcomes", "Actions by outcome", stats.outcomes, "outcome")
    yield _histogram("ccplane_ami_round_trip_seconds", "From an action to the end of its answer", stats.round_trips)


def _of_phones(stats: PhoneStats) -> Iterator[Metric]:
    yield _histogram("ccplane_phone_latency_seconds", "How long phones took to answer Asterisk", stats.latency)


def _of_outbox(stats: OutboxStats) -> Iterator[Metric]:
    yield _now("ccplane_outbox_depth", "Facts not yet on disk", stats.depth)
    yield _now("ccplane_outbox_unshipped_facts", "Facts that wait for Postgres", stats.unshipped)
    yield _total("ccplane_outbox_facts_appended", "The last fact decided", stats.appended_seq)
    yield _total("ccplane_outbox_facts_committed", "The last fact on disk", stats.committed_seq)
    yield _total("ccplane_outbox_commits", "Group commits", stats.commits)
    yield _total("ccplane_outbox_failures", "Group commits that failed", stats.failures)
    yield _histogram("ccplane_outbox_commit_seconds", "From decided to on disk", stats.commit_latency)


def _of_backlog(standing: Standing) -> Iterator[Metric]:
    yield _now("ccplane_outbox_bytes", "What the outbox holds", standing.used)
    yield _now(
        "ccplane_outbox_limit_bytes", "What it may hold: its bound, or less if its disk has less", standing.limit
    )
    full, to_go = standing.full_in_s, standing.to_go_s
    yield _now("ccplane_outbox_full_in_seconds", "At the present rate", math.inf if full is None else full)
    yield _now("ccplane_shipping_to_go_seconds", "Until Postgres has all", math.inf if to_go is None else to_go)


def _of_look_ups(asked: LookUps) -> Iterator[Metric]:
    """By the names of ivr/lookups.toml that were asked."""
    results = CounterMetricFamily("ccplane_look_ups", "Look-ups by what came of them", labels=("name", "result"))
    seconds = HistogramMetricFamily("ccplane_look_up_seconds", "How long they took, all tries", labels=("name",))
    for name, seen in sorted(asked.seen.items()):
        for result, count in sorted(seen.results.items()):
            results.add_metric((name, result), count)
        seconds.add_metric((name,), _buckets(seen.seconds), seen.seconds.sum)
    yield results
    yield seconds
    closed = {name: int(asked.circuit(name) == "closed") for name in asked.seen}
    yield _gauge("ccplane_look_up_circuit_closed", "0: it fails, and is not asked for a while", closed, "name")
    under_way = {name: seen.under_way for name, seen in asked.seen.items()}
    yield _gauge("ccplane_look_ups_under_way", "Look-ups that wait for their answer", under_way, "name")


def _of_notices(notifier: Notifier) -> Iterator[Metric]:
    yield _now("ccplane_notices_due", "Notices of messages that are not sent yet", notifier.due)
    yield _now("ccplane_notices_oldest_seconds", "Since when the oldest of them is due", notifier.oldest_s())
    sent = CounterMetricFamily("ccplane_notices_sent", "Notices that were sent", labels=("kind",))
    failed = CounterMetricFamily("ccplane_notices_failed", "Tries to send one that failed", labels=("kind",))
    lost = CounterMetricFamily("ccplane_notices_lost", "Notices that were refused or given up", labels=("kind",))
    for kind in NoticeKind:
        sent.add_metric((kind,), notifier.sent[kind])
        failed.add_metric((kind,), notifier.failed[kind])
        lost.add_metric((kind,), notifier.lost[kind])
    yield from (sent, failed, lost)


def _of_shipping(stats: ShippingStats) -> Iterator[Metric]:
    yield _now("ccplane_database_connected", "Whether facts reach Postgres", int(stats.connected))
    yield _total("ccplane_shipped_facts", "Facts stored in Postgres by this process", stats.facts)
    yield _total("ccplane_shipped_batches", "Transactions that stored them", stats.batches)
    yield _total("ccplane_shipping_failures", "Such transactions that failed", stats.failures)
    yield _total("ccplane_facts_missing", "Facts that neither Postgres nor the outbox has any more", stats.missing)
    yield _histogram("ccplane_fact_lag_seconds", _help("fact_lag"), stats.lag)


def _now(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


def _gauge(name: str, text: str, values: Mapping[str, float], label: str) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=(label,))
    for given, value in values.items():
        family.add_metric((given,), value)
    return family


def _total(name: str, text: str, value: float) -> CounterMetricFamily:
    return CounterMetricFamily(name, text, value=value)


def _counter(name: str, text: str, counts: Mapping[str, float], label: str) -> CounterMetricFamily:
    family = CounterMetricFamily(name, text, labels=(label,))
    for given in sorted(counts):
        family.add_metric((given,), counts[given])
    return family


def _histogram(name: str, text: str, given: Histogram) -> HistogramMetricFamily:
    return HistogramMetricFamily(name, text, buckets=_buckets(given), sum_value=given.sum)


def _buckets(given: Histogram) -> list[tuple[str, float]]:
    bounds: Iterable[str] = [*(repr(bound) for bound in given.buckets), "+Inf"]
    return list(zip(bounds, map(float, accumulate(given.counts)), strict=True))


def _help(key: str) -> str:
    return DEFINITIONS[key].meaning
