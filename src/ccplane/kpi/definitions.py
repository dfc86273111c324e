"""What each number means: the one table from which documents, tooltips and the help of metrics are made.

Rules for all: intervals are half-open; a contact counts in the interval in which it entered the queue; counters are
stored, never percentages, and a rate is computed from summed counters; no data is None, never 0 or 100 %. Durations
are whole milliseconds; thresholds are inclusive (wait ≤ T), three rings alone strict (<).
"""

from __future__ import annotations

from typing import Final

from ccplane.kpi.definition import Definition
from ccplane.kpi.health_definitions import HEALTH
from ccplane.kpi.rate_definitions import BROUGHT, RATES
from ccplane.kpi.workforce_definitions import WORKFORCE

SHORT_MS: Final = 5_000
"""An abandon within this wait is a short one."""
RINGS: Final = 3
TOP_BOX: Final = 4
"""Of 1 to 5: who gives so much is satisfied."""
PROMOTER: Final = 9
DETRACTOR: Final = 6
"""Of 0 to 10: from the one on they recommend us, up to the other they do not."""
LEAST_GAP_MS: Final = 1_000
"""A gap shorter than this moves no number by more; a longer one makes the numbers that it touches provisional."""

_WAITS: Final = "ContactQueued, TalkStarted, ContactUnqueued"
_STAYS: Final = f"{_WAITS}, FallbackServed"
_ENTRIES: Final = "ContactQueued, FallbackServed"
_TALKS: Final = "TalkStarted, TalkEnded, FallbackServed"
_WORK: Final = f"{_TALKS}, WrapUpDone"
_CALLBACKS: Final = "CallbackAsked, CallbackPromised, CallbackDialled, CallbackReached, CallbackEnded"
_ASKED: Final = "SurveyAsked"
_RATED: Final = "SurveyAnswered"
_BOTH: Final = f"{_ASKED}, {_RATED}"
_OFFERS: Final = "OfferMade, OfferAnswered, OfferMissed, OfferWithdrawn"

DEFINITIONS: Final = {
    each.key: each
    for each in (
        Definition("offered", "offered", "人工请求量", "stays", "entries into the queue", _ENTRIES, 2),
        Definition("answered", "answered", "人工接听量", "stays", "A: stays that ended in a talk", _STAYS, 2),
        Definition("answered_within", "answered in time", "及时接听量", "stays", "A_T: answered, wait ≤ T", _STAYS, 2),
        Definition("abandoned", "abandoned", "放弃量", "stays", "B: the caller left while waiting", _STAYS, 2),
        Definition("abandoned_short", "short abandons", "短放弃量", "stays", "B_s: abandoned, wait ≤ 5 s", _STAYS, 2),
        Definition("abandoned_within", "abandoned in time", "阈值内放弃", "stays", "B_T: wait ≤ T", _STAYS, 2),
        Definition("no_agents", "no agents", "无座席", "stays", "ended, as nobody was signed in", _STAYS, 2),
        Definition("timed_out", "timed out", "排队超时量", "stays", "ended by the queue's max_wait", _STAYS, 2),
        Definition("overflowed", "overflowed", "溢出量", "stays", "ended by a limit of the queue's", _STAYS),
        Definition("closed", "closed", "非服务时间", "stays", "ended, as the queue was closed or closed then", _STAYS),
        Definition("moved", "moved", "转移量", "stays", "ended, as somebody put them into another queue", _STAYS),
        Definition("left_by_key", "left by key", "按键离开量", "stays", "ended by a key that leads out of it", _STAYS),
        Definition("callback", "left to be called back", "转回呼量", "stays", "promised a callback instead", _STAYS),
        Definition(
            "lost", "lost", "丢失量", "stays", "ended, as the switch lost the call, or the fallback took it", _STAYS, 2
        ),
        Definition("wait", "wait of answered", "应答等待时长", "ms", "Σ wait, queue entry to both joined", _STAYS, 2),
        Definition(
            "contact_wait",
            "whole wait of answered",
            "应答总等待时长",
            "ms",
            "Σ wait by the contacts' clocks: from their first queue to both joined, however often they changed queues",
            _STAYS,
        ),
        Definition(
            "estimated_wait",
            "estimated wait",
            "预计等待",
            "s",
            "how long who comes now will wait: Σ_{i=0..q} 1/(sμ + iθ) and the ring; right after agents came or went "
            "the wait of who is first in the line. – while nobody works there or nothing was measured",
            "TalkStarted, TalkEnded, WrapUpDone, ContactUnqueued",
        ),
        Definition(
            "estimate_error_p50",
            "error of half the estimates",
            "预计等待误差中位数",
            "s",
            "half of the estimates, given at entry to those who were then answered, were off by no more: "
            "|estimate − wait|, counted in steps",
            "ContactQueued, TalkStarted",
        ),
        Definition(
            "estimate_error_p90",
            "error of nine estimates in ten",
            "预计等待误差九成位",
            "s",
            "as above, of nine in ten",
            "ContactQueued, TalkStarted",
        ),
        Definition("callbacks", "callbacks", "回呼承诺量", "callbacks", "promised", _CALLBACKS),
        Definition("callbacks_tried", "callback tries", "回呼尝试量", "calls", "customers dialled", _CALLBACKS),
        Definition("callbacks_reached", "callbacks reached", "回呼接通量", "callbacks", "answered", _CALLBACKS),
        Definition("callbacks_served", "callbacks served", "回呼完成量", "callbacks", "talked", _CALLBACKS),
        Definition("callbacks_expired", "callbacks expired", "回呼过期量", "callbacks", "not in time", _CALLBACKS),
        Definition("callbacks_cancelled", "callbacks cancelled", "回呼取消量", "callbacks", "taken back", _CALLBACKS),
        Definition("callbacks_given_up", "callbacks given up", "回呼放弃量", "callbacks", "no more tries", _CALLBACKS),
        Definition("callbacks_wait", "wait of callbacks", "回呼等待时长", "ms", "Σ clock to answered", _CALLBACKS),
        Definition("callbacks_open", "callbacks open", "待回呼数", "callbacks", "not over, now", _CALLBACKS),
        Definition("waiting", "waiting", "排队数", "contacts", "entered and not ended, now", _WAITS),
        Definition("longest_wait", "longest wait", "最长等待", "s", "now − oldest entry among the waiting", _WAITS),
        Definition(
            "service_level",
            "service level",
            "服务水平",
            "fraction",
            "A_T ÷ (A + B + those who now wait longer than T); those who wait up to T are undecided and left out",
            _STAYS,
            2,
        ),
        Definition("rang", "offers that rang", "振铃派单量", "offers", "see three_rings", _OFFERS, 2),
        Definition("rang_in_time", "answered in three rings", "三声内应答量", "offers", "see three_rings", _OFFERS, 2),
        Definition(
            "three_rings",
            "answered within three rings",
            "三声内应答率",
            "fraction",
            "offers answered with (answered − ring start) < 3 ring cycles ÷ offers that rang. Ring start: the phone's "
            "180, else the INVITE sent. Missed offers that rang count below the line; one that was taken back, be it "
            "that the caller left or a colleague was first, does so only from three cycles on. Offers for which nobody "
            "has to pick up (auto_answer, an open line) are counted apart",
            _OFFERS,
            2,
        ),
        Definition(
            "auto_answered",
            "auto-answered",
            "自动应答量",
            "offers",
            "offers that a phone took by itself, or an open line; they are in no other number of offers",
            _OFFERS,
        ),
        Definition(
            "missed_no_answer", "rang out", "振铃未接量", "offers", "offers missed: rang until the end", _OFFERS
        ),
        Definition("missed_rejected", "rejected", "拒接量", "offers", "offers missed: refused", _OFFERS),
        Definition("missed_busy", "busy", "忙线未接量", "offers", "offers missed: the phone was busy", _OFFERS),
        Definition(
            "missed_unreachable", "unreachable", "不可达未接量", "offers", "offers missed: no phone was there", _OFFERS
        ),
        Definition("answered_ring", "ring of answered", "应答振铃时长", "ms", "Σ ring of offers answered", _OFFERS),
        Definition(
            "answered_delayed",
            "answered after a delay",
            "延迟应答量",
            "stays",
            "answered, and offered to nobody the moment they entered",
            f"{_STAYS}, OfferMade",
        ),
        Definition("abandoned_wait", "wait of abandoned", "放弃等待时长", "ms", "Σ wait of abandoned", _STAYS),
        Definition("delayed_wait", "wait of those", "延迟应答等待时长", "ms", "Σ wait of them", f"{_STAYS}, OfferMade"),
        Definition("handled", "handled", "处理量", "talks", "talks that are over, longer than 0", _TALKS),
        Definition("talk", "talk", "通话时长", "ms", "Σ talk, hold included, of those that are over", _TALKS),
        Definition(
            "wrap_up",
            "wrap-up",
            "话后处理时长",
            "ms",
            "Σ work after those talks, once it is over",
            _WORK,
        ),
        Definition("surveys_asked", "surveys asked", "满意度邀评量", "contacts", "a survey began", _ASKED),
        Definition("surveys_rated", "surveys rated", "满意度参评量", "contacts", "one answer or more", _RATED),
        Definition("response_rate", "response rate", "参评率", "fraction", "surveys rated ÷ asked", _BOTH),
        Definition("satisfaction_rated", "satisfaction given", "满意度评价量", "answers", "1 to 5", _RATED),
        Definition("satisfaction_top", "satisfied", "满意量", "answers", "4 and 5 of 1 to 5", _RATED),
        Definition(
            "satisfaction",
            "satisfaction",
            "满意度",
            "fraction",
            "top boxes (4, 5) ÷ rated; never without the response rate",
            _RATED,
        ),
        Definition("nps_rated", "recommendations given", "净推荐评价量", "answers", "0 to 10", _RATED),
        Definition("nps_promoters", "promoters", "推荐者", "answers", "9 and 10", _RATED),
        Definition("nps_detractors", "detractors", "贬损者", "answers", "0 to 6", _RATED),
        Definition(
            "nps",
            "net promoter score",
            "净推荐值",
            "-100 to 100",
            "100 × (promoters − detractors) ÷ rated; never without the response rate",
            _RATED,
        ),
        *BROUGHT,
        *RATES,
        *WORKFORCE,
        *HEALTH,
    )
}
VERSION: Final = max(each.version for each in DEFINITIONS.values())


def as_table() -> str:
    """The definitions as the Markdown table that the documents show."""
    rows = (f"| {d.en} | {d.zh} | {d.unit} | {d.formula} | {d.source} | {d.version} |" for d in DEFINITIONS.values())
    return "\n".join(("| number | 中文 | unit | formula | from | version |", "|---|---|---|---|---|---|", *rows)) + "\n"
