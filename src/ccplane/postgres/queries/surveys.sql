-- count_surveys --
-- Counters alone, of surveys asked in [$1, $2), by what $6 says: queue, agent, or one row of all. Rated is who gave one
-- answer or more, partly who gave not all; the rates are made of these. The index by time bounds it.
SELECT
    CASE $6 WHEN 'queue' THEN s.queue WHEN 'agent' THEN s.agent END AS name,
    count(*) AS asked,
    count(*) FILTER (WHERE a.answered > 0) AS rated,
    count(*) FILTER (WHERE a.answered > 0 AND a.answered < s.questions) AS partly,
    coalesce(sum(a.satisfaction_rated), 0)::bigint AS satisfaction_rated,
    coalesce(sum(a.satisfaction_top), 0)::bigint AS satisfaction_top,
    coalesce(sum(a.nps_rated), 0)::bigint AS nps_rated,
    coalesce(sum(a.nps_promoters), 0)::bigint AS nps_promoters,
    coalesce(sum(a.nps_detractors), 0)::bigint AS nps_detractors
FROM survey AS s
    CROSS JOIN LATERAL (
        SELECT
            count(*) AS answered,
            count(*) FILTER (WHERE kind = 'satisfaction') AS satisfaction_rated,
            count(*) FILTER (WHERE kind = 'satisfaction' AND value >= 4) AS satisfaction_top,
            count(*) FILTER (WHERE kind = 'nps') AS nps_rated,
            count(*) FILTER (WHERE kind = 'nps' AND value >= 9) AS nps_promoters,
            count(*) FILTER (WHERE kind = 'nps' AND value <= 6) AS nps_detractors
        FROM survey_answer WHERE contact = s.contact
    ) AS a
WHERE s.asked_at >= instant($1) AND s.asked_at < instant($2)
    AND ($3::text IS NULL OR s.queue = $3) AND ($4::text IS NULL OR s.agent = $4) AND ($5::text IS NULL OR s.survey = $5)
GROUP BY 1 ORDER BY asked DESC, name LIMIT $7;
