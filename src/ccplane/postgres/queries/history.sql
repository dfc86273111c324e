-- apply_quarters --
-- Which quarters of an hour the batch changes: where the stays of its contacts were entered (of a wrap-up: of that
-- agent's last contacts), where its contacts arrived, callbacks were asked for and surveys asked; and, since any fact may
-- move an agent, from the batch's own first moment (or when a ring began that it tells the end of) as far as has been
-- counted. A gap makes those provisional that it touches.
WITH said AS (
    SELECT at, kind, contact, agent, body FROM batch
    WHERE epoch = $1 AND seq > $2 AND seq <= $3
        AND kind IN (
            'ContactArrived', 'ContactQueued', 'ContactUnqueued', 'ContactEnded', 'FallbackServed', 'TalkStarted', 'TalkEnded',
            'OfferMade', 'OfferAnswered', 'OfferMissed', 'OfferWithdrawn', 'ConnectFailed', 'WrapUpDone', 'PhoneLost',
            'PhoneRejoined', 'OwnCallStarted', 'OwnCallEnded', 'IntentChanged', 'PhoneChanged', 'PeopleLoaded', 'AgentEdited',
            'CallbackAsked', 'CallbackPromised', 'CallbackDialled', 'CallbackReached', 'CallbackEnded', 'SurveyAsked',
            'SurveyAnswered', 'SwitchAway', 'SwitchFound', 'SwitchUnwatched', 'PlaneStarted')
), who AS (
    SELECT DISTINCT contact AS id FROM said WHERE contact IS NOT NULL
    UNION
    SELECT talk.contact
    FROM (SELECT agent, max(at) AS at FROM said WHERE kind = 'WrapUpDone' GROUP BY agent) AS done
        CROSS JOIN LATERAL (
            SELECT s.contact FROM segment AS s
            WHERE s.agent = done.agent AND s.started_at <= instant(done.at) ORDER BY s.started_at DESC LIMIT 3) AS talk
), changed AS (
    -- By contact alone (OFFSET 0): with what else is said of them the index of all stays would be read, too, for each.
    SELECT ms(stay.started_at) AS at
    FROM who CROSS JOIN LATERAL (
        SELECT s.started_at FROM (SELECT * FROM segment WHERE contact = who.id OFFSET 0) AS s
        WHERE s.kind = 'queue' AND s.started_at IS NOT NULL) AS stay
    UNION
    SELECT ms(came.arrived_at)
    FROM who CROSS JOIN LATERAL (SELECT c.arrived_at FROM contact AS c WHERE c.id = who.id LIMIT 1) AS came
    UNION
    SELECT ms(asked.asked_at)
    FROM (SELECT DISTINCT body ->> 'callback' AS id FROM said) AS one
        CROSS JOIN LATERAL (SELECT c.asked_at FROM callback AS c WHERE c.id = one.id AND c.asked_at IS NOT NULL LIMIT 1) AS asked
    UNION
    SELECT ms(survey.asked_at)
    FROM who CROSS JOIN LATERAL (SELECT s.asked_at FROM survey AS s WHERE s.contact = who.id LIMIT 1) AS survey
), span AS (
    SELECT at / 900000 * 900000 AS began_at, at / 900000 * 900000 + 900000 AS ends_at FROM changed WHERE at IS NOT NULL
    UNION
    SELECT moved.first / 900000 * 900000, greatest(moved.last, counted.until) / 900000 * 900000 + 900000
    FROM (SELECT min(at - coalesce((body ->> 'ring_ms')::bigint, 0)) AS first, max(at) AS last FROM said) AS moved
        CROSS JOIN (SELECT coalesce(max(until), 0) AS until FROM quarters_counted WHERE one) AS counted
    WHERE moved.first IS NOT NULL
    UNION
    SELECT (at - (body ->> 'gap_ms')::bigint) / 900000 * 900000, at / 900000 * 900000 + 900000
    FROM said WHERE kind IN ('SwitchFound', 'SwitchUnwatched') AND (body ->> 'gap_ms')::bigint >= 1000
)
INSERT INTO quarter_changed (began_at, ends_at) SELECT began_at, ends_at FROM span;

-- all_quarters --
-- Every quarter of an hour in which there is anything: all rows were made anew.
INSERT INTO quarter_changed (began_at, ends_at)
SELECT at, at + 900000 FROM (
    SELECT ms(started_at) / 900000 * 900000 AS at FROM segment WHERE kind = 'queue' AND started_at IS NOT NULL
    UNION
    SELECT ms(arrived_at) / 900000 * 900000 FROM contact
    UNION
    SELECT ms(asked_at) / 900000 * 900000 FROM callback WHERE asked_at IS NOT NULL) AS quarter
UNION
SELECT min(ms(started_at)) / 900000 * 900000,
    greatest(max(ms(coalesce(ended_at, started_at))), (SELECT until FROM quarters_counted)) / 900000 * 900000 + 900000
FROM agent_interval HAVING count(*) > 0;

-- changed_one_by_one --
-- Several in a row become as many rows, so that each can be taken by whoever counts it.
WITH several AS (
    DELETE FROM quarter_changed WHERE ends_at - began_at > 900000 RETURNING began_at, ends_at
)
INSERT INTO quarter_changed (began_at, ends_at)
SELECT DISTINCT at, at + 900000 FROM several CROSS JOIN LATERAL generate_series(began_at, ends_at - 1, 900000) AS at;

-- changed_quarters --
-- What has changed, each once.
SELECT DISTINCT began_at FROM quarter_changed WHERE ends_at - began_at = 900000 ORDER BY began_at;

-- take_changed --
-- They are about to be counted, in the transaction that does so: what is marked in the meantime is seen the next time.
DELETE FROM quarter_changed WHERE began_at >= $1 AND began_at < $2 AND ends_at - began_at = 900000;

-- one_counts --
-- Two who count at once would each take half of what changed.
SELECT pg_advisory_xact_lock(hashtext('ccplane slices'));

-- counted_until --
-- As far as agents' times have been counted: from there on time has passed, also where no fact tells of anything.
SELECT until FROM quarters_counted;

-- count_until --
-- It never goes back.
INSERT INTO quarters_counted (until) VALUES ($1) ON CONFLICT (one) DO UPDATE SET until = greatest(quarters_counted.until, excluded.until);

-- site_clock --
-- Since when which zone has held.
SELECT at, timezone FROM site_rule ORDER BY epoch, seq;

-- count_stays --
-- Each stay once in each group that it counts for, in the quarter in which it was entered ([$1, $2), ms UTC). A talk is
-- the segment after its stay. Where no rule was known its threshold is the default.
INSERT INTO slice_fresh (
    grain, began_at, ends_at, by, name, entered, answered, answered_within, abandoned, abandoned_short, abandoned_within,
    no_agents, timed_out, overflowed, closed, moved, left_by_key, callback, lost, answered_wait_ms, answered_contact_wait_ms,
    handled, talk_ms, wrap_up_ms, provisional, answered_delayed, delayed_wait_ms, abandoned_wait_ms)
WITH stay AS (
    SELECT
        ms(s.started_at) / 900000 * 900000 AS quarter, s.queue, s.skills, c.number_dialled, t.agent, t.team, s.outcome,
        s.waited_ms, s.contact_waited_ms, s.outcome = 'answered' AND NOT EXISTS (
            SELECT FROM offer AS o WHERE o.contact = s.contact AND o.segment = s.segment AND o.made_at <= s.started_at
        ) AS delayed,
        coalesce(s.within_ms, 20000) AS within_ms, t.talk_ms, t.wrap_up_ms,
        s.provisional OR coalesce(t.provisional, false)
            OR CASE WHEN EXISTS (SELECT FROM gap WHERE ended_at >= instant($1))
                THEN is_provisional(c.node, s) OR coalesce(is_provisional(c.node, t), false) ELSE false END AS provisional
    FROM segment AS s
        LEFT JOIN contact AS c ON c.id = s.contact
        LEFT JOIN segment AS t ON t.contact = s.contact AND t.segment = s.segment + 1 AND t.kind = 'agent'
    WHERE s.kind = 'queue' AND s.started_at >= instant($1) AND s.started_at < instant($2)
)
SELECT
    'quarter', quarter, quarter + 900000, by, name,
    count(*),
    count(*) FILTER (WHERE outcome = 'answered'),
    count(*) FILTER (WHERE outcome = 'answered' AND waited_ms <= within_ms),
    count(*) FILTER (WHERE outcome = 'abandoned'),
    count(*) FILTER (WHERE outcome = 'abandoned' AND waited_ms <= 5000),
    count(*) FILTER (WHERE outcome = 'abandoned' AND waited_ms <= within_ms),
    count(*) FILTER (WHERE outcome = 'no-agents'),
    count(*) FILTER (WHERE outcome = 'timed-out'),
    count(*) FILTER (WHERE outcome = 'overflowed'),
    count(*) FILTER (WHERE outcome = 'closed'),
    count(*) FILTER (WHERE outcome = 'moved'),
    count(*) FILTER (WHERE outcome = 'left-by-key'),
    count(*) FILTER (WHERE outcome = 'callback'),
    count(*) FILTER (WHERE outcome = 'lost'),
    coalesce(sum(waited_ms) FILTER (WHERE outcome = 'answered'), 0),
    coalesce(sum(coalesce(contact_waited_ms, waited_ms)) FILTER (WHERE outcome = 'answered'), 0),
    count(*) FILTER (WHERE talk_ms > 0),
    coalesce(sum(talk_ms), 0),
    coalesce(sum(wrap_up_ms), 0),
    bool_or(provisional),
    count(*) FILTER (WHERE delayed),
    coalesce(sum(waited_ms) FILTER (WHERE delayed), 0),
    coalesce(sum(waited_ms) FILTER (WHERE outcome = 'abandoned'), 0)
FROM stay CROSS JOIN LATERAL (
    VALUES ('site', ''), ('queue', queue), ('number', number_dialled), ('agent', agent),
        ('team', CASE WHEN agent IS NOT NULL THEN coalesce(team, '') END)
    UNION ALL
    SELECT 'skill', unnest(skills)
) AS grp (by, name)
WHERE name IS NOT NULL
GROUP BY quarter, by, name;

-- count_offers --
-- The offers of those stays: for the stay's groups, but for the agent (and their team) to whom each was made.
INSERT INTO slice_fresh AS f (
    grain, began_at, ends_at, by, name, rang, rang_in_time, auto_answered, missed_no_answer, missed_rejected, missed_busy,
    missed_unreachable, answered_ring_ms)
WITH made AS (
    SELECT
        ms(s.started_at) / 900000 * 900000 AS quarter, s.queue, s.skills, c.number_dialled, o.agent, o.team,
        (NOT o.auto_answer AND o.counted) IS TRUE AS rang,
        (NOT o.auto_answer AND o.counted AND o.in_time) IS TRUE AS in_time,
        (o.auto_answer AND o.answered_at IS NOT NULL) IS TRUE AS auto_answered,
        CASE WHEN NOT o.auto_answer AND o.state = 'missed' THEN o.cause END AS missed,
        CASE WHEN NOT o.auto_answer AND o.answered_at IS NOT NULL THEN o.ring_ms END AS ring_ms
    FROM segment AS s
        JOIN offer AS o ON o.contact = s.contact AND o.segment = s.segment
        LEFT JOIN contact AS c ON c.id = s.contact
    WHERE s.kind = 'queue' AND s.started_at >= instant($1) AND s.started_at < instant($2)
)
SELECT
    'quarter', quarter, quarter + 900000, by, name,
    count(*) FILTER (WHERE rang), count(*) FILTER (WHERE in_time), count(*) FILTER (WHERE auto_answered),
    count(*) FILTER (WHERE missed = 'no-answer'), count(*) FILTER (WHERE missed = 'rejected'),
    count(*) FILTER (WHERE missed = 'busy'), count(*) FILTER (WHERE missed = 'unreachable'), coalesce(sum(ring_ms), 0)
FROM made CROSS JOIN LATERAL (
    VALUES ('site', ''), ('queue', queue), ('number', number_dialled), ('agent', agent), ('team', coalesce(team, ''))
    UNION ALL
    SELECT 'skill', unnest(skills)
) AS grp (by, name)
WHERE name IS NOT NULL AND (rang OR auto_answered OR missed IS NOT NULL)
GROUP BY quarter, by, name
ON CONFLICT (grain, by, name, began_at) DO UPDATE SET
    rang = excluded.rang, rang_in_time = excluded.rang_in_time, auto_answered = excluded.auto_answered,
    missed_no_answer = excluded.missed_no_answer, missed_rejected = excluded.missed_rejected,
    missed_busy = excluded.missed_busy, missed_unreachable = excluded.missed_unreachable,
    answered_ring_ms = excluded.answered_ring_ms;

-- count_callbacks --
-- Callbacks where they were asked for, for site and queue. One that is not over may still change its quarter.
INSERT INTO slice_fresh AS f (
    grain, began_at, ends_at, by, name, callbacks, callbacks_tried, callbacks_reached, callbacks_served, callbacks_expired,
    callbacks_cancelled, callbacks_given_up, callbacks_wait_ms, provisional)
SELECT
    'quarter', quarter, quarter + 900000, by, name,
    count(*),
    sum(dialled),
    count(reached_at),
    count(*) FILTER (WHERE state = 'done'),
    count(*) FILTER (WHERE state = 'expired'),
    count(*) FILTER (WHERE state = 'cancelled'),
    count(*) FILTER (WHERE state IN ('tries-used', 'barred')),
    coalesce(sum(waited_ms) FILTER (WHERE reached_at IS NOT NULL), 0),
    bool_or(ended_at IS NULL)
FROM (
    SELECT ms(asked_at) / 900000 * 900000 AS quarter, callback.*
    FROM callback WHERE promised AND asked_at >= instant($1) AND asked_at < instant($2)) AS asked
    CROSS JOIN LATERAL (VALUES ('site', ''), ('queue', queue)) AS grp (by, name)
WHERE name IS NOT NULL
GROUP BY quarter, by, name
ON CONFLICT (grain, by, name, began_at) DO UPDATE SET
    callbacks = excluded.callbacks, callbacks_tried = excluded.callbacks_tried, callbacks_reached = excluded.callbacks_reached,
    callbacks_served = excluded.callbacks_served, callbacks_expired = excluded.callbacks_expired,
    callbacks_cancelled = excluded.callbacks_cancelled, callbacks_given_up = excluded.callbacks_given_up,
    callbacks_wait_ms = excluded.callbacks_wait_ms, provisional = f.provisional OR excluded.provisional;

-- count_surveyed --
-- Surveys where they were asked, for site and queue, and for the agent talked with before and their team.
INSERT INTO slice_fresh AS f (
    grain, began_at, ends_at, by, name, surveys_asked, surveys_rated, satisfaction_rated, satisfaction_top, nps_rated,
    nps_promoters, nps_detractors)
WITH asked AS (
    SELECT
        ms(s.asked_at) / 900000 * 900000 AS quarter, s.queue, s.agent, talk.team, a.*
    FROM survey AS s
        LEFT JOIN LATERAL (
            SELECT t.team FROM segment AS t WHERE t.contact = s.contact AND t.kind = 'agent' AND t.agent = s.agent
            ORDER BY t.segment DESC LIMIT 1) AS talk ON true
        CROSS JOIN LATERAL (
            SELECT
                count(*) AS given,
                count(*) FILTER (WHERE kind = 'satisfaction') AS satisfaction_rated,
                count(*) FILTER (WHERE kind = 'satisfaction' AND value >= 4) AS satisfaction_top,
                count(*) FILTER (WHERE kind = 'nps') AS nps_rated,
                count(*) FILTER (WHERE kind = 'nps' AND value >= 9) AS nps_promoters,
                count(*) FILTER (WHERE kind = 'nps' AND value <= 6) AS nps_detractors
            FROM survey_answer WHERE contact = s.contact) AS a
    WHERE s.queue IS NOT NULL AND s.asked_at >= instant($1) AND s.asked_at < instant($2)
)
SELECT
    'quarter', quarter, quarter + 900000, by, name,
    count(*), count(*) FILTER (WHERE given > 0), sum(satisfaction_rated), sum(satisfaction_top), sum(nps_rated),
    sum(nps_promoters), sum(nps_detractors)
FROM asked CROSS JOIN LATERAL (
    VALUES ('site', ''), ('queue', queue), ('agent', agent), ('team', CASE WHEN agent IS NOT NULL THEN coalesce(team, '') END)
) AS grp (by, name)
WHERE name IS NOT NULL
GROUP BY quarter, by, name
ON CONFLICT (grain, by, name, began_at) DO UPDATE SET
    surveys_asked = excluded.surveys_asked, surveys_rated = excluded.surveys_rated,
    satisfaction_rated = excluded.satisfaction_rated, satisfaction_top = excluded.satisfaction_top,
    nps_rated = excluded.nps_rated, nps_promoters = excluded.nps_promoters, nps_detractors = excluded.nps_detractors;

-- count_contacts --
-- Contacts from outside where they arrived, for site and number: answered if anybody ever answered, abandoned if nobody did
-- and they were left while waiting (as queries/brought.sql has it).
INSERT INTO slice_fresh AS f (
    grain, began_at, ends_at, by, name, contacts_arrived, contacts_queued, contacts_answered, contacts_abandoned,
    contacts_self_served, provisional)
WITH came AS (
    SELECT
        ms(c.arrived_at) / 900000 * 900000 AS quarter, c.number_dialled, c.self_served, c.ended_at IS NULL AS open, stays.*
    FROM contact AS c
        LEFT JOIN LATERAL (
            SELECT true AS queued, bool_or(s.outcome IS NOT DISTINCT FROM 'answered') AS answered,
                bool_or(s.outcome IS NOT DISTINCT FROM 'abandoned') AS abandoned
            FROM segment AS s WHERE s.contact = c.id AND s.kind = 'queue' HAVING count(*) > 0) AS stays ON true
    WHERE c.direction = 'inbound' AND c.arrived_at >= instant($1) AND c.arrived_at < instant($2)
)
SELECT
    'quarter', quarter, quarter + 900000, by, name,
    count(*), count(*) FILTER (WHERE queued), count(*) FILTER (WHERE answered),
    count(*) FILTER (WHERE abandoned AND NOT answered), count(*) FILTER (WHERE self_served), bool_or(open)
FROM came CROSS JOIN LATERAL (VALUES ('site', ''), ('number', number_dialled)) AS grp (by, name)
WHERE name IS NOT NULL
GROUP BY quarter, by, name
ON CONFLICT (grain, by, name, began_at) DO UPDATE SET
    contacts_arrived = excluded.contacts_arrived, contacts_queued = excluded.contacts_queued,
    contacts_answered = excluded.contacts_answered, contacts_abandoned = excluded.contacts_abandoned,
    contacts_self_served = excluded.contacts_self_served, provisional = f.provisional OR excluded.provisional;

-- count_times --
-- Agents' state times in [$1, $2), as far as $3 (now), cut at the edges of quarters: an agent's intervals follow on one
-- another, so the one that runs when $1 comes is the last that began before. A ring was answered if what follows says so.
-- Who changes team counts for either, each for its time.
INSERT INTO slice_fresh AS f (
    grain, began_at, ends_at, by, name, time_ready_ms, time_ringing_ms, time_ringing_answered_ms, time_connecting_ms,
    time_talking_ms, time_wrap_up_ms, time_own_call_ms, time_unreachable_ms, time_paused_ms, time_paused_by)
WITH span AS (
    SELECT
        i.agent, i.state, i.reason, ms(i.started_at) AS began, coalesce(ms(i.ended_at), $3) AS ended,
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
        quarter, span.agent, member.team, state, reason, taken,
        least(ended, quarter + 900000, until, $3) - greatest(began, quarter, since) AS took
    FROM span JOIN member ON member.agent = span.agent AND since < coalesce(ended, $3) AND until > began
        CROSS JOIN LATERAL
        generate_series(greatest(began / 900000 * 900000, $1), least(ended, $2, $3) - 1, 900000) AS quarter
), sums AS (
    SELECT
        quarter, by, name, state, CASE WHEN state = 'paused' THEN reason ELSE '' END AS reason, taken, sum(took)::bigint AS took
    FROM piece CROSS JOIN LATERAL (VALUES ('site', ''), ('team', team), ('agent', agent)) AS grp (by, name)
    WHERE took > 0
    GROUP BY 1, 2, 3, 4, 5, 6
)
SELECT
    'quarter', quarter, quarter + 900000, by, name,
    coalesce(sum(took) FILTER (WHERE state = 'ready'), 0),
    coalesce(sum(took) FILTER (WHERE state = 'offered'), 0),
    coalesce(sum(took) FILTER (WHERE taken), 0),
    coalesce(sum(took) FILTER (WHERE state = 'connecting'), 0),
    coalesce(sum(took) FILTER (WHERE state IN ('talking', 'rejoining')), 0),
    coalesce(sum(took) FILTER (WHERE state = 'wrap-up'), 0),
    coalesce(sum(took) FILTER (WHERE state = 'own-call'), 0),
    coalesce(sum(took) FILTER (WHERE state = 'unreachable'), 0),
    coalesce(sum(took) FILTER (WHERE state = 'paused'), 0),
    coalesce(jsonb_object_agg(reason, took) FILTER (WHERE state = 'paused'), '{}')
FROM sums
GROUP BY quarter, by, name
ON CONFLICT (grain, by, name, began_at) DO UPDATE SET
    time_ready_ms = excluded.time_ready_ms, time_ringing_ms = excluded.time_ringing_ms,
    time_ringing_answered_ms = excluded.time_ringing_answered_ms, time_connecting_ms = excluded.time_connecting_ms,
    time_talking_ms = excluded.time_talking_ms, time_wrap_up_ms = excluded.time_wrap_up_ms,
    time_own_call_ms = excluded.time_own_call_ms, time_unreachable_ms = excluded.time_unreachable_ms,
    time_paused_ms = excluded.time_paused_ms, time_paused_by = excluded.time_paused_by;

-- gaps_in_quarters --
-- While nobody watched, agents' times too are guesses: all of such a quarter is provisional.
UPDATE slice_fresh AS f SET provisional = true
FROM gap
WHERE f.grain = 'quarter' AND NOT f.provisional
    AND gap.began_at < instant(f.ends_at) AND gap.ended_at > instant(f.began_at);
