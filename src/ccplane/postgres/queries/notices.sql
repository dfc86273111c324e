-- claim_due_notices --
-- In one statement, so that no two planes send the same; until $3 ms from now it is this plane's. Of what was deleted
-- meanwhile nobody is told: that one is given up.
WITH due AS (
    SELECT id FROM notice
    WHERE state = 'due' AND kind = $4 AND next_at <= instant($1)
    ORDER BY next_at LIMIT $2 FOR UPDATE SKIP LOCKED
), told AS (
    UPDATE notice AS n
    SET tries = n.tries + 1,
        next_at = instant($1 + $3),
        state = CASE WHEN m.file IS NULL OR m.state = 'deleted' THEN 'given-up' ELSE 'due' END,
        last_error = CASE WHEN m.file IS NULL OR m.state = 'deleted' THEN 'the message was deleted' ELSE n.last_error END
    FROM due LEFT JOIN notice AS same ON same.id = due.id LEFT JOIN message AS m ON m.id = same.message
    WHERE n.id = due.id
    RETURNING n.id, n.kind, n.target, n.since, n.tries, n.state AS now_is, m.id AS of, m.contact, m.box, m.caller,
        m.number_dialled, m.left_at, m.ms, m.bytes, m.file, m.queue, m.agent, m.answer_until
)
SELECT
    id, kind, target, ms(since) AS since, tries, of AS message, contact, box, caller, number_dialled, ms(left_at) AS left_at,
    ms, bytes, file, coalesce(queue, '') AS queue, coalesce(agent, '') AS agent, ms(answer_until) AS answer_until
FROM told WHERE now_is = 'due' ORDER BY id;

-- notice_was_sent --
-- Also of one that somebody gave up while it was under way: it was sent.
UPDATE notice SET state = 'sent', sent_at = instant($2), last_error = NULL WHERE id = $1 AND state <> 'sent';

-- notice_was_not_sent --
-- The $2-th try failed: it is due again at $3, or what it became. What somebody has said of it meanwhile stays so.
UPDATE notice SET state = $4, next_at = coalesce(instant($3), next_at), last_error = $5
WHERE id = $1 AND tries = $2 AND state = 'due';

-- notices_standing --
-- When the next of a kind is due, since when the oldest of all is, and how many; for one look of a worker and of health.
SELECT ms(min(next_at) FILTER (WHERE kind = $1)) AS next_at, ms(min(since)) AS oldest, count(*) AS due FROM notice WHERE state = 'due';

-- list_notices --
-- The latest first, by keys as all lists are.
SELECT id, message, kind, target, state, tries, last_error, ms(since) AS since, ms(next_at) AS next_at, ms(sent_at) AS sent_at
FROM notice
WHERE ($1::text IS NULL OR state = $1)
    AND ($2::text IS NULL OR message = $2)
    AND ($3::bigint IS NULL OR (since, id) < (instant($3), $4::text))
ORDER BY since DESC, id DESC
LIMIT $5;

-- retry_notice --
-- Due now, as if it were new: also one that was given up or refused. One that was sent is not sent again.
UPDATE notice SET state = 'due', since = instant($2), next_at = instant($2), tries = 0 WHERE id = $1 AND state <> 'sent'
RETURNING id;

-- give_up_notice --
-- It is not tried any more.
UPDATE notice SET state = 'given-up', last_error = $2 WHERE id = $1 AND state = 'due' RETURNING id;

-- read_notice --
-- One notice, the columns of the list.
SELECT id, message, kind, target, state, tries, last_error, ms(since) AS since, ms(next_at) AS next_at, ms(sent_at) AS sent_at
FROM notice WHERE id = $1;

-- forget_notices --
-- Of what is over; a few at a time, so that nobody waits for it.
DELETE FROM notice WHERE id IN (SELECT id FROM notice WHERE state <> 'due' AND since < instant($1) LIMIT 1000);
