-- plans --
-- What was planned, as far as it reaches into [$1, $2), ms UTC. No row is longer than a day.
SELECT agent, began_at, ends_at, activity FROM schedule
WHERE began_at < $2 AND began_at > $1::bigint - 86400001 AND ends_at > $1 ORDER BY agent, began_at;

-- agents_did --
-- What agents ($1) did in [$2, $3), ms UTC; $4 is now. States that are alike for a schedule, and follow on one another,
-- are one row: of some hundred calls a day a few remain. An agent's intervals follow on one another, so the one that
-- runs when $2 comes is the last that began before. Ms are made of what remains: to make them of all takes longest.
WITH span AS (
    SELECT
        i.agent, i.epoch, i.seq, i.started_at AS began, coalesce(i.ended_at, instant($4)) AS ended,
        CASE WHEN i.state IN ('offered', 'connecting', 'talking', 'rejoining', 'wrap-up') THEN 'ready' ELSE i.state END AS state,
        CASE WHEN i.state = 'paused' THEN i.reason ELSE '' END AS reason
    FROM unnest($1::text[]) AS a (agent)
        CROSS JOIN LATERAL (
            (SELECT * FROM agent_interval AS i WHERE i.agent = a.agent AND i.started_at < instant($2)
                ORDER BY i.started_at DESC, i.epoch DESC, i.seq DESC LIMIT 1)
            UNION ALL
            (SELECT * FROM agent_interval AS i
                WHERE i.agent = a.agent AND i.started_at >= instant($2) AND i.started_at < instant($3))
        ) AS i
), turn AS (
    SELECT *, (lag(state) OVER told, lag(reason) OVER told, lag(ended) OVER told)
        IS DISTINCT FROM (state, reason, began) AS other
    FROM span WHERE ended > began AND ended > instant($2)
    WINDOW told AS (PARTITION BY agent ORDER BY began, epoch, seq)
), island AS (
    SELECT agent, state, reason, began, ended,
        count(*) FILTER (WHERE other) OVER (PARTITION BY agent ORDER BY began, epoch, seq) AS n
    FROM turn
)
SELECT agent, ms(min(began)) AS began_at, ms(max(ended)) AS ends_at, state, reason
FROM island GROUP BY agent, n, state, reason ORDER BY agent, n;

-- teams_since --
-- Who was in which team from when on, ms UTC.
SELECT agent, at, team FROM agent_team ORDER BY agent, epoch, seq;
