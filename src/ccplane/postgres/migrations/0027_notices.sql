-- Who is to be told of a message, and how far that is: made with the message's row, once for each address or service. Not a
-- projection: what became of it stands here alone, and a rebuild leaves it as it is.

CREATE TABLE notice (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message    text NOT NULL,
    kind       text NOT NULL,                   -- email, webhook
    target     text NOT NULL,                   -- an address; the name of a webhook
    state      text NOT NULL DEFAULT 'due',     -- due, sent, failed (refused for good), given-up
    since      timestamptz NOT NULL,            -- when it became due; given up so and so long after it
    next_at    timestamptz NOT NULL,            -- not tried before; while it is being sent, when that is over at the latest
    tries      integer NOT NULL DEFAULT 0,
    last_error text,
    sent_at    timestamptz,
    UNIQUE (message, kind, target)
) WITH (fillfactor = 80);

CREATE INDEX notice_due ON notice (kind, next_at) WHERE state = 'due';
CREATE INDEX notice_by_time ON notice (since DESC, id DESC);
