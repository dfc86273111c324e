"""ivr/surveys.toml: what callers are asked after a talk; and in acd/queues.toml, of which queues."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, TypeAdapter
from pydantic_core import PydanticCustomError

from ccplane.contacts.surveys import Kind
from ccplane.ids import ProgramName, QueueName
from ccplane.site.document import Document
from ccplane.site.faults import listed
from ccplane.site.ivr import blame
from ccplane.site.names import Reference
from ccplane.site.programs import computes
from ccplane.site.shapes import Name, SurveyAfter, Table
from ccplane.site.site import Program
from ccplane.site.survey import AfterTalk, SurveyQuestion, SurveyRule

COMMENT: Final = "comment"


def _kind(value: object) -> Kind | None:
    if value not in (*Kind, COMMENT):
        raise PydanticCustomError("no-such-kind", "{sentence}", {"sentence": f"is one of {listed((*Kind, COMMENT))}"})
    return None if value == COMMENT else Kind(str(value))


class QuestionTable(Table):
    """`{ name = "satisfied", kind = "satisfaction", prompt = "how-satisfied" }`."""

    name: Name
    kind: Annotated[Kind | None, BeforeValidator(_kind)]
    prompt: Name


class SurveyTable(Table):
    """`[after-call]` in ivr/surveys.toml."""

    questions: Annotated[list[QuestionTable], Field(min_length=1, max_length=10)]
    intro: Name | None = None
    thanks: Name | None = None
    invalid: Name | None = None
    tries: Annotated[int, Field(ge=1, le=5)] = 2


NAME: Final = TypeAdapter(Name)
TABLE: Final = TypeAdapter(SurveyTable)
AFTER: Final = TypeAdapter(SurveyAfter)


def surveys_in(document: Document, references: list[Reference]) -> dict[str, SurveyRule]:
    """The surveys of ivr/surveys.toml that are without fault; the prompts that they name are given back."""
    found = {}
    for name, raw in document.tables():
        document.validated(NAME, name, name)
        table = document.validated(TABLE, raw, name)
        if table is None or not _judged(document, name, table):
            continue
        for key, prompt in _prompts(table):
            references.append(Reference("prompt", prompt, blame(document, name, key)))
        questions = tuple(SurveyQuestion(each.name, each.kind, each.prompt) for each in table.questions)
        found[name] = SurveyRule(
            name, questions, table.intro or "", table.thanks or "", table.invalid or "", table.tries
        )
    return found


def _judged(document: Document, name: str, table: SurveyTable) -> bool:
    names = [each.name for each in table.questions]
    twice = sorted({each for each in names if names.count(each) > 1})
    if twice:
        document.fault("question-twice", f"two questions are called {twice[0]!r}: answers go by it", name, "questions")
    if all(each.kind is None for each in table.questions):
        sentence = "are comments alone: there is nothing to count; for messages there is call.record_message"
        document.fault("nothing-to-count", sentence, name, "questions")
        return False
    return not twice


def _prompts(table: SurveyTable) -> Iterator[tuple[str, str]]:
    yield from (("questions", each.prompt) for each in table.questions)
    for key in ("intro", "thanks", "invalid"):
        if prompt := getattr(table, key):
            yield key, prompt


def after_talks_in(document: Document, references: list[Reference]) -> dict[QueueName, AfterTalk]:
    """Which survey each queue asks for, by its `survey`; what is wrong there is told with the queue."""
    found = {}
    for name, raw in document.data.items():
        if isinstance(raw, dict) and isinstance(asked := raw.get("survey"), dict):
            try:
                table = AFTER.validate_python(asked)
            except ValueError:
                continue
            references.append(Reference("survey", table.name, blame(document, name, "survey")))
            found[QueueName(name)] = AfterTalk(table.name, table.share, table.talk, table.quiet)
    return found


def judge_surveys(
    document: Document,
    surveys: Mapping[str, SurveyRule],
    references: list[Reference],
    programs: Mapping[ProgramName, Program],
) -> None:
    """Warns of a survey that nobody is ever asked."""
    asked = {each.name for each in references if each.kind == "survey"}
    if not any(computes(program.source, "survey") for program in programs.values()):
        for name in surveys:
            if name not in asked:
                document.warning("not-asked", "no queue and no program asks it", name)
