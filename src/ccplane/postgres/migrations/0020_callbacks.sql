-- Callbacks. `promise` is the one table that a plane writes before it decides: what is not in it is not promised, and what
-- was not claimed in it is not dialled. `callback` follows from facts alone, like all other rows.

CREATE TABLE promise (
    id             text PRIMARY KEY,
    number         text NOT NULL,
    queue          text NOT NULL,
    since          timestamptz NOT NULL,    -- the customer's clock
    made_at        timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL,
    caller_name    text NOT NULL,
    number_dialled text NOT NULL,
    language       text NOT NULL,
    live           boolean NOT NULL DEFAULT true,
    turn           integer NOT NULL DEFAULT 0,    -- of the last claim: none is claimed twice
    tries          integer NOT NULL DEFAULT 0,
    claimed_at     timestamptz
) WITH (fillfactor = 80);

-- One live promise per number, and so one live try.
CREATE UNIQUE INDEX promise_by_number ON promise (number) WHERE live;

CREATE TABLE do_not_call (
    number text PRIMARY KEY,
    why    text NOT NULL,
    by     text NOT NULL,
    since  timestamptz NOT NULL,
    until  timestamptz                       -- null: for good
);

CREATE TABLE callback (
    id         text PRIMARY KEY,
    number     text,
    queue      text,
    asked_in   text,                         -- the contact that asked; null: the API
    asked_by   text,
    since      timestamptz,
    asked_at   timestamptz,
    expires_at timestamptz,
    state      text,                         -- asked, pending, waiting, claiming, dialling, reached, refused; or an outcome
    why        text,
    contact    text,                         -- the last that was a turn of it
    agent      text,
    tries      integer,
    next_at    timestamptz,
    reached_at timestamptz,
    waited_ms  bigint,
    ended_at   timestamptz
) WITH (fillfactor = 80);

CREATE INDEX callback_by_time ON callback (asked_at DESC, id DESC);

-- A stay of who stands in the line for a customer: in no count of callers' stays.
ALTER TABLE segment DROP CONSTRAINT segment_kind_check;
ALTER TABLE segment ADD CONSTRAINT segment_kind_check CHECK (kind IN ('queue', 'agent', 'call', 'queue-callback'));
