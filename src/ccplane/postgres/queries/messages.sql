-- list_messages --
-- The latest first, by keys as the contacts are. Who asks for no state does not mean those that were deleted.
SELECT
    id, contact, box, caller, number_dialled, source, ms, bytes, file, coalesce(state, 'new') AS state, heard_by,
    ms(left_at) AS left_at, ms(heard_at) AS heard_at, coalesce(queue, '') AS queue, coalesce(agent, '') AS agent,
    CASE
        WHEN NOT owed THEN ''
        WHEN answered_at IS NOT NULL THEN 'answered'
        WHEN owner <> '' THEN 'taken'
        ELSE 'new'
    END AS answer,
    coalesce(owner, '') AS owner, ms(answer_until) AS answer_until, ms(taken_at) AS taken_at, ms(overdue_at) AS overdue_at,
    ms(answered_at) AS answered_at, answered_by
FROM message AS m
WHERE m.left_at IS NOT NULL
    AND ($1::text IS NULL OR m.box = $1)
    AND CASE WHEN $2::text IS NULL THEN m.state IS DISTINCT FROM 'deleted' ELSE coalesce(m.state, 'new') = $2 END
    AND ($3::bigint IS NULL OR m.left_at >= instant($3))
    AND ($4::bigint IS NULL OR m.left_at < instant($4))
    AND CASE $5::text
        WHEN 'new' THEN m.owed AND m.answered_at IS NULL AND coalesce(m.owner, '') = ''
        WHEN 'taken' THEN m.owed AND m.answered_at IS NULL AND m.owner <> ''
        WHEN 'answered' THEN m.answered_at IS NOT NULL
        WHEN 'overdue' THEN m.overdue_at IS NOT NULL
        ELSE true
    END
    AND ($6::bigint IS NULL OR (m.left_at, m.id) < (instant($6), $7::text))
ORDER BY m.left_at DESC, m.id DESC
LIMIT $8;

-- read_message --
-- One message, the columns of the list.
SELECT
    id, contact, box, caller, number_dialled, source, ms, bytes, file, coalesce(state, 'new') AS state, heard_by,
    ms(left_at) AS left_at, ms(heard_at) AS heard_at, coalesce(queue, '') AS queue, coalesce(agent, '') AS agent,
    CASE
        WHEN NOT owed THEN ''
        WHEN answered_at IS NOT NULL THEN 'answered'
        WHEN owner <> '' THEN 'taken'
        ELSE 'new'
    END AS answer,
    coalesce(owner, '') AS owner, ms(answer_until) AS answer_until, ms(taken_at) AS taken_at, ms(overdue_at) AS overdue_at,
    ms(answered_at) AS answered_at, answered_by
FROM message WHERE id = $1 AND left_at IS NOT NULL;

-- read_messages_of_contact --
-- In the order in which they were left.
SELECT
    id, contact, box, caller, number_dialled, source, ms, bytes, file, coalesce(state, 'new') AS state, heard_by,
    ms(left_at) AS left_at, ms(heard_at) AS heard_at, coalesce(queue, '') AS queue, coalesce(agent, '') AS agent,
    CASE
        WHEN NOT owed THEN ''
        WHEN answered_at IS NOT NULL THEN 'answered'
        WHEN owner <> '' THEN 'taken'
        ELSE 'new'
    END AS answer,
    coalesce(owner, '') AS owner, ms(answer_until) AS answer_until, ms(taken_at) AS taken_at, ms(overdue_at) AS overdue_at,
    ms(answered_at) AS answered_at, answered_by
FROM message WHERE contact = $1 AND left_at IS NOT NULL ORDER BY left_at, id;

-- list_owed_messages --
-- All without an answer: a plane that knows nothing of them takes them over. At most $1, the longest promised first.
SELECT
    id, contact, box, caller, ms(left_at) AS left_at, ms, coalesce(queue, '') AS queue, coalesce(agent, '') AS agent,
    ms(answer_until) AS answer_until, coalesce(owner, '') AS owner, overdue_at IS NOT NULL AS overdue
FROM message
WHERE owed AND answered_at IS NULL AND state IS DISTINCT FROM 'deleted' AND left_at IS NOT NULL
ORDER BY answer_until, left_at
LIMIT $1;
