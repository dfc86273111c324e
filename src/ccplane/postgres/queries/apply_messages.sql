-- apply_messages --
-- MessageStored says all of a message, and the same if it is said again. Of the marks the last one counts, of those who
-- heard it the first.
INSERT INTO message AS m (
    id, contact, box, caller, number_dialled, source, left_at, ms, bytes, file, state, heard_at, heard_by)
SELECT
    body ->> 'message',
    max(contact),
    max(body ->> 'box'),
    max(body ->> 'caller'),
    max(body ->> 'number_dialled'),
    max(body ->> 'source'),
    instant(max((body ->> 'left_at')::bigint)),
    max((body ->> 'ms')::bigint),
    max((body ->> 'bytes')::bigint),
    max(body ->> 'file'),
    (array_agg(body ->> 'state' ORDER BY seq DESC) FILTER (WHERE kind = 'MessageMarked'))[1],
    instant(min(at) FILTER (WHERE body ->> 'state' = 'heard')),
    (array_agg(body ->> 'by' ORDER BY seq) FILTER (WHERE body ->> 'state' = 'heard'))[1]
FROM batch
WHERE epoch = $1 AND seq > $2 AND seq <= $3 AND kind IN ('MessageStored', 'MessageMarked')
GROUP BY body ->> 'message'
ON CONFLICT (id) DO UPDATE SET
    box = coalesce(excluded.box, m.box),
    caller = coalesce(excluded.caller, m.caller),
    number_dialled = coalesce(excluded.number_dialled, m.number_dialled),
    source = coalesce(excluded.source, m.source),
    left_at = coalesce(excluded.left_at, m.left_at),
    ms = coalesce(excluded.ms, m.ms),
    bytes = coalesce(excluded.bytes, m.bytes),
    file = coalesce(excluded.file, m.file),
    state = coalesce(excluded.state, m.state),
    heard_at = coalesce(m.heard_at, excluded.heard_at),
    heard_by = coalesce(m.heard_by, excluded.heard_by);
