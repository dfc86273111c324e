-- apply_surveys --
-- A survey is asked once in a contact, and each of its questions answered once: what is told again changes nothing.
WITH said AS (
    SELECT at, kind, contact, body
    FROM batch
    WHERE epoch = $1 AND seq > $2 AND seq <= $3 AND kind IN ('SurveyAsked', 'SurveyAnswered')
), asked AS (
    INSERT INTO survey (contact, survey, queue, agent, questions, asked_at)
    SELECT contact, body ->> 'survey', body ->> 'queue', body ->> 'talked_with', (body ->> 'questions')::integer, instant(at)
    FROM said WHERE kind = 'SurveyAsked'
    ON CONFLICT (contact) DO NOTHING
)
INSERT INTO survey_answer (contact, question, kind, value, at)
SELECT contact, body ->> 'question', body ->> 'kind', (body ->> 'value')::integer, instant(at)
FROM said WHERE kind = 'SurveyAnswered'
ON CONFLICT (contact, question) DO NOTHING;
