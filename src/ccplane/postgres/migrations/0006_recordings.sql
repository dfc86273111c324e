-- What was recorded, by its facts. The files lie in the store of recordings; paths are within it.
CREATE TABLE recording (
    id          text PRIMARY KEY,
    contact     text        NOT NULL,
    segment     integer,
    agent       text,
    queue       text,
    direction   text,
    state       text,
    first_at    timestamptz NOT NULL,       -- of its first fact
    started_at  timestamptz,                -- null: it never began
    ended_at    timestamptz,                -- the end of the talk
    stored_at   timestamptz,
    expected_ms bigint,
    ms          bigint,                     -- of what is kept
    paused_ms   bigint,
    bytes       bigint,
    incomplete  boolean     NOT NULL DEFAULT false,
    reason      text,                       -- why it failed, or is incomplete
    wav         text,
    opus        text,
    plays       bigint      NOT NULL DEFAULT 0
) WITH (fillfactor = 70);

CREATE INDEX recording_by_time ON recording (first_at DESC, id DESC);
CREATE INDEX recording_by_contact ON recording (contact);
CREATE INDEX recording_by_agent ON recording (agent, first_at DESC, id DESC) WHERE agent IS NOT NULL;
