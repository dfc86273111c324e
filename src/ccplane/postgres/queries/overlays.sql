-- read_overlays --
-- In the order of their paths, so that the same overlays are the same list.
SELECT path, value::text AS value, who AS by, ms(since) AS since, ms(until) AS until FROM overlay ORDER BY path;

-- lay_overlays --
-- What lay there before is replaced: one path has one value.
INSERT INTO overlay (path, value, who, since, until)
SELECT path, value, who, instant(since), instant(until)
FROM unnest($1::text[], $2::jsonb[], $3::text[], $4::bigint[], $5::bigint[]) AS entry (path, value, who, since, until)
ON CONFLICT (path) DO UPDATE
    SET value = excluded.value, who = excluded.who, since = excluded.since, until = excluded.until;

-- lift_overlays --
-- By path; one that is not there is none to lift.
DELETE FROM overlay WHERE path = ANY ($1::text[]);
