-- list_recordings --
-- The latest first. $1-$6 filter where they are not null; ($7, $8) is the last row of the page before.
SELECT
    id, contact, segment, agent, queue, direction, state, expected_ms, ms, paused_ms, bytes, incomplete, reason, wav, opus,
    plays, ms(first_at) AS first_at, ms(started_at) AS started_at, ms(ended_at) AS ended_at, ms(stored_at) AS stored_at
FROM recording
WHERE ($1::text IS NULL OR state = $1)
    AND ($2::text IS NULL OR queue = $2)
    AND ($3::text IS NULL OR agent = $3)
    AND ($4::text IS NULL OR contact = $4)
    AND ($5::bigint IS NULL OR first_at >= instant($5))
    AND ($6::bigint IS NULL OR first_at < instant($6))
    AND ($7::bigint IS NULL OR (first_at, id) < (instant($7), $8::text))
ORDER BY first_at DESC, id DESC
LIMIT $9;

-- read_recording --
-- By its key.
SELECT
    id, contact, segment, agent, queue, direction, state, expected_ms, ms, paused_ms, bytes, incomplete, reason, wav, opus,
    plays, ms(first_at) AS first_at, ms(started_at) AS started_at, ms(ended_at) AS ended_at, ms(stored_at) AS stored_at
FROM recording WHERE id = $1;
