-- contacts --
-- By (arrived_at, id), so that a page never repeats or loses one while new calls arrive.
SELECT id, node, channel, number_dialled, caller, caller_name, language, attribution, site, program, state, queue, agent,
       ms(arrived_at) AS arrived_at, ms(answered_at) AS answered_at, ms(ended_at) AS ended_at, ended_by, cause, gap_ms
FROM contact
WHERE ($1::text IS NULL OR state = $1)
  AND ($2::text IS NULL OR queue = $2)
  AND ($3::text IS NULL OR agent = $3)
  AND ($4::text IS NULL OR number_dialled = $4)
  AND ($5::bigint IS NULL OR arrived_at >= instant($5))
  AND ($6::bigint IS NULL OR arrived_at < instant($6))
  AND ($7::bigint IS NULL OR (arrived_at, id) < (instant($7), $8::text))
ORDER BY arrived_at DESC, id DESC
LIMIT $9;

-- contact --
-- The row as `contacts` gives it.
SELECT id, node, channel, number_dialled, caller, caller_name, language, attribution, site, program, state, queue, agent,
       ms(arrived_at) AS arrived_at, ms(answered_at) AS answered_at, ms(ended_at) AS ended_at, ended_by, cause, gap_ms
FROM contact WHERE id = $1;

-- segments_of_contact --
-- In the order they began.
SELECT segment, kind, queue, agent, offer, ms(started_at) AS started_at, ms(ended_at) AS ended_at, outcome, ended_by,
       waited_ms, talk_ms, wrap_up_ms, provisional
FROM segment WHERE contact = $1 ORDER BY segment;

-- offers_of_contact --
-- In the order they were made.
SELECT id, agent, queue, segment, attempt, state, ms(made_at) AS made_at, ms(ringing_at) AS ringing_at,
       ms(answered_at) AS answered_at, ms(ended_at) AS ended_at, cause, sip, rang, ring_ms, trace
FROM offer WHERE contact = $1 ORDER BY made_at, segment, attempt;

-- facts_of_contact --
-- As they were decided.
SELECT body FROM fact WHERE contact = $1 ORDER BY epoch, seq;
