-- apply_callbacks --
-- The last fact that says something of a column counts; a promise that is over lets its number be promised again. Facts that
-- begin or end a stay in the line set its columns also to null: so the last of them is looked for, not the last value.
WITH said AS (
    SELECT seq, at, kind, body, body ->> 'callback' AS id
    FROM batch
    WHERE epoch = $1 AND seq > $2 AND seq <= $3
        AND kind IN (
            'CallbackAsked', 'CallbackPromised', 'CallbackRefused', 'CallbackQueued', 'CallbackClaiming', 'CallbackDialled',
            'CallbackReached', 'CallbackPutOff', 'CallbackEnded')
), over AS (
    UPDATE promise SET live = false
    WHERE promise.id = ANY (ARRAY (SELECT id FROM said WHERE kind = 'CallbackEnded')) AND promise.live
), refused AS (
    -- It may still be under way to being kept, and be committed only later: a row that is not live stands in its way.
    INSERT INTO promise (id, number, queue, since, made_at, expires_at, caller_name, number_dialled, language, live)
    SELECT DISTINCT ON (id) id, '', '', instant(at), instant(at), instant(at), '', '', '', false
    FROM said WHERE kind = 'CallbackRefused'
    ON CONFLICT (id) DO UPDATE SET live = false
), last AS (
    SELECT DISTINCT ON (id)
        id,
        CASE kind
            WHEN 'CallbackAsked' THEN 'asked' WHEN 'CallbackPromised' THEN 'pending' WHEN 'CallbackRefused' THEN 'refused'
            WHEN 'CallbackQueued' THEN 'waiting' WHEN 'CallbackClaiming' THEN 'claiming' WHEN 'CallbackDialled' THEN 'dialling'
            WHEN 'CallbackReached' THEN 'reached' WHEN 'CallbackPutOff' THEN 'pending' ELSE body ->> 'outcome'
        END AS state,
        CASE WHEN kind IN ('CallbackRefused', 'CallbackEnded') THEN at END AS ended,
        (body ->> 'next_at')::bigint AS next
    FROM said ORDER BY id, seq DESC
)
INSERT INTO callback AS c (
    id, number, queue, asked_in, asked_by, since, asked_at, expires_at, state, why, contact, agent, tries, next_at, reached_at,
    waited_ms, ended_at, not_before, promised, dialled)
SELECT
    said.id,
    max(body ->> 'number'),
    max(body ->> 'queue'),
    max(body ->> 'contact') FILTER (WHERE kind = 'CallbackAsked'),
    max(body ->> 'by') FILTER (WHERE kind = 'CallbackAsked'),
    instant(max((body ->> 'since')::bigint)),
    instant(max(at) FILTER (WHERE kind = 'CallbackAsked')),
    instant(max((body ->> 'expires_at')::bigint)),
    max(last.state),
    (array_agg(body ->> 'why' ORDER BY seq DESC)
        FILTER (WHERE kind IN ('CallbackRefused', 'CallbackPutOff', 'CallbackEnded')))[1],
    (array_agg(body ->> 'contact' ORDER BY seq DESC) FILTER (WHERE kind = 'CallbackQueued'))[1],
    (array_agg(body ->> 'agent' ORDER BY seq DESC) FILTER (
        WHERE kind IN ('CallbackClaiming', 'CallbackEnded') AND body ->> 'agent' IS NOT NULL))[1],
    max((body ->> 'tries')::integer),
    instant(max(last.next)),
    instant(max(at) FILTER (WHERE kind = 'CallbackReached')),
    max((body ->> 'waited_ms')::bigint) FILTER (WHERE kind = 'CallbackReached'),
    instant(max(last.ended)),
    instant(max((body ->> 'not_before')::bigint)),
    bool_or(kind = 'CallbackPromised'),
    count(*) FILTER (WHERE kind = 'CallbackDialled')
FROM said JOIN last ON last.id = said.id
GROUP BY said.id
ON CONFLICT (id) DO UPDATE SET
    number = coalesce(c.number, excluded.number),
    not_before = coalesce(c.not_before, excluded.not_before),
    promised = c.promised OR excluded.promised,
    dialled = c.dialled + excluded.dialled,
    queue = coalesce(c.queue, excluded.queue),
    asked_in = coalesce(c.asked_in, excluded.asked_in),
    asked_by = coalesce(c.asked_by, excluded.asked_by),
    since = coalesce(c.since, excluded.since),
    asked_at = coalesce(c.asked_at, excluded.asked_at),
    expires_at = coalesce(c.expires_at, excluded.expires_at),
    state = excluded.state,
    why = coalesce(excluded.why, c.why),
    contact = coalesce(excluded.contact, c.contact),
    agent = coalesce(excluded.agent, c.agent),
    tries = greatest(excluded.tries, c.tries),
    next_at = excluded.next_at,
    reached_at = coalesce(c.reached_at, excluded.reached_at),
    waited_ms = coalesce(c.waited_ms, excluded.waited_ms),
    ended_at = excluded.ended_at;
