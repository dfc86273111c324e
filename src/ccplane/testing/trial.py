"""A program run by hand, verb by verb, with nothing behind it: what it asks for is said, what comes of it is given.

    trial = Trial(site, "4001")
    while (verb := trial.verb) is not None:
        print(trial.said())
        trial.give(Done())

No switch, no clock, no queue: whoever tries a program decides what a key, a queue or a callback gives. Whatever verbs
there are can be tried: what is not known here is done as it stands, or gives any result that is named.
"""

from __future__ import annotations

from typing import Any, Final, get_args

import msgspec

from ccplane.callflow.call import Call, CallerGone
from ccplane.callflow.loader import load
from ccplane.callflow.told import named
from ccplane.callflow.where import line_of
from ccplane.contacts import facts as c
from ccplane.contacts.arranging import DropCallback, FindCallback, FindWindows, JudgeNumber, Windows
from ccplane.contacts.conference import Confer
from ccplane.contacts.evolve import opened
from ccplane.contacts.fax import FaxResult, ReceiveFax, SendFax, SentResult
from ccplane.contacts.look_ups import LookUp, LookUpResult
from ccplane.contacts.verbs import (
    AskCallback,
    AskPin,
    CallbackResult,
    Closed,
    ConferenceResult,
    Connect,
    ConnectResult,
    DirectResult,
    Done,
    EnterQueue,
    Failed,
    Gather,
    HangUp,
    Here,
    Hold,
    HoursResult,
    LookAtBox,
    LookHere,
    LookHours,
    MessageResult,
    NoInput,
    Pressed,
    Proven,
    QueueResult,
    Refused,
    Result,
    SetIntent,
    TakeMessage,
    Verb,
)
from ccplane.core.arranging import LEAD_MS
from ccplane.days import day_of
from ccplane.errors import ProgramError
from ccplane.ids import ChannelId, ContactId, NodeName, ProgramName
from ccplane.routing.callbacks import why_not, windows
from ccplane.routing.patterns import is_withheld
from ccplane.routing.rules import Number, Rules
from ccplane.site import Site

OUTCOMES: Final[dict[type, Any]] = {
    EnterQueue: QueueResult,
    AskCallback: CallbackResult,
    Connect: ConnectResult,
    Confer: ConferenceResult,
    TakeMessage: MessageResult,
    ReceiveFax: FaxResult,
    SendFax: SentResult,
    LookHere: Here | Failed,
    LookHours: HoursResult,
    LookUp: LookUpResult,
    AskPin: Proven | Refused | NoInput,
    SetIntent: Done | Refused,
    Gather: Pressed | NoInput,
    Hold: Done | Pressed,
}
"""What can come of a verb that is more than done, the usual first."""
BUDGET: Final = 2_000
"""So many verbs, and it goes round for ever."""


RESULTS: Final[dict[str, type]] = {named(kind): kind for kind in get_args(Result)}


def outcomes(verb: type) -> tuple[str, ...]:
    """What can come of a verb of this kind, by name."""
    return tuple(named(each) for each in get_args(OUTCOMES.get(verb)) or (Done,))


class Trial:
    """One call to a number at a moment (`at`, ms UTC), or to a program. ProgramError if there is no such program.

    `caller`: "" withholds it. `timely`: what hours say holds for that moment, too; else somebody says it. `why`: why
    it is this program that takes the call.
    `verb`: what the program asks for now; None when it is over, and `ended` says how.
    """

    def __init__(
        self,
        site: Site,
        what: str,
        *,
        caller: str = "13800138000",
        language: str = "",
        at: int = 0,
        timely: bool = False,
    ) -> None:
        number, known, self.why = site.rules.number_at(what, at, caller), site.rules.number(what), ""
        if number is None and what in site.programs:
            number = Number(number=what, program=ProgramName(what), language=site.language)
        elif known is not None:
            self.why = _why(site.rules, known, at, caller)
        self.number = number or site.number(what)
        self.listed = number is not None
        self._hours = site.rules.hours if timely else {}
        self._at = at
        self.program = self.number.program
        self.site, self.step = site, 0
        self.answers: dict[str, LookUpResult] = {}
        """What look-ups give, by their name; of the others it is asked."""
        self.language = language or self.number.language
        arrived = c.ContactArrived(
            at=at,
            contact=ContactId("c-try-1"),
            node=NodeName("try"),
            channel=ChannelId("try-1"),
            number_dialled=what,
            caller=caller,
            caller_name="",
            language=self.language,
            attribution=self.number.attribution,
            switch_at=at,
            site=site.hash,
        )
        self.verb: Verb | None = None
        self.ended = ""
        self.failed = False
        try:
            self._running = load(site, self.program)(Call(opened(arrived), site))
        except Exception as error:  # of a line outside its `main`
            self._fail(error)
        else:
            self._go_on(None)

    def give(self, result: Result) -> None:
        """What came of the verb; the program goes on to its next, or ends."""
        self._go_on(result)

    def hang_up(self) -> None:
        """The caller does."""
        self.verb, self.ended = None, "the caller has hung up"
        try:
            self._running.throw(CallerGone())
            self._running.close()  # verbs do not run any more
        except (StopIteration, CallerGone):
            return
        except Exception as error:
            self._fail(error)

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The results that this verb can have, by name, the usual first."""
        if isinstance(self.verb, EnterQueue) and self.verb.direct is not None:
            return tuple(named(each) for each in get_args(DirectResult))
        return outcomes(type(self.verb))

    @property
    def asks(self) -> bool:
        """Whether somebody has to say what comes of it."""
        return type(self.verb) in OUTCOMES and self.known is None

    @property
    def known(self) -> Result | None:
        """What comes of it, where that was said before."""
        match self.verb:
            case LookUp(name=name):
                return self.answers.get(name)
            case LookHours(name=name) if name in self._hours:
                return self._hours[name].now(self._at)
            case JudgeNumber(number=number):
                why = why_not(self.site.rules.callbacks, self.site.rules.dialling, number)
                return Done() if why is None else Refused(why)
            case FindWindows(queue=queue, length_ms=length, count=count):
                rules = self.site.rules
                closes = rules.queues[queue].hours
                hours = (rules.callbacks.hours, rules.hours.get(closes) if closes else None)
                midnight, _ = day_of(self._at, rules.timezone)
                until = self._at + rules.callbacks.furthest_ms
                return Windows(tuple(windows(hours, self._at + LEAD_MS, until, midnight, length, count)))
            case FindCallback() | DropCallback() | LookAtBox():
                return Done()
            case _:
                return None

    @property
    def takes_keys(self) -> bool:
        return isinstance(self.verb, Gather)

    @property
    def forgets_keys(self) -> bool:
        """Whether what was pressed ahead is no answer to it."""
        return isinstance(self.verb, Gather) and self.verb.fresh

    @property
    def where(self) -> str:
        """The line at which the program waits: file:line."""
        return line_of(self._running)

    def result(self, name: str, *given: str) -> Result:
        """The result of this name. `given`: its texts in order (key, agent, reason), the last for all that follow.
        ProgramError if there is no such result."""
        texts = list(given)
        if name not in RESULTS:
            raise ProgramError("no-such-result", f"{name!r} is none of {', '.join(self.outcomes)}", name=name)
        values: list[Any] = []
        for each in msgspec.structs.fields(RESULTS[name]):
            if each.name == "data":
                values.append(_json(texts[0]) if texts else {})
            elif each.name == "why" and not texts and name == "look-up-failed":
                values.append("timeout")
            elif each.name == "pages":
                values.append(0 if name == "no-fax" else 1)
            elif each.type is int:
                values.append(5_000)
            elif each.type is bool:
                values.append(False)
            elif each.type == int | None:
                values.append(None)
            elif each.name == "reason" and not texts and each.default == "":
                values.append("")
            else:
                values.append(texts.pop(0) if len(texts) > 1 else texts[0] if texts else each.name)
        return RESULTS[name](*values)  # type: ignore[no-any-return]

    def pressed(self, keys: str) -> tuple[Result, str]:
        """What the verb takes of these keys, and those that are left for the next question."""
        verb = self.verb
        if not keys or not isinstance(verb, Gather):
            return NoInput(), keys
        for place, key in enumerate(keys):
            if key in verb.ends_with:
                return Pressed(keys[:place]), keys[place + 1 :]
            if place + 1 == verb.longest:
                return Pressed(keys[: place + 1]), keys[place + 1 :]
        return Pressed(keys), ""

    def _go_on(self, result: Result | None) -> None:
        try:
            verb = self._running.send(result)
            self.step += 1
            if not isinstance(verb, get_args(Verb)):
                raise ProgramError("no-verb", f"awaited {type(verb).__name__}, which is no verb of the call")
            self.verb = verb
        except (StopIteration, CallerGone):
            self.verb, self.ended = None, self.ended or "the program has ended: the call is hung up (cause 16)"
        except Exception as error:
            self._fail(error)
        if isinstance(self.verb, HangUp):
            self.ended = self.ended or f"the program has hung up (cause {self.verb.cause})"
        elif self.step > BUDGET:
            where = self.where
            self._running.close()
            self._fail(ProgramError("no-end", f"asked for more than {BUDGET} verbs in one call"), where)

    def _fail(self, error: BaseException, where: str = "") -> None:
        lines, trace = [where] if where else [], error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename.startswith("ari_apps/"):
                lines.append(f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}")
            trace = trace.tb_next
        kind = "" if isinstance(error, ProgramError) else f"{type(error).__name__}: "
        self.verb, self.failed = None, True
        self.ended = f"{lines[-1] if lines else self.program}: {kind}{error}".removesuffix(".")


def _why(rules: Rules, known: Number, at: int, caller: str) -> str:
    """Why the number's call goes to the program that takes it, of those that it has; "" if there is but one."""
    hours = rules.hours.get(known.hours) if known.hours else None
    parts = []
    if known.closed is not None and hours is not None:
        now = hours.now(at)
        because = f" ({now.reason})" if now.reason else ""
        if isinstance(now, Closed):
            return f"`closed`, for hours `{hours.name}` are closed{because}"
        parts.append(f"hours `{hours.name}` are open{because}")
    if known.withheld is not None and is_withheld(caller):
        parts.insert(0, "`withheld`, for the caller shows no number")
    return "; ".join(parts)


def _json(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise ProgramError("not-json", f"{text!r} is no JSON: {error}") from error
