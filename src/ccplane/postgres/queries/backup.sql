-- our_tables --
-- $1: names; those of them that are there, with the columns that can be written. Partitions are in their table.
SELECT c.relname::text AS name, array_agg(a.attname::text ORDER BY a.attnum) AS columns
FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY ($1::text[])
    AND c.relkind IN ('r', 'p') AND NOT c.relispartition
GROUP BY c.relname ORDER BY c.relname;

-- days_of_facts --
-- By the catalog, which knows without reading a fact.
SELECT to_date(right(c.relname, 10), 'YYYY_MM_DD') AS day
FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
WHERE i.inhparent = to_regclass('fact') AND c.relname ~ '^fact_\d{4}_\d\d_\d\d$'
ORDER BY day;

-- numbers --
-- What people go by, in integers that add up: a copy has the same, or it is none.
SELECT 'facts' AS what, count(*)::bigint AS number FROM fact
UNION ALL SELECT 'contacts, ' || direction || ', ended by ' || coalesce(ended_by, 'nobody yet'), count(*)
FROM contact GROUP BY direction, ended_by
UNION ALL SELECT concat_ws(', ', 'stays', kind, queue, outcome), count(*) FROM segment GROUP BY kind, queue, outcome
UNION ALL SELECT concat_ws(', ', 'ms waited', queue), coalesce(sum(waited_ms), 0)::bigint FROM segment GROUP BY queue
UNION ALL SELECT concat_ws(', ', 'ms talked', agent), coalesce(sum(talk_ms), 0)::bigint FROM segment GROUP BY agent
UNION ALL SELECT concat_ws(', ', 'ms of wrap-up', agent), coalesce(sum(wrap_up_ms), 0)::bigint FROM segment GROUP BY agent
UNION ALL SELECT 'offers, ' || state, count(*) FROM offer GROUP BY state
UNION ALL SELECT 'ms rung', coalesce(sum(ring_ms), 0)::bigint FROM offer
UNION ALL SELECT concat_ws(', ', 'ms of', agent, state), coalesce(sum(ms(ended_at) - ms(started_at)), 0)::bigint
FROM agent_interval GROUP BY agent, state
UNION ALL SELECT 'recordings, ' || coalesce(state, ''), count(*) FROM recording GROUP BY state
UNION ALL SELECT 'ms recorded', coalesce(sum(ms), 0)::bigint FROM recording
UNION ALL SELECT 'messages, ' || coalesce(state, 'new'), count(*) FROM message GROUP BY coalesce(state, 'new')
UNION ALL SELECT 'faxes, ' || CASE WHEN deleted_at IS NULL THEN 'kept' ELSE 'deleted' END, count(*) FROM fax GROUP BY deleted_at IS NULL
ORDER BY what;

-- sounds --
-- Every file of sound that a row speaks of, in the order of ids. `kind`: the folder it lies in.
SELECT 'recordings' AS kind, r.id, r.contact, f.file
FROM recording AS r, LATERAL (VALUES (r.opus), (r.wav)) AS f (file) WHERE f.file <> ''
UNION ALL
SELECT 'messages', id, contact, file FROM message WHERE file <> '' AND state IS DISTINCT FROM 'deleted'
UNION ALL
SELECT 'faxes', id, contact, file FROM fax WHERE file <> '' AND deleted_at IS NULL
ORDER BY kind, id, file;

-- who_is_here --
-- Whose database this is: the plane that leads now, if one does.
SELECT holder, epoch, expires_at > clock_timestamp() AS live FROM lease ORDER BY epoch DESC LIMIT 1;

-- bring_under_mark --
-- Nobody leads a database that is not whole yet: to every plane its lease is taken, for good.
INSERT INTO lease (site, holder, epoch, taken_at, expires_at)
VALUES ('site', $1, $2, clock_timestamp(), '9999-01-01')
ON CONFLICT (site) DO UPDATE SET holder = excluded.holder, epoch = excluded.epoch, expires_at = excluded.expires_at;

-- lift_mark --
-- It is whole: its own outbox may lead at once, under the next epoch.
UPDATE lease SET holder = $1, expires_at = clock_timestamp() - interval '1 ms' WHERE holder = $2;

-- rename_outbox --
-- The copy is an outbox of its own, so that the two never take each other's place in one database.
UPDATE watermark SET outbox = $2 WHERE outbox = $1;
