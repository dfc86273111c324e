-- hold_shipping --
-- Every batch moves a watermark first, so none gets past this until the rebuilding is committed.
LOCK TABLE watermark IN SHARE ROW EXCLUSIVE MODE;

-- empty_projections --
-- DELETE would leave the dead rows to be scanned by what comes.
TRUNCATE queue_rule, site_rule, agent_team, contact, segment, offer, agent_interval, agent_axes, node_away, message, fax, recording, gap, callback, survey, survey_answer;

-- runs_of_facts --
-- In the order in which they happened: an outbox's seq goes on over its epochs, and epochs rise from leader to leader.
SELECT day, epoch, min(seq) AS first, max(seq) AS last, count(*) AS facts FROM fact GROUP BY day, epoch ORDER BY epoch, first;

-- runs_of_days --
-- The same of days in [$1, $2): so each partition is counted alone.
SELECT day, epoch, min(seq) AS first, max(seq) AS last, count(*) AS facts
FROM fact WHERE day >= $1 AND day < $2 GROUP BY day, epoch ORDER BY epoch, first;

-- kinds_of_batch --
-- What is spoken of in a batch: a statement that has nothing to do there is not asked.
SELECT coalesce(array_agg(DISTINCT kind), '{}') FROM batch WHERE epoch = $1 AND seq > $2 AND seq <= $3;

-- columns_written --
-- Of a table of ours, in their order; a generated column can't be written.
SELECT column_name::text AS name FROM information_schema.columns
WHERE table_schema = 'public' AND table_name = $1 AND is_generated = 'NEVER' ORDER BY ordinal_position;

-- agents_told --
-- Of whom the facts before $1, ms UTC, of the days from $2 on say what they wanted and where their phone was.
SELECT agent FROM fact
WHERE day >= $2 AND day <= instant($1)::date AND at < $1 AND kind IN ('IntentChanged', 'PhoneChanged')
GROUP BY agent HAVING count(DISTINCT kind) = 2;

-- agents_remade --
-- What agents' states were that began in [$1, $2): by the facts, where these give each agent the state that is kept at $1,
-- and it is known of what it was made ($3: of whom it was told): who was signed out was so with any phone. Who was not
-- here before $4, from when on facts were read, began with neither.
-- What had not ended when the reading did ends as it is kept, or where the agent's next one begins.
CREATE TEMPORARY TABLE agent_remade ON COMMIT DROP AS
WITH person AS (
    SELECT agent FROM remade_agents.agent_axes UNION SELECT agent FROM public.agent_axes
), at_first AS (
    SELECT
        person.agent, made.state AS made_state, made.reason AS made_reason, kept.state AS kept_state, kept.reason AS kept_reason,
        made.ended_at AS made_ended_at, kept.ended_at AS kept_ended_at, kept.epoch AS kept_epoch, kept.seq AS kept_seq
    FROM person
        LEFT JOIN LATERAL (
            SELECT * FROM remade_agents.agent_interval AS i WHERE i.agent = person.agent AND i.started_at < instant($1)
            ORDER BY i.started_at DESC, i.epoch DESC, i.seq DESC LIMIT 1) AS made ON true
        LEFT JOIN LATERAL (
            SELECT * FROM public.agent_interval AS i WHERE i.agent = person.agent AND i.started_at < instant($1)
            ORDER BY i.started_at DESC, i.epoch DESC, i.seq DESC LIMIT 1) AS kept ON true
)
SELECT
    at_first.agent, at_first.made_state IS NOT DISTINCT FROM at_first.kept_state
        AND at_first.made_reason IS NOT DISTINCT FROM at_first.kept_reason
        AND (at_first.agent = ANY ($3::text[]) OR NOT EXISTS (
            SELECT FROM public.agent_interval AS k WHERE k.agent = at_first.agent AND k.started_at < $4::date)) AS sound,
    at_first.kept_epoch, at_first.kept_seq, at_first.kept_ended_at,
    coalesce(at_first.made_ended_at, at_first.kept_ended_at) AS first_ended_at,
    i.epoch, i.seq, i.state, i.reason, i.started_at, coalesce(
        i.ended_at,
        (SELECT k.ended_at FROM public.agent_interval AS k WHERE (k.agent, k.epoch, k.seq) = (i.agent, i.epoch, i.seq)),
        (SELECT min(k.started_at) FROM public.agent_interval AS k
            WHERE k.agent = i.agent AND k.started_at >= instant($2) AND (k.epoch, k.seq) > (i.epoch, i.seq))
    ) AS ended_at
FROM at_first
    LEFT JOIN remade_agents.agent_interval AS i
        ON i.agent = at_first.agent AND i.started_at >= instant($1) AND i.started_at < instant($2);

-- agents_left --
-- Whose state at the beginning comes out otherwise than it is kept, or of nothing that was told.
SELECT DISTINCT agent FROM agent_remade WHERE NOT sound ORDER BY agent;

-- agents_that_differ --
-- Of all others: whose states are not what is kept.
WITH kept_states AS (
    SELECT * FROM agent_interval
    WHERE started_at >= instant($1) AND started_at < instant($2)
        AND agent IN (SELECT agent FROM agent_remade WHERE sound)
)
SELECT DISTINCT agent FROM (
    SELECT agent FROM agent_remade WHERE sound AND first_ended_at IS DISTINCT FROM kept_ended_at
    UNION ALL
    SELECT agent FROM (
        SELECT agent, epoch, seq, state, reason, started_at, ended_at FROM agent_remade WHERE sound AND seq IS NOT NULL
        EXCEPT ALL
        SELECT agent, epoch, seq, state, reason, started_at, ended_at FROM kept_states
    ) AS made_otherwise
    UNION ALL
    SELECT agent FROM (
        SELECT agent, epoch, seq, state, reason, started_at, ended_at FROM kept_states
        EXCEPT ALL
        SELECT agent, epoch, seq, state, reason, started_at, ended_at FROM agent_remade WHERE sound AND seq IS NOT NULL
    ) AS kept_otherwise
) AS other
ORDER BY agent;

-- end_state_that_was_on --
-- That which was on at the beginning ended when the facts say.
UPDATE agent_interval AS i SET ended_at = r.first_ended_at
FROM (SELECT DISTINCT agent, kept_epoch, kept_seq, first_ended_at FROM agent_remade WHERE sound) AS r
WHERE (i.agent, i.epoch, i.seq) = (r.agent, r.kept_epoch, r.kept_seq) AND r.agent = ANY ($3::text[])
    AND $1::bigint < $2::bigint;

-- drop_states_of_agents --
-- Those of the days, to be taken anew.
DELETE FROM agent_interval
WHERE agent = ANY ($3::text[]) AND started_at >= instant($1) AND started_at < instant($2);

-- take_states_of_agents --
-- As the facts say.
INSERT INTO agent_interval (agent, epoch, seq, state, reason, started_at, ended_at)
SELECT agent, epoch, seq, state, reason, started_at, ended_at FROM agent_remade
WHERE agent = ANY ($3::text[]) AND seq IS NOT NULL AND started_at >= instant($1) AND started_at < instant($2);
