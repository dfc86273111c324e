-- The log: facts as they were decided, where each outbox's shipping stands, and who leads.

-- Exact to the microsecond for any instant of ours: the error of a float8 of seconds is below half a microsecond.
CREATE FUNCTION instant(ms bigint) RETURNS timestamptz
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ SELECT to_timestamp(ms::float8 / 1000) $$;

CREATE FUNCTION ms(instant timestamptz) RETURNS bigint
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ SELECT (extract(epoch FROM instant) * 1000)::bigint $$;

-- One partition a day (UTC), made ahead by the shipper; retention drops whole partitions.
CREATE TABLE fact (
    day     date   NOT NULL,
    epoch   bigint NOT NULL,
    seq     bigint NOT NULL,
    at      bigint NOT NULL,  -- ms UTC, the site's clock
    kind    text   NOT NULL,
    contact text,
    agent   text,
    body    jsonb  NOT NULL,
    PRIMARY KEY (day, epoch, seq)
) PARTITION BY RANGE (day);

CREATE INDEX fact_by_contact ON fact (contact, epoch, seq) WHERE contact IS NOT NULL;

-- The last fact stored of an epoch. An epoch belongs to one outbox; an outbox's seq goes on over its epochs.
CREATE TABLE watermark (
    epoch  bigint PRIMARY KEY,
    outbox text   NOT NULL,
    seq    bigint NOT NULL
) WITH (fillfactor = 10);

CREATE INDEX watermark_by_outbox ON watermark (outbox);

CREATE TABLE lease (
    site       text PRIMARY KEY,
    holder     text        NOT NULL,  -- an outbox
    epoch      bigint      NOT NULL,
    taken_at   timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
) WITH (fillfactor = 10);
