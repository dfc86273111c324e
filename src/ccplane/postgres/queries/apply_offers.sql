-- apply_offers --
-- An offer's row, like a contact's. The states are those of the table OFFER. ended_at: connected, missed or withdrawn.
-- counted, in_time: in "answered within three rings", by the ring cycle that was loaded before it was over (kpi/counters.py).
INSERT INTO offer AS o (
    id, contact, agent, queue, segment, attempt, leg, state, made_at, ringing_at, answered_at, ended_at, cause, sip, rang,
    ring_ms, trace, auto_answer, counted, in_time, team)
SELECT
    body ->> 'offer',
    min(contact),
    min(agent),
    max(body ->> 'queue') FILTER (WHERE kind = 'OfferMade'),
    max((body ->> 'segment')::integer) FILTER (WHERE kind = 'OfferMade'),
    max((body ->> 'attempt')::integer) FILTER (WHERE kind = 'OfferMade'),
    max(body ->> 'leg') FILTER (WHERE kind = 'OfferMade'),
    (array_agg(
        CASE kind
            WHEN 'OfferMade' THEN 'made'
            WHEN 'OfferRinging' THEN 'ringing'
            WHEN 'OfferAnswered' THEN 'answered'
            WHEN 'TalkStarted' THEN 'connected'
            WHEN 'OfferWithdrawn' THEN 'withdrawn'
            ELSE 'missed'
        END ORDER BY seq DESC))[1],
    instant(max(at) FILTER (WHERE kind = 'OfferMade')),
    instant(max(coalesce((body ->> 'rang_at')::bigint, at)) FILTER (WHERE kind = 'OfferRinging')),
    instant(max(at) FILTER (WHERE kind = 'OfferAnswered')),
    instant(max(at) FILTER (WHERE kind IN ('TalkStarted', 'OfferMissed', 'OfferWithdrawn', 'ConnectFailed'))),
    max(coalesce(body ->> 'cause', body ->> 'reason')),
    max((body ->> 'sip')::integer) FILTER (WHERE kind = 'OfferMissed'),
    bool_or(kind IN ('OfferRinging', 'OfferAnswered') OR (body ->> 'rang')::boolean)
        FILTER (WHERE kind IN ('OfferRinging', 'OfferAnswered', 'OfferMissed', 'OfferWithdrawn')),
    max((body ->> 'ring_ms')::bigint),
    (array_agg(body -> 'trace') FILTER (WHERE kind = 'OfferMade'))[1],
    bool_or((body ->> 'auto_answer')::boolean) FILTER (WHERE kind = 'OfferMade'),
    bool_or(CASE kind
        WHEN 'OfferAnswered' THEN true
        WHEN 'OfferMissed' THEN (body ->> 'rang')::boolean OR body ->> 'cause' = 'no-answer'
        WHEN 'OfferWithdrawn' THEN (body ->> 'ring_ms')::bigint >= 3 * rule.cycle AND body ->> 'reason' <> 'switch-lost'
    END),
    bool_or(kind = 'OfferAnswered' AND (body ->> 'ring_ms')::bigint < 3 * rule.cycle) FILTER (WHERE kind = 'OfferAnswered'),
    max(coalesce((
        SELECT m.team FROM agent_team AS m
        WHERE m.agent = batch.agent AND (m.epoch, m.seq) < (batch.epoch, batch.seq)
        ORDER BY m.epoch DESC, m.seq DESC LIMIT 1), '')) FILTER (WHERE kind = 'OfferMade')
FROM batch CROSS JOIN LATERAL (
    SELECT coalesce((
        SELECT ring_cycle_ms FROM site_rule AS r WHERE (r.epoch, r.seq) < (batch.epoch, batch.seq)
        ORDER BY r.epoch DESC, r.seq DESC LIMIT 1), 5000) AS cycle) AS rule
WHERE epoch = $1 AND seq > $2 AND seq <= $3
    AND kind IN (
        'OfferMade', 'OfferRinging', 'OfferAnswered', 'OfferMissed', 'OfferWithdrawn', 'ConnectFailed', 'TalkStarted')
GROUP BY body ->> 'offer'
ON CONFLICT (id) DO UPDATE SET
    state = excluded.state,
    queue = coalesce(o.queue, excluded.queue),
    segment = coalesce(o.segment, excluded.segment),
    attempt = coalesce(o.attempt, excluded.attempt),
    leg = coalesce(o.leg, excluded.leg),
    made_at = coalesce(o.made_at, excluded.made_at),
    ringing_at = coalesce(o.ringing_at, excluded.ringing_at),
    answered_at = coalesce(o.answered_at, excluded.answered_at),
    ended_at = coalesce(o.ended_at, excluded.ended_at),
    cause = coalesce(o.cause, excluded.cause),
    sip = coalesce(o.sip, excluded.sip),
    rang = coalesce(o.rang OR excluded.rang, o.rang, excluded.rang),
    ring_ms = coalesce(o.ring_ms, excluded.ring_ms),
    trace = coalesce(o.trace, excluded.trace),
    auto_answer = coalesce(o.auto_answer, excluded.auto_answer),
    counted = coalesce(o.counted, excluded.counted),
    in_time = coalesce(o.in_time, excluded.in_time),
    team = coalesce(o.team, excluded.team);
