-- apply_segments --
-- Every column of a segment is said by one fact and once, so the batch's pieces are folded by max() and laid over the
-- row. TalkStarted ends the stay in the queue and begins the one with the agent. WrapUpDone names only the agent: it
-- belongs to their talk that ended last, in this batch (lag) or before it (their latest segment with a contact of a
-- queue: calls of their own, which they may make meanwhile, have no wrap-up). What began or ended while we stood still says
-- when; the wrap-up begins all the same when it is told that the talk is over (over_at). A stay in the place of somebody who
-- is called back has a kind of its own (queue-callback, which is the greater): no count of callers' stays has it. It took as long as its end says,
-- which may be told late; in facts of before that was said, until it was told. A stay's skills and threshold are those of
-- the rules that were loaded before the fact that began or ended it, a talk's team is its agent's then.
WITH said AS (
    SELECT
        seq, coalesce((body ->> 'started_at')::bigint, (body ->> 'ended_at')::bigint, at) AS at, at AS told_at, kind,
        contact, agent, body, (body ->> 'segment')::integer AS segment, rule.within_ms, rule.skills,
        member.team
    FROM batch LEFT JOIN LATERAL (
        SELECT r.within_ms, r.skills FROM queue_rule AS r
        WHERE r.queue = body ->> 'queue' AND (r.epoch, r.seq) < (batch.epoch, batch.seq)
        ORDER BY r.epoch DESC, r.seq DESC LIMIT 1) AS rule
        ON kind IN ('ContactQueued', 'ContactUnqueued', 'TalkStarted', 'FallbackServed')
    LEFT JOIN LATERAL (
        SELECT m.team FROM agent_team AS m
        WHERE m.agent = batch.agent AND (m.epoch, m.seq) < (batch.epoch, batch.seq)
        ORDER BY m.epoch DESC, m.seq DESC LIMIT 1) AS member
        ON kind IN ('TalkStarted', 'FallbackServed')
    WHERE epoch = $1 AND seq > $2 AND seq <= $3
        AND kind IN (
            'ContactQueued', 'ContactUnqueued', 'TalkStarted', 'TalkEnded', 'WrapUpDone', 'CallConnected', 'CallEnded',
            'ConferenceEntered', 'ConferenceLeft', 'FallbackServed')
), work AS (
    SELECT
        agent, told_at, kind, (body ->> 'wrap_up_ms')::bigint AS took,
        lag(kind) OVER w AS kind_before, lag(told_at) OVER w AS told_before,
        lag(contact) OVER w AS contact_before, lag(segment) OVER w AS segment_before
    FROM said
    WHERE kind IN ('TalkEnded', 'WrapUpDone')
    WINDOW w AS (PARTITION BY agent ORDER BY seq)
), piece (
    contact, segment, kind, queue, agent, offer, started, ended, outcome, ended_by, waited_ms, talk_ms, wrap_up_ms, over_at,
    contact_waited_ms, estimate_ms, within_ms, skills, team)
AS (
    SELECT contact, segment, CASE WHEN body ->> 'callback' IS NULL THEN 'queue' ELSE 'queue-callback' END, body ->> 'queue',
        NULL, NULL, coalesce((body ->> 'entered_at')::bigint, (body ->> 'since')::bigint, at), NULL::bigint, NULL, NULL, NULL::bigint,
        NULL::bigint, NULL::bigint, NULL::bigint, NULL::bigint, (body ->> 'estimate_ms')::bigint, NULL::bigint, skills, NULL
    FROM said WHERE kind = 'ContactQueued'
    UNION ALL
    SELECT contact, segment, 'queue', body ->> 'queue', NULL, NULL, NULL, at, body ->> 'outcome', NULL,
        (body ->> 'waited_ms')::bigint, NULL, NULL, NULL,
        coalesce((body ->> 'contact_waited_ms')::bigint, (body ->> 'waited_ms')::bigint), NULL, within_ms, NULL, NULL
    FROM said WHERE kind = 'ContactUnqueued'
    UNION ALL
    SELECT contact, (body ->> 'queue_segment')::integer, 'queue', body ->> 'queue', NULL, NULL, NULL, at, 'answered', NULL,
        (body ->> 'waited_ms')::bigint, NULL, NULL, NULL,
        coalesce((body ->> 'contact_waited_ms')::bigint, (body ->> 'waited_ms')::bigint), NULL, within_ms, NULL, NULL
    FROM said WHERE kind = 'TalkStarted'
    UNION ALL
    SELECT contact, segment, 'agent', body ->> 'queue', agent, body ->> 'offer', at, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
        NULL, NULL, NULL, NULL, coalesce(team, '')
    FROM said WHERE kind = 'TalkStarted'
    UNION ALL
    SELECT contact, segment, 'agent', NULL, agent, body ->> 'offer', NULL, at, NULL, body ->> 'by',
        NULL, (body ->> 'talk_ms')::bigint, NULL, told_at, NULL, NULL, NULL, NULL, NULL
    FROM said WHERE kind = 'TalkEnded'
    UNION ALL
    SELECT contact, segment, 'call', NULL, agent, body ->> 'call', at, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM said WHERE kind = 'CallConnected'
    UNION ALL
    SELECT contact, segment, 'call', NULL, agent, body ->> 'call', NULL, at, NULL, body ->> 'by',
        NULL, (body ->> 'talk_ms')::bigint, NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM said WHERE kind = 'CallEnded'
    UNION ALL
    SELECT contact, segment, 'call', NULL, NULL, body ->> 'conference', at, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM said WHERE kind = 'ConferenceEntered'
    UNION ALL
    SELECT contact, segment, 'call', NULL, NULL, body ->> 'conference', NULL, at, NULL, body ->> 'by',
        NULL, (body ->> 'ms')::bigint, NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM said WHERE kind = 'ConferenceLeft' AND body ->> 'by' <> 'not-joined'
    UNION ALL
    SELECT contact, segment, 'queue', body ->> 'queue', NULL, NULL, (body ->> 'queued_at')::bigint,
        (body ->> 'queued_at')::bigint + (body ->> 'waited_ms')::bigint, body ->> 'outcome', NULL,
        (body ->> 'waited_ms')::bigint, NULL, NULL, NULL, (body ->> 'waited_ms')::bigint, NULL, within_ms, skills, NULL
    FROM said WHERE kind = 'FallbackServed'
    UNION ALL
    SELECT contact, segment + 1, 'agent', body ->> 'queue', agent, NULL,
        (body ->> 'queued_at')::bigint + (body ->> 'waited_ms')::bigint,
        (body ->> 'queued_at')::bigint + (body ->> 'waited_ms')::bigint + (body ->> 'talk_ms')::bigint, NULL,
        body ->> 'by', NULL, (body ->> 'talk_ms')::bigint, 0, NULL, NULL, NULL, NULL, NULL, coalesce(team, '')
    FROM said WHERE kind = 'FallbackServed' AND body ->> 'talk_ms' IS NOT NULL
    UNION ALL
    SELECT contact_before, segment_before, 'agent', NULL, agent, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
        coalesce(took, told_at - told_before), NULL, NULL, NULL, NULL, NULL, NULL
    FROM work WHERE kind = 'WrapUpDone' AND kind_before = 'TalkEnded'
    UNION ALL
    SELECT talk.contact, talk.segment, 'agent', NULL, work.agent, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
        coalesce(work.took, work.told_at - ms(coalesce(talk.over_at, talk.ended_at))), NULL, NULL, NULL, NULL, NULL, NULL
    FROM work CROSS JOIN LATERAL (
        SELECT s.contact, s.segment, s.ended_at, s.over_at
        FROM segment s
        WHERE s.agent = work.agent AND s.kind = 'agent' AND s.ended_at IS NOT NULL AND s.wrap_up_ms IS NULL
        ORDER BY s.started_at DESC LIMIT 1) talk
    WHERE work.kind = 'WrapUpDone' AND work.kind_before IS NULL
)
INSERT INTO segment AS s (
    contact, segment, kind, queue, agent, offer, started_at, ended_at, outcome, ended_by, waited_ms, talk_ms, wrap_up_ms,
    over_at, contact_waited_ms, estimate_ms, within_ms, skills, team)
SELECT
    contact, segment, max(kind), max(queue), max(agent), max(offer), instant(max(started)), instant(max(ended)),
    max(outcome), max(ended_by), max(waited_ms), max(talk_ms), max(wrap_up_ms), instant(max(over_at)),
    max(contact_waited_ms), max(estimate_ms), max(within_ms), max(skills), max(team)
FROM piece
GROUP BY contact, segment
ON CONFLICT (contact, segment) DO UPDATE SET
    queue = coalesce(s.queue, excluded.queue),
    agent = coalesce(s.agent, excluded.agent),
    offer = coalesce(s.offer, excluded.offer),
    started_at = coalesce(s.started_at, excluded.started_at),
    ended_at = coalesce(s.ended_at, excluded.ended_at),
    outcome = coalesce(s.outcome, excluded.outcome),
    ended_by = coalesce(s.ended_by, excluded.ended_by),
    waited_ms = coalesce(s.waited_ms, excluded.waited_ms),
    talk_ms = coalesce(s.talk_ms, excluded.talk_ms),
    wrap_up_ms = coalesce(s.wrap_up_ms, excluded.wrap_up_ms),
    over_at = coalesce(s.over_at, excluded.over_at),
    contact_waited_ms = coalesce(s.contact_waited_ms, excluded.contact_waited_ms),
    estimate_ms = coalesce(s.estimate_ms, excluded.estimate_ms),
    within_ms = coalesce(s.within_ms, excluded.within_ms),
    skills = coalesce(s.skills, excluded.skills),
    team = coalesce(s.team, excluded.team);
