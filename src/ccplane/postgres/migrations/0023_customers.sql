-- Customers known by their number (law 11: people live in Postgres). `credit_s`: their priority, in seconds of waiting.
-- `blocked_until` counts with `blocked` alone; null: for good.

CREATE TABLE customer (
    number        text PRIMARY KEY,
    name          text NOT NULL DEFAULT '',
    language      text,
    credit_s      integer NOT NULL DEFAULT 0,
    note          text NOT NULL DEFAULT '',
    blocked       text NOT NULL DEFAULT '',     -- why; '' if they are not
    blocked_until timestamptz,
    changed_by    text NOT NULL,
    changed_at    timestamptz NOT NULL
);

-- Those whose calls are taken otherwise than others': a plane keeps them in memory.
CREATE INDEX customer_with_effect ON customer (number) WHERE blocked <> '' OR credit_s <> 0 OR language IS NOT NULL;

-- Calls that were harassment, as those say who had them.
CREATE TABLE call_mark (
    contact text PRIMARY KEY,
    number  text NOT NULL,
    agent   text,
    by      text NOT NULL,
    note    text NOT NULL,
    at      timestamptz NOT NULL
);

CREATE INDEX call_mark_by_number ON call_mark (number, at);
CREATE INDEX call_mark_by_time ON call_mark (at DESC, contact DESC);
