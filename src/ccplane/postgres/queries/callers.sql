-- caller_history --
-- By the index on caller and arrival, so that a number that called ten thousand times costs no more than one that called five.
SELECT
    c.id AS contact, ms(c.arrived_at) AS arrived_at, c.number_dialled, c.queue, c.agent,
    (SELECT s.outcome FROM segment s
     WHERE s.contact = c.id AND s.kind = 'queue' ORDER BY s.segment DESC LIMIT 1) AS outcome,
    coalesce((SELECT sum(s.talk_ms) FROM segment s WHERE s.contact = c.id AND s.kind = 'agent'), 0)::bigint AS talk_ms
FROM contact AS c
WHERE c.caller = $1 AND c.id <> $2
ORDER BY c.arrived_at DESC
LIMIT $3;
