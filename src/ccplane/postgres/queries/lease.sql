-- take_lease --
-- One statement: ours again at once, another's only when expired. The epoch is above all that either side ever used.
INSERT INTO lease AS l (site, holder, epoch, taken_at, expires_at)
VALUES ($1, $2, $3::bigint + 1, now(), now() + make_interval(secs => $4))
ON CONFLICT (site) DO UPDATE
SET holder = excluded.holder,
    epoch = greatest(l.epoch, $3::bigint) + 1,
    taken_at = now(),
    expires_at = excluded.expires_at
WHERE l.holder = excluded.holder OR l.expires_at <= now()
RETURNING epoch;

-- renew_lease --
-- No row comes back if it is not ours any more. A lease that ran out, and that nobody took, is still ours.
UPDATE lease SET expires_at = now() + make_interval(secs => $4)
WHERE site = $1 AND holder = $2 AND epoch = $3
RETURNING epoch;

-- lease --
-- Who has it, and for how long.
SELECT holder, epoch, extract(epoch FROM expires_at - now())::float8 AS expires_in FROM lease WHERE site = $1;

-- release_lease --
-- The epoch stays: the next one must be above it.
UPDATE lease SET expires_at = now() WHERE site = $1 AND holder = $2 AND epoch = $3;
