-- Figures of the past: counters in intervals of 15 minutes, hours and days, kept from the rows that follow from the
-- facts. Their columns are the counters of kpi/counters.py, kpi/brought.py (contacts_*) and kpi/times.py (time_*).

-- What held when: a stay's threshold and skills are those of the rules that were loaded before its fact.
CREATE TABLE queue_rule (
    queue     text    NOT NULL,
    epoch     bigint  NOT NULL,
    seq       bigint  NOT NULL,
    within_ms bigint  NOT NULL,
    skills    text[]  NOT NULL,
    known     boolean NOT NULL,             -- false: the site has it no longer
    PRIMARY KEY (queue, epoch, seq)
);

CREATE TABLE site_rule (
    epoch         bigint NOT NULL,
    seq           bigint NOT NULL,
    at            bigint NOT NULL,
    timezone      text   NOT NULL,
    ring_cycle_ms bigint NOT NULL,
    PRIMARY KEY (epoch, seq)
);

ALTER TABLE segment
    ADD COLUMN within_ms bigint,            -- of a stay in a queue: its threshold when it ended
    ADD COLUMN skills    text[],            -- what the queue's first step asked for when it was entered
    ADD COLUMN team      text;              -- of a talk: the agent's, when it began

ALTER TABLE offer
    ADD COLUMN auto_answer boolean,
    ADD COLUMN counted     boolean,         -- in "answered within three rings": it rang
    ADD COLUMN in_time     boolean,         -- and was answered within them
    ADD COLUMN team        text;            -- the agent's, when it was made

ALTER TABLE callback
    ADD COLUMN promised boolean NOT NULL DEFAULT false,
    ADD COLUMN dialled  integer NOT NULL DEFAULT 0;   -- how often the customer was called

CREATE INDEX segment_stays ON segment (started_at) WHERE kind = 'queue';

-- Quarters of an hour whose rows have changed, one or several in a row: [began_at, ends_at), ms UTC. What changes twice
-- stands here twice: who adds to it never waits for who counts.
CREATE TABLE quarter_changed (began_at bigint NOT NULL, ends_at bigint NOT NULL);
CREATE INDEX quarter_changed_by_time ON quarter_changed (began_at);

-- Until when (ms UTC) agents' times have been counted.
CREATE TABLE quarters_counted (
    one   boolean PRIMARY KEY DEFAULT true CHECK (one),
    until bigint NOT NULL
);

CREATE TABLE slice (
    grain                   text   NOT NULL CHECK (grain IN ('quarter', 'hour', 'day')),
    began_at                bigint NOT NULL,
    by                      text   NOT NULL CHECK (by IN ('site', 'queue', 'skill', 'number', 'team', 'agent')),
    name                    text   NOT NULL,
    ends_at                 bigint NOT NULL,
    entered                 bigint NOT NULL DEFAULT 0,
    answered                bigint NOT NULL DEFAULT 0,
    answered_within         bigint NOT NULL DEFAULT 0,
    abandoned               bigint NOT NULL DEFAULT 0,
    abandoned_short         bigint NOT NULL DEFAULT 0,
    abandoned_within        bigint NOT NULL DEFAULT 0,
    no_agents               bigint NOT NULL DEFAULT 0,
    timed_out               bigint NOT NULL DEFAULT 0,
    overflowed              bigint NOT NULL DEFAULT 0,
    closed                  bigint NOT NULL DEFAULT 0,
    moved                   bigint NOT NULL DEFAULT 0,
    left_by_key             bigint NOT NULL DEFAULT 0,
    callback                bigint NOT NULL DEFAULT 0,
    lost                    bigint NOT NULL DEFAULT 0,
    answered_wait_ms        bigint NOT NULL DEFAULT 0,
    answered_contact_wait_ms bigint NOT NULL DEFAULT 0,
    rang                    bigint NOT NULL DEFAULT 0,
    rang_in_time            bigint NOT NULL DEFAULT 0,
    auto_answered           bigint NOT NULL DEFAULT 0,
    handled                 bigint NOT NULL DEFAULT 0,
    talk_ms                 bigint NOT NULL DEFAULT 0,
    wrap_up_ms              bigint NOT NULL DEFAULT 0,
    callbacks               bigint NOT NULL DEFAULT 0,
    callbacks_tried         bigint NOT NULL DEFAULT 0,
    callbacks_reached       bigint NOT NULL DEFAULT 0,
    callbacks_served        bigint NOT NULL DEFAULT 0,
    callbacks_expired       bigint NOT NULL DEFAULT 0,
    callbacks_cancelled     bigint NOT NULL DEFAULT 0,
    callbacks_given_up      bigint NOT NULL DEFAULT 0,
    callbacks_wait_ms       bigint NOT NULL DEFAULT 0,
    surveys_asked           bigint NOT NULL DEFAULT 0,
    surveys_rated           bigint NOT NULL DEFAULT 0,
    satisfaction_rated      bigint NOT NULL DEFAULT 0,
    satisfaction_top        bigint NOT NULL DEFAULT 0,
    nps_rated               bigint NOT NULL DEFAULT 0,
    nps_promoters           bigint NOT NULL DEFAULT 0,
    nps_detractors          bigint NOT NULL DEFAULT 0,
    contacts_arrived        bigint NOT NULL DEFAULT 0,
    contacts_queued         bigint NOT NULL DEFAULT 0,
    contacts_answered       bigint NOT NULL DEFAULT 0,
    contacts_abandoned      bigint NOT NULL DEFAULT 0,
    contacts_self_served    bigint NOT NULL DEFAULT 0,
    time_ready_ms           bigint NOT NULL DEFAULT 0,
    time_ringing_ms         bigint NOT NULL DEFAULT 0,
    time_ringing_answered_ms bigint NOT NULL DEFAULT 0,
    time_connecting_ms      bigint NOT NULL DEFAULT 0,
    time_talking_ms         bigint NOT NULL DEFAULT 0,
    time_wrap_up_ms         bigint NOT NULL DEFAULT 0,
    time_own_call_ms        bigint NOT NULL DEFAULT 0,
    time_unreachable_ms     bigint NOT NULL DEFAULT 0,
    time_paused_ms          bigint NOT NULL DEFAULT 0,
    time_paused_by          jsonb  NOT NULL DEFAULT '{}',
    provisional             boolean NOT NULL DEFAULT false,
    corrected_at            bigint,             -- when late facts changed it after it had settled
    PRIMARY KEY (grain, by, name, began_at)
) WITH (fillfactor = 80);

CREATE INDEX slice_by_time ON slice (grain, began_at);

-- Two sums by key.
CREATE FUNCTION summed(one jsonb, other jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
        SELECT CASE WHEN one = '{}' THEN other WHEN other = '{}' THEN one ELSE (
            SELECT coalesce(jsonb_object_agg(key, total), '{}')
            FROM (
                SELECT key, sum(value::bigint) AS total
                FROM (SELECT * FROM jsonb_each_text(one) UNION ALL SELECT * FROM jsonb_each_text(other)) AS each
                GROUP BY key) AS sums)
        END
    $$;

CREATE AGGREGATE sum_by_key(jsonb) (SFUNC = summed, STYPE = jsonb, INITCOND = '{}');

-- What has just been counted, before it is compared with what is kept.
CREATE TABLE slice_fresh (LIKE slice INCLUDING DEFAULTS INCLUDING INDEXES);
ALTER TABLE slice_fresh SET UNLOGGED;

-- All that is kept already is counted with the next round; its thresholds were not kept, and are taken to be 20 s.
INSERT INTO quarter_changed (began_at, ends_at)
SELECT at, at + 900000 FROM (
    SELECT ms(started_at) / 900000 * 900000 AS at FROM segment WHERE kind = 'queue' AND started_at IS NOT NULL
    UNION
    SELECT ms(arrived_at) / 900000 * 900000 FROM contact) AS quarter;
