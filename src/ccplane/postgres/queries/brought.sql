-- count_by_number --
-- Which calls a number brought. A contact counts where and when it arrived, once, whatever queues it went through: answered
-- if anybody ever answered it, abandoned if nobody did and it was left while waiting. The index by arrival bounds it.
WITH counted AS (
    SELECT
        c.number_dialled, coalesce(c.attribution, '') AS attribution, count(*) AS arrived,
        count(*) FILTER (WHERE stays.queued) AS queued,
        count(*) FILTER (WHERE stays.answered) AS answered,
        count(*) FILTER (WHERE stays.abandoned AND NOT stays.answered) AS abandoned,
        count(*) FILTER (WHERE c.self_served) AS self_served
    FROM contact AS c
        LEFT JOIN LATERAL (
            SELECT true AS queued, bool_or(s.outcome IS NOT DISTINCT FROM 'answered') AS answered,
                bool_or(s.outcome IS NOT DISTINCT FROM 'abandoned') AS abandoned
            FROM segment AS s WHERE s.contact = c.id AND s.kind = 'queue' HAVING count(*) > 0
        ) AS stays ON true
    WHERE c.direction = 'inbound' AND c.arrived_at >= instant($1) AND c.arrived_at < instant($2)
    GROUP BY 1, 2
)
SELECT number_dialled, attribution, arrived, queued, answered, abandoned, self_served
FROM counted ORDER BY arrived DESC, number_dialled, attribution LIMIT $3;

-- count_by_attribution --
-- The same, summed over the numbers that stand for the same advertisement; '' is those of none.
SELECT
    coalesce(c.attribution, '') AS attribution, count(*) AS arrived,
    count(*) FILTER (WHERE stays.queued) AS queued,
    count(*) FILTER (WHERE stays.answered) AS answered,
    count(*) FILTER (WHERE stays.abandoned AND NOT stays.answered) AS abandoned,
    count(*) FILTER (WHERE c.self_served) AS self_served
FROM contact AS c
    LEFT JOIN LATERAL (
        SELECT true AS queued, bool_or(s.outcome IS NOT DISTINCT FROM 'answered') AS answered,
            bool_or(s.outcome IS NOT DISTINCT FROM 'abandoned') AS abandoned
        FROM segment AS s WHERE s.contact = c.id AND s.kind = 'queue' HAVING count(*) > 0
    ) AS stays ON true
WHERE c.direction = 'inbound' AND c.arrived_at >= instant($1) AND c.arrived_at < instant($2)
GROUP BY 1
ORDER BY arrived DESC, attribution LIMIT $3;

-- count_arrivals --
-- How many called each number in each of many stretches of time; the index by arrival bounds each.
SELECT slot.n, coalesce(c.number_dialled, '?') AS number_dialled, count(*) AS arrived
FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS slot (began, ended, n)
    JOIN contact AS c ON c.arrived_at >= instant(slot.began) AND c.arrived_at < instant(slot.ended)
WHERE c.direction = 'inbound'
GROUP BY 1, 2;
