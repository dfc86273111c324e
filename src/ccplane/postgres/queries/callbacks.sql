-- keep_promise --
-- One statement, so that of two who promise the same number one is refused. Asked again it says what it said. Of a callback that
-- was refused meanwhile, because this took too long, a row stands here that is not live (apply_callbacks): it is not kept any more.
WITH barred AS (
    SELECT FROM do_not_call WHERE number = $2 AND (until IS NULL OR until > instant($5))
), made AS (
    INSERT INTO promise (id, number, queue, since, made_at, expires_at, caller_name, number_dialled, language, not_before)
    SELECT $1, $2, $3, instant($4), instant($5), instant($6), $7, $8, $9, instant($10)
    WHERE NOT EXISTS (SELECT FROM barred)
    ON CONFLICT DO NOTHING
    RETURNING id
)
SELECT CASE
    WHEN EXISTS (SELECT FROM made) OR EXISTS (SELECT FROM promise WHERE id = $1 AND live) THEN ''
    WHEN EXISTS (SELECT FROM promise WHERE id = $1) THEN 'refused'
    WHEN EXISTS (SELECT FROM barred) THEN 'do-not-call'
    ELSE 'already-promised'
END AS why;

-- release_promise --
-- One that is over, as its plane knows; the facts that say so here are still to come, and then change nothing.
UPDATE promise SET live = false WHERE number = $1 AND live AND id = ANY ($2::text[]) RETURNING id;

-- claim_try --
-- The right to dial once: all gates and the count in the statement that takes it. A turn is claimed once, by whomever; one
-- whose claim is committed counts as a try, whatever becomes of it.
WITH barred AS (
    SELECT FROM promise AS p JOIN do_not_call AS d ON d.number = p.number
    WHERE p.id = $1 AND (d.until IS NULL OR d.until > instant($3))
), taken AS (
    UPDATE promise SET turn = $2, tries = tries + 1, claimed_at = instant($3)
    WHERE id = $1 AND live AND turn < $2 AND tries < $4 AND expires_at > instant($3) AND NOT EXISTS (SELECT FROM barred)
    RETURNING tries
)
SELECT
    coalesce((SELECT tries FROM taken), (SELECT tries FROM promise WHERE id = $1), 0) AS tries,
    CASE
        WHEN EXISTS (SELECT FROM taken) THEN ''
        WHEN NOT EXISTS (SELECT FROM promise WHERE id = $1 AND live) THEN 'no-such-promise'
        WHEN EXISTS (SELECT FROM promise WHERE id = $1 AND turn >= $2) THEN 'spent'
        WHEN EXISTS (SELECT FROM barred) THEN 'do-not-call'
        WHEN EXISTS (SELECT FROM promise WHERE id = $1 AND tries >= $4) THEN 'tries-used'
        ELSE 'expired'
    END AS why;

-- ledger_takes_writes --
-- It changes nothing; a Postgres that takes no writes refuses it all the same.
UPDATE promise SET live = live WHERE false;

-- live_promises --
-- For a plane over another outbox, which knows nothing of them. Those that it has seen the end of stand here until its facts
-- are shipped.
SELECT
    id, number, queue, ms(since) AS since, ms(expires_at) AS expires_at, caller_name, number_dialled, language, turn, tries,
    ms(not_before) AS not_before
FROM promise WHERE live ORDER BY since, id;

-- list_callbacks --
-- The latest asked first, by keys as the contacts are.
SELECT
    id, number, queue, asked_in, asked_by, state, why, contact, agent, coalesce(tries, 0) AS tries, waited_ms,
    ms(since) AS since, ms(asked_at) AS asked_at, ms(expires_at) AS expires_at, ms(next_at) AS next_at,
    ms(reached_at) AS reached_at, ms(ended_at) AS ended_at, ms(not_before) AS not_before
FROM callback AS c
WHERE c.asked_at IS NOT NULL
    AND ($1::text IS NULL OR c.queue = $1)
    AND ($2::text IS NULL OR c.state = $2)
    AND ($3::text IS NULL OR c.number = $3)
    AND ($4::bigint IS NULL OR (c.asked_at, c.id) < (instant($4), $5::text))
ORDER BY c.asked_at DESC, c.id DESC
LIMIT $6;

-- list_open_callbacks --
-- All that are not over, by an index of these alone.
SELECT
    id, number, queue, asked_in, asked_by, state, why, contact, agent, coalesce(tries, 0) AS tries, waited_ms,
    ms(since) AS since, ms(asked_at) AS asked_at, ms(expires_at) AS expires_at, ms(next_at) AS next_at,
    ms(reached_at) AS reached_at, ms(ended_at) AS ended_at, ms(not_before) AS not_before
FROM callback AS c
WHERE c.asked_at IS NOT NULL AND c.ended_at IS NULL AND $2::text = 'open'
    AND ($1::text IS NULL OR c.queue = $1)
    AND ($3::text IS NULL OR c.number = $3)
    AND ($4::bigint IS NULL OR (c.asked_at, c.id) < (instant($4), $5::text))
ORDER BY c.asked_at DESC, c.id DESC
LIMIT $6;

-- list_callbacks_of --
-- Those of one number, by an index of numbers.
SELECT
    id, number, queue, asked_in, asked_by, state, why, contact, agent, coalesce(tries, 0) AS tries, waited_ms,
    ms(since) AS since, ms(asked_at) AS asked_at, ms(expires_at) AS expires_at, ms(next_at) AS next_at,
    ms(reached_at) AS reached_at, ms(ended_at) AS ended_at, ms(not_before) AS not_before
FROM callback AS c
WHERE c.asked_at IS NOT NULL AND c.number = $3
    AND ($1::text IS NULL OR c.queue = $1)
    AND ($2::text IS NULL OR c.state = $2)
    AND ($4::bigint IS NULL OR (c.asked_at, c.id) < (instant($4), $5::text))
ORDER BY c.asked_at DESC, c.id DESC
LIMIT $6;

-- read_callback --
-- One, the columns of the list.
SELECT
    id, number, queue, asked_in, asked_by, state, why, contact, agent, coalesce(tries, 0) AS tries, waited_ms,
    ms(since) AS since, ms(asked_at) AS asked_at, ms(expires_at) AS expires_at, ms(next_at) AS next_at,
    ms(reached_at) AS reached_at, ms(ended_at) AS ended_at, ms(not_before) AS not_before
FROM callback WHERE id = $1 AND asked_at IS NOT NULL;

-- bar_number --
-- The latest word counts.
INSERT INTO do_not_call (number, why, by, since, until) VALUES ($1, $2, $3, instant($4), instant($5))
ON CONFLICT (number) DO UPDATE SET why = excluded.why, by = excluded.by, since = excluded.since, until = excluded.until;

-- unbar_number --
-- Whether it was barred.
DELETE FROM do_not_call WHERE number = $1 RETURNING number;

-- barred_numbers --
-- By number; those whose time is over are left out.
SELECT number, why, by, ms(since) AS since, ms(until) AS until
FROM do_not_call WHERE (until IS NULL OR until > instant($1)) AND number > $2 ORDER BY number LIMIT $3;
