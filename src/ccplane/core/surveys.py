"""Surveys of callers: who is asked, and what they answered. Each contact is asked once."""

from __future__ import annotations

from ccplane.contacts import facts as c
from ccplane.contacts.contact import Contact
from ccplane.contacts.surveys import AskSurvey, NotAsked, NoteAnswer, in_sample
from ccplane.contacts.verbs import Done, Failed, Result
from ccplane.core.turn import Turn


def ask(turn: Turn, contact: Contact, verb: AskSurvey) -> Result:
    """Done once it is begun; else NotAsked, which is no fact: it counts nowhere."""
    talk = contact.last_talk
    if contact.surveyed is not None:
        return NotAsked("asked-already")
    if talk is not None and talk.talk_ms < verb.least_talk_ms:
        return NotAsked("short-talk")
    last = turn.state.surveyed.get(contact.caller)
    if last is not None and turn.now - last.at < verb.quiet_ms:
        return NotAsked("asked-lately")
    if not in_sample(contact.id, verb.survey, verb.share):
        return NotAsked("not-in-sample")
    turn.happened(
        c.SurveyAsked(
            at=turn.now,
            contact=contact.id,
            survey=verb.survey,
            questions=verb.questions,
            queue=talk.queue if talk else None,
            talked_with=talk.agent if talk else None,
        )
    )
    return Done()


def answered(turn: Turn, contact: Contact, verb: NoteAnswer) -> Result:
    """Note one answer; Failed if no survey goes on, or that question was answered before."""
    survey = contact.surveyed
    if survey is None or verb.question in survey.answered:
        return Failed("nothing was asked")
    turn.happened(
        c.SurveyAnswered(
            at=turn.now,
            contact=contact.id,
            survey=survey.survey,
            question=verb.question,
            kind=verb.kind,
            value=verb.value,
            nth=len(survey.answered) + 1,
            of=survey.questions,
            asked_at=survey.asked_at,
            queue=survey.queue,
            talked_with=survey.agent,
        )
    )
    return Done()
