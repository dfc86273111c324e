-- import_seats --
-- Insert where absent, as agents are: what was edited here is not overwritten by files.
INSERT INTO seat (id, shared, auto_answer, always_on, sip_secret)
SELECT id, shared, auto_answer, always_on, sip_secret
FROM unnest($1::text[], $2::boolean[], $3::boolean[], $4::boolean[], $5::text[])
    AS entry (id, shared, auto_answer, always_on, sip_secret)
ON CONFLICT (id) DO NOTHING
RETURNING id;

-- read_seats --
-- In the order of their ids, so that the same seats are the same list.
SELECT id, shared, auto_answer, always_on, sip_secret FROM seat WHERE active ORDER BY id;
