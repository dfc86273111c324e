-- The seats that are shared, or not as an agent's own seat is by default. Read from the site's files once, as people are.

CREATE TABLE seat (
    id          text PRIMARY KEY,
    shared      boolean     NOT NULL,
    auto_answer boolean     NOT NULL,
    sip_secret  text        NOT NULL,     -- of the phones of a seat that is nobody's own; theirs are their agent's
    active      boolean     NOT NULL DEFAULT true,
    created_at  timestamptz NOT NULL DEFAULT now()
);
