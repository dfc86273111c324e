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
