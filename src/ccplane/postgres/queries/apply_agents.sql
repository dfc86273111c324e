-- apply_agents --
-- The three axes of every agent, carried on from agent_axes over the batch; the shown word is derived from them as in
-- agents/agent.py (AT_REST, WORK), and every change of it ends one interval and begins another. Who is no longer among
-- the people loaded has none; if they are with a contact, or in a call of their own, they are offline after it. While
-- any node is away (node_away), nobody is reached, and of what goes on there nobody knows (agents/agent.py, cut_off); a
-- plane that begins is told anew which one is.
-- Intervals of no length are kept: whether two facts of the same millisecond come in one batch or in two must make no
-- difference. The interval that was open is ended by an upsert, and the axes are looked up one by one: so both are
-- found by key whatever the planner thinks of the tables' size.
WITH said AS (
    SELECT
        seq, at, agent,
        CASE WHEN kind = 'IntentChanged' THEN body ->> 'intent' END AS intent,
        CASE WHEN kind = 'IntentChanged' THEN body ->> 'reason' END AS reason,
        CASE kind
            WHEN 'OfferMade' THEN 'offered'
            WHEN 'OfferAnswered' THEN 'connecting'
            WHEN 'TalkStarted' THEN 'talking'
            WHEN 'PhoneRejoined' THEN 'talking'
            WHEN 'PhoneLost' THEN 'rejoining'
            WHEN 'TalkEnded' THEN 'wrap-up'
            WHEN 'OwnCallStarted' THEN 'own-call'
            WHEN 'OfferMissed' THEN 'idle'
            WHEN 'OfferWithdrawn' THEN 'idle'
            WHEN 'ConnectFailed' THEN 'idle'
            WHEN 'WrapUpDone' THEN 'idle'
            WHEN 'OwnCallEnded' THEN 'idle'
        END AS work,
        CASE WHEN kind = 'PhoneChanged' THEN body ->> 'phone' END AS phone,
        NULL::boolean AS listed
    FROM batch
    WHERE epoch = $1 AND seq > $2 AND seq <= $3
        AND kind IN (
            'IntentChanged', 'PhoneChanged', 'OfferMade', 'OfferAnswered', 'OfferMissed', 'OfferWithdrawn', 'ConnectFailed',
            'TalkStarted', 'TalkEnded', 'WrapUpDone', 'PhoneLost', 'PhoneRejoined', 'OwnCallStarted', 'OwnCallEnded')
), list AS (
    SELECT seq, at, array(SELECT each ->> 'id' FROM jsonb_array_elements(body -> 'agents') AS each) AS agents
    FROM batch
    WHERE epoch = $1 AND seq > $2 AND seq <= $3 AND kind = 'PeopleLoaded'
), of_nodes AS (
    SELECT seq, at, kind, body ->> 'node' AS node
    FROM batch
    WHERE epoch = $1 AND seq > $2 AND seq <= $3 AND kind IN ('SwitchAway', 'SwitchFound', 'PlaneStarted')
), node_said AS (
    SELECT seq, at, node, kind = 'SwitchAway' AS away FROM of_nodes WHERE kind <> 'PlaneStarted'
    UNION ALL
    SELECT seq, at, known.node, false
    FROM of_nodes CROSS JOIN (
        SELECT node FROM node_away UNION SELECT node FROM of_nodes WHERE kind <> 'PlaneStarted') AS known
    WHERE kind = 'PlaneStarted'
), turned AS (
    SELECT seq, at, away::integer - coalesce(lag(away) OVER (PARTITION BY node ORDER BY seq), false)::integer AS more
    FROM (SELECT * FROM node_said UNION ALL SELECT -1, 0, node, away FROM node_away) AS node_step
), cut AS (
    SELECT seq, at, CASE WHEN sum(more) OVER (ORDER BY seq) > 0 THEN 'yes' ELSE 'no' END AS cut_off FROM turned
), of_all AS (
    SELECT seq, at, agents, NULL AS cut_off FROM list
    UNION ALL
    SELECT seq, at, NULL, cut_off FROM cut WHERE seq >= 0
), heard AS (
    SELECT *, NULL AS cut_off FROM said
    UNION ALL
    SELECT of_all.seq, of_all.at, person.agent, NULL, NULL, NULL, NULL, person.agent = ANY (of_all.agents), of_all.cut_off
    FROM of_all CROSS JOIN (
        SELECT agent FROM said UNION SELECT agent FROM agent_axes UNION SELECT unnest(agents) FROM list) AS person
), known AS (
    SELECT axes.*
    FROM (SELECT DISTINCT agent FROM heard) AS person
        CROSS JOIN LATERAL (SELECT * FROM agent_axes WHERE agent_axes.agent = person.agent LIMIT 1) AS axes
), step AS (
    SELECT * FROM heard
    UNION ALL
    SELECT -1, 0, agent, intent, reason, work, phone, shown IS NOT NULL, NULL FROM known
), worked AS (
    SELECT *, coalesce(last_known(work) OVER (PARTITION BY agent ORDER BY seq), 'idle') AS work_by_then FROM step
), gone AS (
    SELECT *, listed IS FALSE AND work_by_then = 'idle' AS gone FROM worked
), axes AS (
    SELECT
        agent, seq, at,
        coalesce(last_known(CASE WHEN listed IS FALSE THEN 'offline' ELSE intent END) OVER w, 'offline') AS intent,
        coalesce(last_known(CASE WHEN gone THEN '' ELSE reason END) OVER w, '') AS reason,
        coalesce(last_known(CASE WHEN gone THEN 'idle' ELSE work END) OVER w, 'idle') AS work,
        coalesce(last_known(CASE WHEN gone THEN 'gone' ELSE phone END) OVER w, 'gone') AS phone,
        last_known(CASE WHEN gone THEN 'no' WHEN listed OR listed IS NULL AND cut_off IS NULL THEN 'yes' END) OVER w AS present,
        coalesce(last_known(cut_off) OVER w, (SELECT CASE WHEN bool_or(away) THEN 'yes' END FROM node_away)) AS cut_off
    FROM gone
    WINDOW w AS (PARTITION BY agent ORDER BY seq)
), worded AS (
    SELECT
        agent, seq, at, intent, reason, work, phone,
        CASE
            WHEN present IS DISTINCT FROM 'yes' THEN NULL
            WHEN cut_off = 'yes' AND work NOT IN ('idle', 'wrap-up') THEN 'unreachable'
            WHEN work <> 'idle' THEN work
            WHEN intent <> 'ready' THEN intent
            WHEN cut_off = 'yes' THEN 'unreachable'
            WHEN phone = 'reachable' THEN 'ready'
            WHEN phone = 'in-use' THEN 'own-call'
            ELSE 'unreachable'
        END AS shown,
        CASE WHEN present IS DISTINCT FROM 'yes' OR work <> 'idle' OR intent = 'ready' THEN '' ELSE reason END AS shown_reason
    FROM axes
), compared AS (
    SELECT *, lag(shown) OVER w AS shown_before, lag(shown_reason) OVER w AS reason_before
    FROM worded
    WINDOW w AS (PARTITION BY agent ORDER BY seq)
), change AS (
    SELECT agent, seq, at, shown, shown_reason, lead(at) OVER (PARTITION BY agent ORDER BY seq) AS until
    FROM compared
    WHERE seq >= 0 AND (shown IS DISTINCT FROM shown_before OR shown IS NOT NULL AND shown_reason <> reason_before)
), intervals AS (
    INSERT INTO agent_interval (agent, epoch, seq, state, reason, started_at, ended_at)
    SELECT agent, $1, seq, shown, shown_reason, instant(at), instant(until) FROM change WHERE shown IS NOT NULL
    UNION ALL
    SELECT agent, open_epoch, open_seq, known.shown, known.shown_reason, instant(first.at), instant(first.at)
    FROM (SELECT DISTINCT ON (agent) agent, at FROM change ORDER BY agent, seq) AS first JOIN known USING (agent)
    WHERE known.shown IS NOT NULL
    ON CONFLICT (agent, epoch, seq) DO UPDATE SET ended_at = excluded.ended_at
), nodes AS (
    INSERT INTO node_away (node, away)
    SELECT DISTINCT ON (node) node, away FROM node_said ORDER BY node, seq DESC
    ON CONFLICT (node) DO UPDATE SET away = excluded.away
)
INSERT INTO agent_axes AS axis (agent, intent, reason, work, phone, shown, shown_reason, open_epoch, open_seq)
SELECT DISTINCT ON (worded.agent)
    worded.agent, worded.intent, worded.reason, worded.work, worded.phone, worded.shown, worded.shown_reason,
    CASE WHEN latest.seq IS NOT NULL THEN $1 END, latest.seq
FROM worded LEFT JOIN (SELECT agent, max(seq) AS seq FROM change GROUP BY agent) AS latest ON latest.agent = worded.agent
WHERE worded.seq >= 0
ORDER BY worded.agent, worded.seq DESC
ON CONFLICT (agent) DO UPDATE SET
    intent = excluded.intent,
    reason = excluded.reason,
    work = excluded.work,
    phone = excluded.phone,
    shown = excluded.shown,
    shown_reason = excluded.shown_reason,
    open_epoch = coalesce(excluded.open_epoch, axis.open_epoch),
    open_seq = coalesce(excluded.open_seq, axis.open_seq);
