-- import_agents --
-- Insert where absent, in one statement: whoever lives here already was edited by people, and files don't overwrite them.
INSERT INTO agent (id, name, skills, seat, phone, sip_secret, role, languages, queues, capacity, wrap_up, team)
SELECT id, name, skills, id, id, sip_secret, role, languages, queues, capacity, wrap_up, team
FROM unnest($1::text[], $2::text[], $3::jsonb[], $4::text[], $5::text[], $6::jsonb[], $7::jsonb[], $8::jsonb[],
    $9::jsonb[], $10::text[])
    AS entry (id, name, skills, sip_secret, role, languages, queues, capacity, wrap_up, team)
ON CONFLICT (id) DO NOTHING
RETURNING id;

-- read_people --
-- In the order of their ids, so that the same people are the same list.
SELECT id, name, skills::text AS skills, seat, phone, sip_secret, role, pin_hash,
    languages::text AS languages, queues::text AS queues, capacity::text AS capacity, wrap_up::text AS wrap_up, team
FROM agent WHERE active ORDER BY id;

-- person_to_edit --
-- Locked, so that of two edits at once the later one sees what the earlier made.
SELECT id, name, skills::text AS skills, seat, phone, sip_secret, role, pin_hash,
    languages::text AS languages, queues::text AS queues, capacity::text AS capacity, wrap_up::text AS wrap_up, team
FROM agent WHERE active AND id = $1 FOR UPDATE;

-- edit_person --
-- All that may be edited, whatever of it is other than before.
UPDATE agent SET name = $2, skills = $3, languages = $4, queues = $5, capacity = $6, wrap_up = $7, team = $8 WHERE id = $1;

-- put_pin_hash --
-- By id alone: who has left keeps a hash that nobody reads.
UPDATE agent SET pin_hash = $2 WHERE id = $1;
