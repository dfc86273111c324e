"""What a caller thinks of us: the chapter of `Call` that asks them, after the talk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from ccplane.callflow.asking import Question
from ccplane.callflow.recording import Recording
from ccplane.callflow.said import NOTHING
from ccplane.callflow.step import Step
from ccplane.contacts.surveys import AskSurvey, Kind, NotAsked, NoteAnswer
from ccplane.contacts.verbs import Pressed
from ccplane.errors import ProgramError
from ccplane.ids import QueueName
from ccplane.site.survey import AfterTalk, SurveyRule


@dataclass(frozen=True)
class Rated:
    """They have answered every question: the values by its name, of yes or no 1 or 0."""

    answers: Mapping[str, int]


@dataclass(frozen=True)
class Partly:
    """They have answered the first of the questions, and were still on the line when they did not answer another."""

    answers: Mapping[str, int]


@dataclass(frozen=True)
class Declined:
    """They have answered nothing, and are still on the line."""


SurveyResult = Rated | Partly | Declined | NotAsked

KEYED: Final = {
    Kind.SATISFACTION: (1, "", "[1-5]"),
    Kind.NPS: (2, "#", "10|[0-9]"),
    Kind.YES_NO: (1, "", "[12]"),
}
"""How many keys an answer has, which key ends it, and what it is."""
COMMENT_S: Final = 60
BOX_LONGEST: Final = 40
BETWEEN_S: Final = 2.0
"""After a 1 so long for the 0 of 10."""


class Surveying(Recording):
    """The verb that asks what they think."""

    async def survey(self, name: str, *, share: float = 1.0, quiet_s: float = 0) -> SurveyResult:
        """Put the questions of ivr/surveys.toml: Rated(answers), Partly(answers), Declined(), or NotAsked(why).

        Who does not answer a question is not asked the next. `share`: of all contacts so many are asked, 0 to 1; else
        NotAsked("not-in-sample"). A contact is asked once: after that it is NotAsked("asked-already").
        `quiet_s`: who was asked no longer ago, in an earlier call, is NotAsked("asked-lately").

            await call.survey("after-call")
        """
        if not 0 <= share <= 1:
            raise ProgramError("bad-share", f"share is 0 to 1, given: {share}")
        after = AfterTalk(name, share, quiet_ms=round(quiet_s * 1000))
        return await self._put(self.site.survey(name), after)

    async def _after_talk(self, queue: QueueName) -> None:
        after = self.site.after_talks.get(queue)
        if after is not None:
            await self._put(self.site.survey(after.survey), after)

    async def _put(self, rule: SurveyRule, after: AfterTalk) -> SurveyResult:
        asked = await Step(AskSurvey(rule.name, rule.counted, after.share, after.talk_ms, after.quiet_ms))
        if isinstance(asked, NotAsked):
            return asked
        answers: dict[str, int] = {}
        words = self._said(rule.intro) if rule.intro else NOTHING
        for each in rule.questions:
            if each.kind is None:
                if words is not NOTHING:
                    await Step(words.play())
                    words = NOTHING
                await self.record_message(each.prompt, box=rule.name[:BOX_LONGEST], longest_s=COMMENT_S)
                continue
            question = _question(each.kind, rule.tries, fresh=not answers)
            invalid = self._said(rule.invalid) if rule.invalid else NOTHING
            keyed = await question.ask(words + self._said(each.prompt), invalid=invalid)
            if not isinstance(keyed, Pressed):
                break
            value = _value(each.kind, keyed.keys)
            await Step(NoteAnswer(each.name, each.kind, value))
            answers[each.name], words = value, NOTHING
        if not answers:
            return Declined()
        if rule.thanks:
            await self.play(rule.thanks)
        given = MappingProxyType(answers)
        return Rated(given) if len(answers) == rule.counted else Partly(given)


def _question(kind: Kind, tries: int, *, fresh: bool) -> Question:
    """`fresh`: what was pressed during the talk is no answer."""
    longest, ends_with, pattern = KEYED[kind]
    return Question(
        longest=longest,
        ends_with=ends_with,
        pattern=pattern,
        between_s=BETWEEN_S,
        fresh=fresh,
        tries=tries,
        wrong_tries=tries,
    )


def _value(kind: Kind, keys: str) -> int:
    return int(keys == "1") if kind is Kind.YES_NO else int(keys)
