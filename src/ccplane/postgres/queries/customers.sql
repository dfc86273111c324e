-- customers_with_effect --
-- Those whose calls are taken otherwise than others'. By keys, so that a plane reads them in pieces.
SELECT number, name, language, credit_s, note, blocked, ms(blocked_until) AS blocked_until, changed_by, ms(changed_at) AS changed_at
FROM customer
WHERE (blocked <> '' OR credit_s <> 0 OR language IS NOT NULL) AND number > $1
ORDER BY number LIMIT $2;

-- customers_by_name --
-- The others of whom an agent is told something. Nearly all there are, so the key alone is an index for them.
SELECT number, name, language, credit_s, note, blocked, ms(blocked_until) AS blocked_until, changed_by, ms(changed_at) AS changed_at
FROM customer
WHERE NOT (blocked <> '' OR credit_s <> 0 OR language IS NOT NULL) AND (name <> '' OR note <> '') AND number > $1
ORDER BY number LIMIT $2;

-- list_customers --
-- By number, as they are exported.
SELECT number, name, language, credit_s, note, blocked, ms(blocked_until) AS blocked_until, changed_by, ms(changed_at) AS changed_at
FROM customer
WHERE number > $1 AND (NOT $2 OR blocked <> '')
ORDER BY number LIMIT $3;

-- read_customer --
-- What is known of one number.
SELECT number, name, language, credit_s, note, blocked, ms(blocked_until) AS blocked_until, changed_by, ms(changed_at) AS changed_at
FROM customer WHERE number = $1;

-- put_customers --
-- Many at once: all or none.
INSERT INTO customer (number, name, language, credit_s, note, blocked, blocked_until, changed_by, changed_at)
SELECT number, name, language, credit_s, note, blocked, instant(blocked_until), $8, instant($9)
FROM unnest($1::text[], $2::text[], $3::text[], $4::integer[], $5::text[], $6::text[], $7::bigint[])
    AS given (number, name, language, credit_s, note, blocked, blocked_until)
ON CONFLICT (number) DO UPDATE SET
    name = excluded.name, language = excluded.language, credit_s = excluded.credit_s, note = excluded.note,
    blocked = excluded.blocked, blocked_until = excluded.blocked_until,
    changed_by = excluded.changed_by, changed_at = excluded.changed_at;

-- delete_customer --
-- All that is known of them; facts keep the number.
DELETE FROM customer WHERE number = $1 RETURNING number;

-- mark_call --
-- Marked again a call counts once.
INSERT INTO call_mark (contact, number, agent, by, note, at) VALUES ($1, $2, $3, $4, $5, instant($6))
ON CONFLICT (contact) DO UPDATE SET note = excluded.note, by = excluded.by, agent = coalesce(excluded.agent, call_mark.agent);

-- count_marks --
-- Within the site's time.
SELECT count(*) FROM call_mark WHERE number = $1 AND at > instant($2);

-- list_marks --
-- The latest first, by keys as the contacts are.
SELECT contact, number, agent, by, note, ms(at) AS at
FROM call_mark
WHERE ($1::text IS NULL OR number = $1) AND ($2::bigint IS NULL OR (at, contact) < (instant($2), $3::text))
ORDER BY at DESC, contact DESC LIMIT $4;

-- called_from --
-- Who called, and whom they talked with last, of a contact that is over.
SELECT caller, agent FROM contact WHERE id = $1;
