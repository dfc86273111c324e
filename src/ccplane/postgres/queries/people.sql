-- import_agents --
-- One statement for all; who is there already stays as they are: files are read once, then people live here.
INSERT INTO agent (id, name, skills, seat, phone, sip_secret)
SELECT id, name, skills::jsonb, id, id, secret
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS entry (id, name, skills, secret)
ON CONFLICT (id) DO NOTHING
RETURNING id;

-- people --
-- Those who left keep their row, for the history, and are not active.
SELECT id, name, skills, seat, phone, sip_secret FROM agent WHERE active ORDER BY id;
