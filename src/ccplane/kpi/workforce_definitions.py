"""What the numbers of agents' time mean, and those that need figures from outside: a chapter of `definitions`."""

from __future__ import annotations

from typing import Final

from ccplane.kpi.definition import Definition

_STATES: Final = (
    "IntentChanged, PhoneChanged, PeopleLoaded, OfferMade, OfferAnswered, OfferMissed, OfferWithdrawn, ConnectFailed, "
    "TalkStarted, TalkEnded, PhoneLost, PhoneRejoined, WrapUpDone, OwnCallStarted, OwnCallEnded"
)

WORKFORCE: Final = (
    Definition(
        "signed_in",
        "signed in",
        "签入时长",
        "ms",
        "Σ time in any state but offline, cut at the edges of the interval",
        _STATES,
    ),
    Definition(
        "occupancy",
        "occupancy",
        "占用率",
        "fraction",
        "(talk + hold + wrap-up) ÷ (talk + hold + wrap-up + ready); ringing counts as busy if it was answered, as "
        "ready if it was missed",
        _STATES,
    ),
    Definition(
        "utilisation",
        "utilisation",
        "利用率",
        "fraction",
        "(signed in − breaks − meals) ÷ paid time, of those agents whose paid time is known",
        f"{_STATES}; figures: paid_hours",
    ),
    Definition(
        "productivity",
        "productivity",
        "生产率",
        "contacts an hour",
        "handled ÷ hours signed in",
        f"{_STATES}, TalkEnded",
    ),
    Definition(
        "seat_utilisation",
        "seat utilisation",
        "座席利用率",
        "fraction",
        "hours in which somebody was signed in at a seat ÷ hours for which seats were open",
        f"{_STATES}; figures: seats",
    ),
    Definition(
        "attendance",
        "attendance",
        "出勤率",
        "fraction",
        "time signed in within scheduled time ÷ scheduled time, leave out",
        f"{_STATES}; figures: schedules",
    ),
    Definition(
        "adherence",
        "adherence",
        "遵时率",
        "fraction",
        "scheduled time in the right state ÷ scheduled time, leave out. Right: for work every state of work; for a "
        "break, or a meal, a pause of that reason, or signed out; for training and meetings a pause, or a call of "
        "one's own",
        f"{_STATES}; figures: schedules",
    ),
    Definition(
        "conformance",
        "conformance",
        "遵量率",
        "fraction",
        "time worked, whenever it was ÷ time scheduled for work",
        f"{_STATES}; figures: schedules",
    ),
    Definition(
        "attrition",
        "attrition",
        "流失率",
        "fraction",
        "leavers ÷ mean headcount, which is half of the first and the last day's; by month",
        "figures: headcount",
    ),
    Definition(
        "cost_per_contact",
        "cost per contact",
        "单个呼叫成本",
        "money",
        "cost ÷ handled",
        "TalkStarted, TalkEnded, FallbackServed; figures: cost",
    ),
    Definition(
        "fcr",
        "first contact resolution",
        "首次解决率",
        "fraction",
        "first contacts without another from the same number in y hours ÷ first contacts (none in the x hours before); "
        "contacts from outside alone, withheld numbers out; final after y",
        "ContactArrived",
    ),
)
