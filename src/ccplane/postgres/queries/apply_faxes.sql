-- apply_faxes --
-- FaxStored says all of a fax, and the same if it is said again. Of those who fetched it the first counts.
INSERT INTO fax AS x (
    id, contact, box, caller, number_dialled, came_at, pages, complete, reason, station, bytes, file, read_at, deleted_at)
SELECT
    body ->> 'fax',
    max(contact),
    max(body ->> 'box'),
    max(body ->> 'caller'),
    max(body ->> 'number_dialled'),
    instant(max((body ->> 'over_at')::bigint)),
    max((body ->> 'pages')::bigint),
    bool_or((body ->> 'complete')::boolean),
    max(body ->> 'reason'),
    max(body ->> 'station'),
    max((body ->> 'bytes')::bigint),
    max(body ->> 'file'),
    instant(min(at) FILTER (WHERE kind = 'FaxRead')),
    instant(min(at) FILTER (WHERE kind = 'FaxDeleted'))
FROM batch
WHERE epoch = $1 AND seq > $2 AND seq <= $3 AND kind IN ('FaxStored', 'FaxRead', 'FaxDeleted')
GROUP BY body ->> 'fax'
ON CONFLICT (id) DO UPDATE SET
    box = coalesce(excluded.box, x.box),
    caller = coalesce(excluded.caller, x.caller),
    number_dialled = coalesce(excluded.number_dialled, x.number_dialled),
    came_at = coalesce(excluded.came_at, x.came_at),
    pages = coalesce(excluded.pages, x.pages),
    complete = coalesce(excluded.complete, x.complete),
    reason = coalesce(excluded.reason, x.reason),
    station = coalesce(excluded.station, x.station),
    bytes = coalesce(excluded.bytes, x.bytes),
    file = coalesce(excluded.file, x.file),
    read_at = coalesce(x.read_at, excluded.read_at),
    deleted_at = coalesce(x.deleted_at, excluded.deleted_at);
