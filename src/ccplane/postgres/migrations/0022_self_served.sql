-- Whether a program served the contact, so that it never came into a queue. Known once it has ended.
ALTER TABLE contact ADD COLUMN self_served boolean NOT NULL DEFAULT false;
UPDATE contact SET self_served = true
WHERE id IN (SELECT contact FROM fact WHERE kind = 'ContactEnded' AND (body ->> 'self_served')::boolean);
