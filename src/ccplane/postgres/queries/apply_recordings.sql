-- apply_recordings --
-- A recording's row: what the batch's facts say, over what the row said. One that ended and never began has failed. A
-- file of which no other fact is known makes a row all the same: nothing that was kept is hidden.
WITH said AS (
    SELECT
        body ->> 'recording' AS id,
        min(contact) AS contact,
        max((body ->> 'segment')::integer) AS segment,
        max(agent) AS agent,
        max(body ->> 'queue') AS queue,
        max(body ->> 'direction') AS direction,
        (array_agg(
            CASE kind
                WHEN 'RecordingAsked' THEN 'asked'
                WHEN 'RecordingStarted' THEN 'recording'
                WHEN 'RecordingResumed' THEN 'recording'
                WHEN 'RecordingPaused' THEN 'paused'
                WHEN 'RecordingFailed' THEN 'failed'
                WHEN 'RecordingEnded' THEN 'ended'
                WHEN 'RecordingIncomplete' THEN 'lost'
                ELSE 'stored'
            END ORDER BY seq DESC) FILTER (WHERE kind <> 'RecordingPlayed'))[1] AS state,
        min(at) AS first,
        min(at) FILTER (WHERE kind = 'RecordingStarted') AS started,
        max(coalesce((body ->> 'ended_at')::bigint, at)) FILTER (WHERE kind = 'RecordingEnded') AS ended,
        max(at) FILTER (WHERE kind = 'RecordingStored') AS stored,
        max((body ->> 'ms')::bigint) FILTER (WHERE kind = 'RecordingEnded') AS expected_ms,
        max((body ->> 'ms')::bigint) FILTER (WHERE kind = 'RecordingStored') AS ms,
        max((body ->> 'paused_ms')::bigint) FILTER (WHERE kind = 'RecordingEnded') AS paused_ms,
        max((body ->> 'bytes')::bigint) AS bytes,
        bool_or(kind = 'RecordingIncomplete') AS incomplete,
        (array_agg(body ->> 'reason' ORDER BY seq DESC) FILTER (WHERE body ? 'reason'))[1] AS reason,
        max(body ->> 'wav') AS wav,
        max(body ->> 'opus') AS opus,
        count(*) FILTER (WHERE kind = 'RecordingPlayed') AS plays
    FROM batch
    WHERE epoch = $1 AND seq > $2 AND seq <= $3
        AND kind IN (
            'RecordingAsked', 'RecordingStarted', 'RecordingFailed', 'RecordingPaused', 'RecordingResumed',
            'RecordingEnded', 'RecordingStored', 'RecordingIncomplete', 'RecordingPlayed')
    GROUP BY body ->> 'recording'
)
INSERT INTO recording AS r (
    id, contact, segment, agent, queue, direction, state, first_at, started_at, ended_at, stored_at, expected_ms, ms,
    paused_ms, bytes, incomplete, reason, wav, opus, plays)
SELECT
    id, contact, segment, agent, queue, direction,
    CASE WHEN state = 'ended' AND started IS NULL AND segment IS NOT NULL THEN 'failed' ELSE state END,
    instant(first), instant(started), instant(ended), instant(stored), expected_ms, ms, paused_ms, bytes, incomplete,
    reason, wav, opus, plays
FROM said
ON CONFLICT (id) DO UPDATE SET
    segment = coalesce(r.segment, excluded.segment),
    agent = coalesce(r.agent, excluded.agent),
    queue = coalesce(r.queue, excluded.queue),
    direction = coalesce(r.direction, excluded.direction),
    state = CASE
        WHEN excluded.state = 'ended' AND coalesce(r.started_at, excluded.started_at) IS NULL THEN 'failed'
        ELSE coalesce(excluded.state, r.state)
    END,
    started_at = coalesce(r.started_at, excluded.started_at),
    ended_at = coalesce(excluded.ended_at, r.ended_at),
    stored_at = coalesce(excluded.stored_at, r.stored_at),
    expected_ms = coalesce(excluded.expected_ms, r.expected_ms),
    ms = coalesce(excluded.ms, r.ms),
    paused_ms = coalesce(excluded.paused_ms, r.paused_ms),
    bytes = coalesce(excluded.bytes, r.bytes),
    incomplete = r.incomplete OR excluded.incomplete,
    reason = coalesce(excluded.reason, r.reason),
    wav = coalesce(excluded.wav, r.wav),
    opus = coalesce(excluded.opus, r.opus),
    plays = r.plays + excluded.plays;
