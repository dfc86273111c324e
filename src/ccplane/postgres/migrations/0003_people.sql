-- Who the agents are. The site's files are read once; from then on people live here.

CREATE TABLE agent (
    id         text PRIMARY KEY,
    name       text        NOT NULL,
    skills     jsonb       NOT NULL DEFAULT '{}',
    seat       text        NOT NULL,
    phone      text        NOT NULL,      -- the phone account's user
    sip_secret text        NOT NULL,
    pin_hash   text,
    active     boolean     NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now()
);
