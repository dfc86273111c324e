-- apply_messages --
-- MessageStored says all of a message, and the same if it is said again. Of the marks the last one counts, of those who
-- heard it and of those who answered it the first; who has it now the last of those who took it or gave it back.
INSERT INTO message AS m (
    id, contact, box, caller, number_dialled, source, left_at, ms, bytes, file, state, heard_at, heard_by,
    owed, queue, agent, answer_until, owner, taken_at, overdue_at, answered_at, answered_by)
SELECT
    body ->> 'message',
    max(contact),
    max(body ->> 'box'),
    max(body ->> 'caller') FILTER (WHERE kind = 'MessageStored'),
    max(body ->> 'number_dialled'),
    max(body ->> 'source'),
    instant(max((body ->> 'left_at')::bigint)),
    max((body ->> 'ms')::bigint),
    max((body ->> 'bytes')::bigint),
    max(body ->> 'file'),
    (array_agg(body ->> 'state' ORDER BY seq DESC) FILTER (WHERE kind = 'MessageMarked'))[1],
    instant(min(at) FILTER (WHERE body ->> 'state' = 'heard')),
    (array_agg(body ->> 'by' ORDER BY seq) FILTER (WHERE body ->> 'state' = 'heard'))[1],
    bool_or((body ->> 'owed')::boolean) IS TRUE,
    max(body ->> 'queue'),
    max(body ->> 'agent'),
    instant(max((body ->> 'answer_until')::bigint)),
    (array_agg(coalesce(body ->> 'owner', '') ORDER BY seq DESC)
        FILTER (WHERE kind IN ('MessageTakenOn', 'MessageGivenBack')))[1],
    instant((array_agg(at ORDER BY seq DESC) FILTER (WHERE kind = 'MessageTakenOn'))[1]),
    instant(min(at) FILTER (WHERE kind = 'MessageOverdue')),
    instant(min(at) FILTER (WHERE kind = 'MessageAnswered')),
    (array_agg(body ->> 'by' ORDER BY seq) FILTER (WHERE kind = 'MessageAnswered'))[1]
FROM batch
WHERE epoch = $1 AND seq > $2 AND seq <= $3
    AND kind IN (
        'MessageStored', 'MessageMarked', 'MessageTakenOn', 'MessageGivenBack', 'MessageAnswered', 'MessageOverdue')
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
    heard_by = coalesce(m.heard_by, excluded.heard_by),
    owed = m.owed OR excluded.owed,
    queue = coalesce(excluded.queue, m.queue),
    agent = coalesce(excluded.agent, m.agent),
    answer_until = coalesce(excluded.answer_until, m.answer_until),
    owner = coalesce(excluded.owner, m.owner),
    taken_at = coalesce(excluded.taken_at, m.taken_at),
    overdue_at = coalesce(m.overdue_at, excluded.overdue_at),
    answered_at = coalesce(m.answered_at, excluded.answered_at),
    answered_by = coalesce(m.answered_by, excluded.answered_by);
