"""A survey as ivr/surveys.toml has it, and which queue asks for it."""

from __future__ import annotations

from dataclasses import dataclass

from ccplane.contacts.surveys import Kind


@dataclass(frozen=True)
class SurveyQuestion:
    """`prompt`: the question, by the name of a prompt. `kind`: None where they say it, and it is recorded."""

    name: str
    kind: Kind | None
    prompt: str


@dataclass(frozen=True)
class SurveyRule:
    """`intro`, `thanks`, `invalid`: prompts by name, or "". `tries`: how often each question is put."""

    name: str
    questions: tuple[SurveyQuestion, ...]
    intro: str = ""
    thanks: str = ""
    invalid: str = ""
    tries: int = 2

    @property
    def counted(self) -> int:
        """How many questions are answered by keys."""
        return sum(each.kind is not None for each in self.questions)


@dataclass(frozen=True)
class AfterTalk:
    """What a queue asks of this share of its callers, after talks of at least `talk_ms`, not again within
    `quiet_ms`."""

    survey: str
    share: float = 1.0
    talk_ms: int = 0
    quiet_ms: int = 0
