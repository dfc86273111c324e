-- apply_queue_rules --
-- What the site's rules say of each queue, where it is another thing than before; a queue that they do not name any more
-- has the default threshold from there on. Where a batch loads rules twice, all that both say is kept.
WITH loaded AS (
    SELECT epoch, seq, body #> '{rules,queues}' AS queues, count(*) OVER () AS times
    FROM batch WHERE epoch = $1 AND seq > $2 AND seq <= $3 AND kind = 'RulesLoaded'
), said AS (
    SELECT epoch, seq, times, queue, (rule ->> 'within_ms')::bigint AS within_ms,
        array(SELECT jsonb_object_keys(coalesce(rule #> '{steps,0,skills}', '{}')) ORDER BY 1) AS skills, true AS known
    FROM loaded CROSS JOIN LATERAL jsonb_each(queues) AS each (queue, rule)
    UNION ALL
    SELECT epoch, seq, times, gone.queue, 20000, '{}', false
    FROM loaded CROSS JOIN LATERAL (SELECT DISTINCT queue FROM queue_rule WHERE NOT loaded.queues ? queue) AS gone
)
INSERT INTO queue_rule (queue, epoch, seq, within_ms, skills, known)
SELECT said.queue, said.epoch, said.seq, said.within_ms, said.skills, said.known
FROM said LEFT JOIN LATERAL (
    SELECT within_ms, skills, known FROM queue_rule AS r
    WHERE r.queue = said.queue AND (r.epoch, r.seq) < (said.epoch, said.seq) ORDER BY r.epoch DESC, r.seq DESC LIMIT 1) AS before ON true
WHERE said.times > 1 OR (before.within_ms, before.skills, before.known) IS DISTINCT FROM (said.within_ms, said.skills, said.known)
ON CONFLICT (queue, epoch, seq) DO NOTHING;

-- apply_site_rules --
-- The same of the site's clock and of how long its phones ring; few rows, so each loading is kept.
INSERT INTO site_rule (epoch, seq, at, timezone, ring_cycle_ms)
SELECT epoch, seq, at, body #>> '{rules,timezone}', (body #>> '{rules,ring_cycle_ms}')::bigint
FROM batch WHERE epoch = $1 AND seq > $2 AND seq <= $3 AND kind = 'RulesLoaded'
ON CONFLICT (epoch, seq) DO NOTHING;
