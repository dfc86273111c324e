-- agents_ever --
-- Who has left was here in the past that a file may be of.
SELECT id FROM agent UNION SELECT agent FROM agent_axes;

-- teams_ever --
-- Those of now and of before.
SELECT team FROM agent WHERE team <> '' UNION SELECT team FROM agent_team WHERE team <> '';

-- one_imports --
-- Of two imports at once the later sees what the earlier made; who reads goes on.
LOCK TABLE figures_import IN SHARE ROW EXCLUSIVE MODE;

-- imports --
-- The latest first.
SELECT ms(at) AS at, by, kind, first_day AS first, last_day AS last, added, changed, removed, same
FROM figures_import ORDER BY figures_import.at DESC LIMIT $1;

-- note_import --
-- What was replaced, for the record.
INSERT INTO figures_import (by, kind, first_day, last_day, added, changed, removed, same)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);
