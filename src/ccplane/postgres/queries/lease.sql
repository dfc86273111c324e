-- take_lease --
-- One statement, by the database's clock as it is once the row is ours to change (now() would be of before the wait).
-- One's own lease is taken again at once, with the next epoch; another's only when it has run out.
INSERT INTO lease AS l (site, holder, epoch, taken_at, expires_at)
VALUES ($1, $2, $3::bigint + 1, clock_timestamp(), clock_timestamp() + $4::interval)
ON CONFLICT (site) DO UPDATE SET
    holder = excluded.holder,
    epoch = greatest(l.epoch, $3::bigint) + 1,
    taken_at = clock_timestamp(),
    expires_at = clock_timestamp() + $4::interval
WHERE l.holder = excluded.holder OR l.expires_at < clock_timestamp()
RETURNING epoch;

-- renew_lease --
-- Also after it ran out, as long as nobody else took it: the row is the truth.
UPDATE lease SET expires_at = clock_timestamp() + $4::interval
WHERE site = $1 AND holder = $2 AND epoch = $3
RETURNING epoch;

-- release_lease --
-- The row stays, so that epochs go on rising.
UPDATE lease SET expires_at = clock_timestamp() - interval '1 ms' WHERE site = $1 AND holder = $2 AND epoch = $3;

-- who_leads --
-- To say who is in the way.
SELECT holder, epoch, extract(epoch FROM expires_at - clock_timestamp())::float8 AS expires_in FROM lease WHERE site = $1;
