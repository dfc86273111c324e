"""Surveys of callers: that one began, and each answer."""

from __future__ import annotations

from ccplane.contacts.facts.life import ContactFact
from ccplane.contacts.surveys import Kind
from ccplane.ids import AgentId, QueueName


class SurveyAsked(ContactFact, frozen=True, kw_only=True):
    """A survey of so many questions begins. `queue`, `talked_with`: of the talk before it; None if there was none."""

    survey: str
    questions: int
    queue: QueueName | None = None
    talked_with: AgentId | None = None


class SurveyAnswered(ContactFact, frozen=True, kw_only=True):
    """The caller answered one of its questions. `nth`: 1 for their first answer, `of` so many questions."""

    survey: str
    question: str
    kind: Kind
    value: int
    nth: int
    of: int
    asked_at: int
    queue: QueueName | None = None
    talked_with: AgentId | None = None


AnySurveyFact = SurveyAsked | SurveyAnswered
