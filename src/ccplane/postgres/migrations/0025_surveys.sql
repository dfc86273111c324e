-- Surveys of callers after their talk, of which there is one a contact, and their answers. `queue`, `agent`: of that talk.

CREATE TABLE survey (
    contact   text PRIMARY KEY,
    survey    text NOT NULL,
    queue     text,
    agent     text,
    questions integer NOT NULL,
    asked_at  timestamptz NOT NULL
);

CREATE INDEX survey_by_time ON survey (asked_at);

CREATE TABLE survey_answer (
    contact  text NOT NULL,
    question text NOT NULL,
    kind     text NOT NULL,                     -- satisfaction: 1 to 5; nps: 0 to 10; yes-no: 1, 0
    value    integer NOT NULL,
    at       timestamptz NOT NULL,
    PRIMARY KEY (contact, question)
);
