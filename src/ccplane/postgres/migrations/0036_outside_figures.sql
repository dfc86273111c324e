-- Figures that no fact tells: who was to do what and when, what is paid for, how many work here, what it costs, how many
-- seats are open. They are imported (docs/workforce.md), and an import replaces those of its days.

CREATE TABLE schedule (
    agent    text   NOT NULL,
    began_at bigint NOT NULL,            -- [began_at, ends_at), ms UTC
    ends_at  bigint NOT NULL CHECK (ends_at > began_at),
    activity text   NOT NULL,
    PRIMARY KEY (agent, began_at)
);
CREATE INDEX schedule_by_time ON schedule (began_at);

CREATE TABLE paid_time (
    agent   text   NOT NULL,
    day     date   NOT NULL,
    paid_ms bigint NOT NULL CHECK (paid_ms >= 0),
    PRIMARY KEY (agent, day)
);
CREATE INDEX paid_time_by_day ON paid_time (day);

CREATE TABLE headcount (
    month    date   NOT NULL,            -- its first day
    team     text   NOT NULL,            -- '' is the site
    at_start bigint NOT NULL,
    at_end   bigint NOT NULL,
    leavers  bigint NOT NULL,
    PRIMARY KEY (month, team)
);

CREATE TABLE cost (
    first_day date   NOT NULL,
    last_day  date   NOT NULL CHECK (last_day >= first_day),
    team      text   NOT NULL,           -- '' is the site
    cents     bigint NOT NULL,           -- hundredths of the currency's unit
    PRIMARY KEY (first_day, team)
);

CREATE TABLE open_seats (
    began_at bigint PRIMARY KEY,         -- [began_at, ends_at), ms UTC
    ends_at  bigint NOT NULL CHECK (ends_at > began_at),
    seats    bigint NOT NULL
);

-- Who imported what: of which days, and what of it was other than before.
CREATE TABLE figures_import (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL DEFAULT now(),
    by        text   NOT NULL,
    kind      text   NOT NULL,
    first_day date   NOT NULL,
    last_day  date   NOT NULL,
    added     bigint NOT NULL,
    changed   bigint NOT NULL,
    removed   bigint NOT NULL,
    same      bigint NOT NULL
);
