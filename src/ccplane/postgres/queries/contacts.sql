-- list_contacts --
-- Newest first, by keys of the index and not by counting: a page is as cheap as the first however far down, and none is
-- repeated or lost while new calls arrive. Filters that are null are not asked for; queue and agent mean any stay there.
SELECT
    id, node, channel, number_dialled, caller, caller_name, language, attribution, site, program, state, queue, agent,
    ended_by, cause, gap_ms, direction, fallback, self_served, is_provisional(c) AS provisional,
    ms(arrived_at) AS arrived_at, ms(answered_at) AS answered_at, ms(ended_at) AS ended_at
FROM contact AS c
WHERE ($1::text IS NULL OR c.state = $1)
    AND ($2::text IS NULL OR EXISTS (SELECT FROM segment s WHERE s.contact = c.id AND s.queue = $2))
    AND ($3::text IS NULL OR EXISTS (SELECT FROM segment s WHERE s.contact = c.id AND s.agent = $3))
    AND ($4::text IS NULL OR c.number_dialled = $4)
    AND ($5::bigint IS NULL OR c.arrived_at >= instant($5))
    AND ($6::bigint IS NULL OR c.arrived_at < instant($6))
    AND ($7::bigint IS NULL OR (c.arrived_at, c.id) < (instant($7), $8::text))
ORDER BY c.arrived_at DESC, c.id DESC
LIMIT $9;

-- read_contact --
-- One contact, the columns of the list.
SELECT
    id, node, channel, number_dialled, caller, caller_name, language, attribution, site, program, state, queue, agent,
    ended_by, cause, gap_ms, direction, fallback, self_served, is_provisional(c) AS provisional,
    ms(arrived_at) AS arrived_at, ms(answered_at) AS answered_at, ms(ended_at) AS ended_at
FROM contact AS c WHERE id = $1;

-- read_segments --
-- In the order in which they began.
SELECT
    s.segment, s.kind, s.queue, s.agent, s.offer, s.outcome, s.ended_by, s.waited_ms, s.talk_ms, s.wrap_up_ms, s.contact_waited_ms,
    s.estimate_ms,
    is_provisional(c.node, s) AS provisional, ms(s.started_at) AS started_at, ms(s.ended_at) AS ended_at
FROM segment AS s LEFT JOIN contact AS c ON c.id = s.contact
WHERE s.contact = $1 ORDER BY s.segment;

-- read_offers --
-- In the order in which they were made.
SELECT
    id, agent, queue, segment, attempt, leg, state, cause, sip, rang, ring_ms, trace::text AS trace,
    ms(made_at) AS made_at, ms(ringing_at) AS ringing_at, ms(answered_at) AS answered_at, ms(ended_at) AS ended_at
FROM offer WHERE contact = $1 ORDER BY made_at, segment, attempt;

-- read_facts --
-- The days bound it, so that only the partitions in which the contact can have facts are looked into.
SELECT epoch, seq, body::text AS body
FROM fact
WHERE contact = $1 AND day >= $2 AND day <= $3
ORDER BY epoch, seq;
