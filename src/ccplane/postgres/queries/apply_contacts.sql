-- apply_contacts --
-- A contact's row: what the batch's facts say, over what the row said. One pass and one upsert for all contacts of the
-- batch. The states are those of the table PHASE; the fact alone says where it leads.
-- Of a contact that was carried to the fallback (no cause: we were not told of its end) ContactEnded says when we found
-- out, which may be long after the call was over: where FallbackServed tells of an end, that one counts.
INSERT INTO contact AS c (
    id, node, channel, number_dialled, caller, caller_name, language, attribution, site, program, state, queue, agent,
    arrived_at, answered_at, ended_at, ended_by, cause, gap_ms, direction, fallback, self_served)
SELECT
    contact,
    max(body ->> 'node') FILTER (WHERE kind = 'ContactArrived'),
    max(body ->> 'channel') FILTER (WHERE kind = 'ContactArrived'),
    max(body ->> 'number_dialled') FILTER (WHERE kind = 'ContactArrived'),
    max(body ->> 'caller') FILTER (WHERE kind = 'ContactArrived'),
    max(body ->> 'caller_name') FILTER (WHERE kind = 'ContactArrived'),
    (array_agg(body ->> 'language' ORDER BY seq DESC) FILTER (WHERE kind IN ('ContactArrived', 'LanguageSet')))[1],
    max(body ->> 'attribution') FILTER (WHERE kind = 'ContactArrived'),
    max(body ->> 'site') FILTER (WHERE kind = 'ContactArrived'),
    (array_agg(body ->> 'program' ORDER BY seq DESC) FILTER (WHERE kind = 'ProgramStarted'))[1],
    (array_agg(
        CASE kind
            WHEN 'ContactQueued' THEN 'waiting'
            WHEN 'OfferAnswered' THEN 'connecting'
            WHEN 'ConnectFailed' THEN 'waiting'
            WHEN 'TalkStarted' THEN 'talking'
            WHEN 'PartyCalled' THEN 'calling'
            WHEN 'CallConnected' THEN 'in-call'
            WHEN 'ConferenceAsked' THEN 'conferring'
            WHEN 'ConferenceEntered' THEN 'conferring'
            WHEN 'ContactEnded' THEN 'ended'
            ELSE 'in-program'
        END ORDER BY seq DESC)
        FILTER (WHERE kind NOT IN (
            'ProgramStarted', 'CallerAnswered', 'LanguageSet', 'ContactRelinked', 'FallbackServed')))[1],
    (array_agg(body ->> 'queue' ORDER BY seq DESC) FILTER (WHERE kind IN ('ContactQueued', 'FallbackServed')))[1],
    (array_agg(agent ORDER BY seq DESC)
        FILTER (WHERE kind IN ('ContactArrived', 'TalkStarted', 'FallbackServed') AND agent IS NOT NULL))[1],
    instant(min(coalesce((body ->> 'arrived_at')::bigint, at))),
    instant(min(at) FILTER (WHERE kind = 'CallerAnswered')),
    instant(coalesce(
        CASE WHEN bool_or(kind = 'ContactEnded' AND body ->> 'by' = 'fallback' AND (body ->> 'cause')::integer = 0)
            THEN max(served_until) END,
        max(greatest(served_until, CASE kind WHEN 'ContactEnded' THEN coalesce((body ->> 'ended_at')::bigint, at) END)))),
    max(body ->> 'by') FILTER (WHERE kind = 'ContactEnded'),
    max((body ->> 'cause')::integer) FILTER (WHERE kind = 'ContactEnded'),
    coalesce(sum((body ->> 'gap_ms')::bigint) FILTER (WHERE kind = 'ContactRelinked'), 0),
    coalesce(max(body ->> 'direction') FILTER (WHERE kind = 'ContactArrived'), 'inbound'),
    bool_or(kind = 'FallbackServed' OR (kind = 'ContactEnded' AND body ->> 'by' = 'fallback')),
    coalesce(bool_or((body ->> 'self_served')::boolean) FILTER (WHERE kind = 'ContactEnded'), false)
FROM batch CROSS JOIN LATERAL (
    SELECT CASE kind WHEN 'FallbackServed' THEN
        (body ->> 'queued_at')::bigint + (body ->> 'waited_ms')::bigint + coalesce((body ->> 'talk_ms')::bigint, 0)
    END AS served_until) stay
WHERE epoch = $1 AND seq > $2 AND seq <= $3
    AND kind IN (
        'ContactArrived', 'ProgramStarted', 'CallerAnswered', 'ContactQueued', 'ContactUnqueued', 'OfferAnswered',
        'ConnectFailed', 'TalkStarted', 'TalkEnded', 'PartyCalled', 'CallConnected', 'CallMissed', 'CallEnded',
        'ConferenceAsked', 'ConferenceEntered', 'ConferenceLeft',
        'LanguageSet', 'ContactRelinked', 'ContactEnded', 'FallbackServed')
GROUP BY contact
ON CONFLICT (id) DO UPDATE SET
    node = coalesce(c.node, excluded.node),
    channel = coalesce(c.channel, excluded.channel),
    number_dialled = coalesce(c.number_dialled, excluded.number_dialled),
    caller = coalesce(c.caller, excluded.caller),
    caller_name = coalesce(c.caller_name, excluded.caller_name),
    language = coalesce(excluded.language, c.language),
    attribution = coalesce(c.attribution, excluded.attribution),
    site = coalesce(c.site, excluded.site),
    program = coalesce(excluded.program, c.program),
    state = coalesce(excluded.state, c.state),
    queue = coalesce(excluded.queue, c.queue),
    agent = coalesce(excluded.agent, c.agent),
    answered_at = coalesce(c.answered_at, excluded.answered_at),
    ended_at = CASE
        WHEN excluded.ended_by = 'fallback' AND excluded.cause = 0 THEN coalesce(c.ended_at, excluded.ended_at)
        WHEN c.ended_by = 'fallback' AND c.cause = 0 THEN coalesce(excluded.ended_at, c.ended_at)
        ELSE greatest(excluded.ended_at, c.ended_at)
    END,
    ended_by = coalesce(excluded.ended_by, c.ended_by),
    cause = coalesce(excluded.cause, c.cause),
    gap_ms = c.gap_ms + excluded.gap_ms,
    fallback = c.fallback OR excluded.fallback,
    self_served = c.self_served OR excluded.self_served;
