-- What the facts say, in rows. All of it is derived from facts alone, by the queries apply_*, and may be made anew.

CREATE TABLE contact (
    id             text PRIMARY KEY,
    node           text,
    channel        text,
    number_dialled text,
    caller         text,
    caller_name    text,
    language       text,
    attribution    text,
    site           text,
    program        text,
    state          text,
    queue          text,                  -- the last one entered
    agent          text,                  -- the last one talked with
    arrived_at     timestamptz NOT NULL,
    answered_at    timestamptz,
    ended_at       timestamptz,
    ended_by       text,
    cause          integer,
    gap_ms         bigint      NOT NULL DEFAULT 0  -- how long nobody watched it
) WITH (fillfactor = 70);

CREATE INDEX contact_by_arrival ON contact (arrived_at DESC, id DESC);
CREATE INDEX contact_by_number ON contact (number_dialled, arrived_at DESC, id DESC);

-- One stay of a contact in a queue, or with an agent. Every stay in a queue ends with exactly one outcome.
CREATE TABLE segment (
    contact     text     NOT NULL,
    segment     integer  NOT NULL,
    kind        text     NOT NULL CHECK (kind IN ('queue', 'agent')),
    queue       text,
    agent       text,
    offer       text,
    started_at  timestamptz,
    ended_at    timestamptz,
    outcome     text,                     -- of a stay in a queue
    ended_by    text,                     -- of a talk
    waited_ms   bigint,
    talk_ms     bigint,
    wrap_up_ms  bigint,
    provisional boolean NOT NULL GENERATED ALWAYS AS (
        CASE kind WHEN 'queue' THEN outcome IS NULL ELSE wrap_up_ms IS NULL END) STORED,
    PRIMARY KEY (contact, segment)
) WITH (fillfactor = 70);

CREATE INDEX segment_by_queue ON segment (queue, started_at);
CREATE INDEX segment_by_agent ON segment (agent, started_at) WHERE agent IS NOT NULL;

-- One attempt to give one contact to one agent.
CREATE TABLE offer (
    id          text PRIMARY KEY,
    contact     text     NOT NULL,
    agent       text     NOT NULL,
    queue       text,
    segment     integer,
    attempt     integer,
    leg         text,
    state       text     NOT NULL,
    made_at     timestamptz,
    ringing_at  timestamptz,
    answered_at timestamptz,
    ended_at    timestamptz,
    cause       text,                     -- why it was missed, withdrawn or not connected
    sip         integer,
    rang        boolean,
    ring_ms     bigint,
    trace       jsonb
) WITH (fillfactor = 70);

CREATE INDEX offer_by_contact ON offer (contact);
CREATE INDEX offer_by_agent ON offer (agent, made_at);

-- An agent's shown state, as the wallboard words it, from then until then; a pause of another reason is another row.
CREATE TABLE agent_interval (
    agent      text        NOT NULL,
    epoch      bigint      NOT NULL,      -- of the fact that began it
    seq        bigint      NOT NULL,
    state      text        NOT NULL,
    reason     text        NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at   timestamptz,
    PRIMARY KEY (agent, epoch, seq)
) WITH (fillfactor = 80);

CREATE INDEX agent_interval_by_time ON agent_interval (agent, started_at);
-- Where the fold of each agent stands: the three axes that a batch of facts begins from, and the interval that is open.
CREATE TABLE agent_axes (
    agent        text PRIMARY KEY,
    intent       text NOT NULL,
    reason       text NOT NULL,
    work         text NOT NULL,
    phone        text NOT NULL,
    shown        text,                    -- null: no longer of this site
    shown_reason text NOT NULL,
    open_epoch   bigint,
    open_seq     bigint
) WITH (fillfactor = 50);

-- The last value that is not null: a strict transition function is not called for nulls.
CREATE FUNCTION latter(text, text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT $2 $$;
CREATE AGGREGATE last_known(text) (SFUNC = latter, STYPE = text);
