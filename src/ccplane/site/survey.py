"""A survey as ivr/surveys.toml has it, and which queue asks for it."""

from __future__ import annotations

from dataclasses import dataclass

from ccplane.contacts.surveys import Kind


@dataclass(frozen=True)
class SurveyQuestion:
    """`prompt`: the question, by the name of a prompt."""

    name: str
    kind: Kind
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


@dataclass(frozen=True)
class AfterTalk:
    """What a queue asks of this share of its callers, after talks of at least `talk_ms`."""

    survey: str
    share: float = 1.0
    talk_ms: int = 0
