-- stays_behind --
-- The stays that these counters ($5) of one group ($3, $4) count in [$1, $2), as count_stays does: what it sums is here
-- told one by one, in order of entry, from the place ($6, $7) on. What ended otherwise than they say is not looked at: of a
-- month's stays a handful were lost.
SELECT
    ms(s.started_at) AS at, stay.id, s.contact, s.segment, s.queue, c.number_dialled, c.caller, t.agent,
    s.outcome, counts.told::text AS counts
FROM segment AS s
    LEFT JOIN contact AS c ON c.id = s.contact
    LEFT JOIN segment AS t ON t.contact = s.contact AND t.segment = s.segment + 1 AND t.kind = 'agent'
    CROSS JOIN LATERAL (
        SELECT
            s.contact || '/' || s.segment AS id, coalesce(s.within_ms, 20000) AS within_ms,
            s.outcome = 'answered' AND $5::text[] && ARRAY['answered_delayed', 'delayed_wait_ms'] AND NOT EXISTS (
                SELECT FROM offer AS o
                WHERE o.contact = s.contact AND o.segment = s.segment AND o.made_at <= s.started_at) AS delayed
    ) AS stay
    CROSS JOIN LATERAL (
        SELECT jsonb_object_agg(name, n) AS told
        FROM (VALUES
            ('entered', 1::bigint),
            ('answered', (s.outcome = 'answered')::int),
            ('answered_within', (s.outcome = 'answered' AND s.waited_ms <= stay.within_ms)::int),
            ('abandoned', (s.outcome = 'abandoned')::int),
            ('abandoned_short', (s.outcome = 'abandoned' AND s.waited_ms <= 5000)::int),
            ('abandoned_within', (s.outcome = 'abandoned' AND s.waited_ms <= stay.within_ms)::int),
            ('no_agents', (s.outcome = 'no-agents')::int),
            ('timed_out', (s.outcome = 'timed-out')::int),
            ('overflowed', (s.outcome = 'overflowed')::int),
            ('closed', (s.outcome = 'closed')::int),
            ('moved', (s.outcome = 'moved')::int),
            ('left_by_key', (s.outcome = 'left-by-key')::int),
            ('callback', (s.outcome = 'callback')::int),
            ('lost', (s.outcome = 'lost')::int),
            ('answered_wait_ms', CASE WHEN s.outcome = 'answered' THEN s.waited_ms END),
            ('answered_contact_wait_ms', CASE WHEN s.outcome = 'answered' THEN coalesce(s.contact_waited_ms, s.waited_ms) END),
            ('handled', (t.talk_ms > 0)::int),
            ('talk_ms', t.talk_ms),
            ('wrap_up_ms', t.wrap_up_ms),
            ('answered_delayed', stay.delayed::int),
            ('delayed_wait_ms', CASE WHEN stay.delayed THEN s.waited_ms END),
            ('abandoned_wait_ms', CASE WHEN s.outcome = 'abandoned' THEN s.waited_ms END)
        ) AS counter (name, n)
        WHERE name = ANY ($5::text[]) AND n <> 0
    ) AS counts
WHERE s.kind = 'queue' AND s.started_at >= greatest(instant($1), instant($6::bigint)) AND s.started_at < instant($2) AND counts.told IS NOT NULL
    AND ($5::text[] && ARRAY['entered', 'handled', 'talk_ms', 'wrap_up_ms'] OR s.outcome = ANY (ARRAY(
        SELECT CASE
            WHEN counter LIKE 'answered%' OR counter = 'delayed_wait_ms' THEN 'answered'
            WHEN counter LIKE 'abandoned%' THEN 'abandoned'
            ELSE replace(counter, '_', '-') END
        FROM unnest($5::text[]) AS counter)))
    AND CASE $3::text
        WHEN 'site' THEN true
        WHEN 'queue' THEN s.queue = $4
        WHEN 'skill' THEN $4 = ANY (s.skills)
        WHEN 'number' THEN c.number_dialled = $4
        WHEN 'agent' THEN t.agent = $4
        WHEN 'team' THEN t.agent IS NOT NULL AND coalesce(t.team, '') = $4
    END
    AND ($6::bigint IS NULL OR (s.started_at, stay.id) > (instant($6), $7::text))
ORDER BY s.started_at, stay.id
LIMIT $8;

-- offers_behind --
-- The offers of those stays, as count_offers counts them: at the entry of their stay.
SELECT
    ms(s.started_at) AS at, o.id, s.contact, s.segment, s.queue, c.number_dialled, c.caller, o.agent,
    coalesce(o.cause, o.state) AS outcome, counts.told::text AS counts
FROM segment AS s
    JOIN offer AS o ON o.contact = s.contact AND o.segment = s.segment
    LEFT JOIN contact AS c ON c.id = s.contact
    CROSS JOIN LATERAL (
        SELECT jsonb_object_agg(name, n) AS told
        FROM (VALUES
            ('rang', ((NOT o.auto_answer AND o.counted) IS TRUE)::int::bigint),
            ('rang_in_time', ((NOT o.auto_answer AND o.counted AND o.in_time) IS TRUE)::int),
            ('auto_answered', ((o.auto_answer AND o.answered_at IS NOT NULL) IS TRUE)::int),
            ('missed_no_answer', (NOT o.auto_answer AND o.state = 'missed' AND o.cause = 'no-answer')::int),
            ('missed_rejected', (NOT o.auto_answer AND o.state = 'missed' AND o.cause = 'rejected')::int),
            ('missed_busy', (NOT o.auto_answer AND o.state = 'missed' AND o.cause = 'busy')::int),
            ('missed_unreachable', (NOT o.auto_answer AND o.state = 'missed' AND o.cause = 'unreachable')::int),
            ('answered_ring_ms', CASE WHEN NOT o.auto_answer AND o.answered_at IS NOT NULL THEN o.ring_ms END)
        ) AS counter (name, n)
        WHERE name = ANY ($5::text[]) AND n <> 0
    ) AS counts
WHERE s.kind = 'queue' AND s.started_at >= greatest(instant($1), instant($6::bigint)) AND s.started_at < instant($2) AND counts.told IS NOT NULL
    AND CASE $3::text
        WHEN 'site' THEN true
        WHEN 'queue' THEN s.queue = $4
        WHEN 'skill' THEN $4 = ANY (s.skills)
        WHEN 'number' THEN c.number_dialled = $4
        WHEN 'agent' THEN o.agent = $4
        WHEN 'team' THEN coalesce(o.team, '') = $4
    END
    AND ($6::bigint IS NULL OR (s.started_at, o.id) > (instant($6), $7::text))
ORDER BY s.started_at, o.id
LIMIT $8;

-- callbacks_behind --
-- Callbacks where they were asked for, as count_callbacks counts them.
SELECT
    ms(k.asked_at) AS at, k.id, coalesce(k.contact, k.asked_in) AS contact, NULL::int AS segment, k.queue,
    NULL::text AS number_dialled, k.number AS caller, k.agent, k.state AS outcome, counts.told::text AS counts
FROM callback AS k
    CROSS JOIN LATERAL (
        SELECT jsonb_object_agg(name, n) AS told
        FROM (VALUES
            ('callbacks', 1::bigint),
            ('callbacks_tried', k.dialled),
            ('callbacks_reached', (k.reached_at IS NOT NULL)::int),
            ('callbacks_served', (k.state = 'done')::int),
            ('callbacks_expired', (k.state = 'expired')::int),
            ('callbacks_cancelled', (k.state = 'cancelled')::int),
            ('callbacks_given_up', (k.state IN ('tries-used', 'barred'))::int),
            ('callbacks_wait_ms', CASE WHEN k.reached_at IS NOT NULL THEN k.waited_ms END)
        ) AS counter (name, n)
        WHERE name = ANY ($5::text[]) AND n <> 0
    ) AS counts
WHERE k.promised AND k.asked_at >= greatest(instant($1), instant($6::bigint)) AND k.asked_at < instant($2) AND counts.told IS NOT NULL
    AND CASE $3::text WHEN 'site' THEN true WHEN 'queue' THEN k.queue = $4 ELSE false END
    AND ($6::bigint IS NULL OR (k.asked_at, k.id) > (instant($6), $7::text))
ORDER BY k.asked_at, k.id
LIMIT $8;

-- surveys_behind --
-- Surveys where they were asked, as count_surveyed counts them.
SELECT
    ms(s.asked_at) AS at, s.contact AS id, s.contact, NULL::int AS segment, s.queue, c.number_dialled, c.caller, s.agent,
    CASE WHEN given.answers > 0 THEN 'rated' ELSE 'asked' END AS outcome, counts.told::text AS counts
FROM survey AS s
    LEFT JOIN contact AS c ON c.id = s.contact
    LEFT JOIN LATERAL (
        SELECT t.team FROM segment AS t WHERE t.contact = s.contact AND t.kind = 'agent' AND t.agent = s.agent
        ORDER BY t.segment DESC LIMIT 1) AS talk ON true
    CROSS JOIN LATERAL (
        SELECT
            count(*) AS answers,
            count(*) FILTER (WHERE kind = 'satisfaction') AS satisfaction_rated,
            count(*) FILTER (WHERE kind = 'satisfaction' AND value >= 4) AS satisfaction_top,
            count(*) FILTER (WHERE kind = 'nps') AS nps_rated,
            count(*) FILTER (WHERE kind = 'nps' AND value >= 9) AS nps_promoters,
            count(*) FILTER (WHERE kind = 'nps' AND value <= 6) AS nps_detractors
        FROM survey_answer WHERE contact = s.contact) AS given
    CROSS JOIN LATERAL (
        SELECT jsonb_object_agg(name, n) AS told
        FROM (VALUES
            ('surveys_asked', 1::bigint),
            ('surveys_rated', (given.answers > 0)::int),
            ('satisfaction_rated', given.satisfaction_rated),
            ('satisfaction_top', given.satisfaction_top),
            ('nps_rated', given.nps_rated),
            ('nps_promoters', given.nps_promoters),
            ('nps_detractors', given.nps_detractors)
        ) AS counter (name, n)
        WHERE name = ANY ($5::text[]) AND n <> 0
    ) AS counts
WHERE s.queue IS NOT NULL AND s.asked_at >= greatest(instant($1), instant($6::bigint)) AND s.asked_at < instant($2) AND counts.told IS NOT NULL
    AND CASE $3::text
        WHEN 'site' THEN true
        WHEN 'queue' THEN s.queue = $4
        WHEN 'agent' THEN s.agent = $4
        WHEN 'team' THEN s.agent IS NOT NULL AND coalesce(talk.team, '') = $4
        ELSE false
    END
    AND ($6::bigint IS NULL OR (s.asked_at, s.contact) > (instant($6), $7::text))
ORDER BY s.asked_at, s.contact
LIMIT $8;

-- contacts_behind --
-- Contacts from outside where they arrived, as count_contacts counts them.
SELECT
    ms(c.arrived_at) AS at, c.id, c.id AS contact, NULL::int AS segment, c.queue, c.number_dialled, c.caller, c.agent,
    c.state AS outcome, counts.told::text AS counts
FROM contact AS c
    LEFT JOIN LATERAL (
        SELECT true AS queued, bool_or(s.outcome IS NOT DISTINCT FROM 'answered') AS answered,
            bool_or(s.outcome IS NOT DISTINCT FROM 'abandoned') AS abandoned
        FROM segment AS s WHERE s.contact = c.id AND s.kind = 'queue' HAVING count(*) > 0) AS stays ON true
    CROSS JOIN LATERAL (
        SELECT jsonb_object_agg(name, n) AS told
        FROM (VALUES
            ('contacts_arrived', 1::bigint),
            ('contacts_queued', stays.queued::int),
            ('contacts_answered', stays.answered::int),
            ('contacts_abandoned', (stays.abandoned AND NOT stays.answered)::int),
            ('contacts_self_served', c.self_served::int)
        ) AS counter (name, n)
        WHERE name = ANY ($5::text[]) AND n <> 0
    ) AS counts
WHERE c.direction = 'inbound' AND c.arrived_at >= greatest(instant($1), instant($6::bigint)) AND c.arrived_at < instant($2) AND counts.told IS NOT NULL
    AND CASE $3::text WHEN 'site' THEN true WHEN 'number' THEN c.number_dialled = $4 ELSE false END
    AND ($6::bigint IS NULL OR (c.arrived_at, c.id) > (instant($6), $7::text))
ORDER BY c.arrived_at, c.id
LIMIT $8;

-- times_behind --
-- Agents' states in [$1, $2), as far as $9 (as far as has been counted), cut at its edges and where they changed team, as
-- count_times cuts them at quarters.
WITH span AS (
    SELECT
        i.agent, i.state, i.reason, ms(i.started_at) AS began, coalesce(ms(i.ended_at), $9::bigint) AS ended,
        i.epoch, i.seq,
        i.state = 'offered' AND (
            SELECT n.state FROM agent_interval AS n
            WHERE n.agent = i.agent AND (n.started_at, n.epoch, n.seq) > (i.started_at, i.epoch, i.seq)
            ORDER BY n.started_at, n.epoch, n.seq LIMIT 1) IN ('connecting', 'talking') AS taken
    FROM agent_axes AS a
        CROSS JOIN LATERAL (
            (SELECT * FROM agent_interval AS i WHERE i.agent = a.agent AND i.started_at < instant($1)
                ORDER BY i.started_at DESC, i.epoch DESC, i.seq DESC LIMIT 1)
            UNION ALL
            (SELECT * FROM agent_interval AS i
                WHERE i.agent = a.agent AND i.started_at >= instant($1) AND i.started_at < instant($2))
        ) AS i
    WHERE i.state <> 'offline'
), member AS (
    SELECT agent, team, at AS since, lead(at, 1, 9e15::bigint) OVER (PARTITION BY agent ORDER BY epoch, seq) AS until
    FROM agent_team
    UNION ALL
    SELECT a.agent, '', 0, coalesce(min(t.at), 9e15::bigint)
    FROM agent_axes AS a LEFT JOIN agent_team AS t ON t.agent = a.agent GROUP BY a.agent
), piece AS (
    SELECT
        span.agent, member.team, state, reason, taken, greatest(began, $1, since) AS at,
        least(ended, $2, until, $9) - greatest(began, $1, since) AS took, span.epoch, span.seq
    FROM span JOIN member ON member.agent = span.agent AND since < coalesce(ended, $9) AND until > began
)
SELECT
    at, piece.agent || '/' || epoch || '/' || seq || '/' || at AS id, NULL::text AS contact, NULL::int AS segment,
    NULL::text AS queue, NULL::text AS number_dialled, NULL::text AS caller, piece.agent,
    concat_ws(': ', state, nullif(reason, '')) AS outcome, counts.told::text AS counts
FROM piece CROSS JOIN LATERAL (
        SELECT jsonb_object_agg(name, took) AS told
        FROM (VALUES
            ('time_ready_ms', state = 'ready'),
            ('time_ringing_ms', state = 'offered'),
            ('time_ringing_answered_ms', taken),
            ('time_connecting_ms', state = 'connecting'),
            ('time_talking_ms', state IN ('talking', 'rejoining')),
            ('time_wrap_up_ms', state = 'wrap-up'),
            ('time_own_call_ms', state = 'own-call'),
            ('time_unreachable_ms', state = 'unreachable'),
            ('time_paused_ms', state = 'paused')
        ) AS counter (name, counted)
        WHERE name = ANY ($5::text[]) AND counted
    ) AS counts
WHERE took > 0 AND counts.told IS NOT NULL
    AND CASE $3::text WHEN 'site' THEN true WHEN 'agent' THEN piece.agent = $4 WHEN 'team' THEN team = $4 ELSE false END
    AND ($6::bigint IS NULL OR (at, piece.agent || '/' || epoch || '/' || seq || '/' || at) > ($6, $7::text))
ORDER BY at, id
LIMIT $8;
