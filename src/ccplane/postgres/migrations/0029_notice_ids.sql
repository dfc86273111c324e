-- A notice's id follows from its message and its place among those who are told, as all ids do: a number that Postgres counts up
-- begins anew in a restored copy, and would be taken there.

ALTER TABLE notice ALTER COLUMN id DROP IDENTITY;
ALTER TABLE notice ALTER COLUMN id TYPE text USING 'n-' || message || '-' || id;
