-- apply_gaps --
-- When a node was not watched, for a second or longer: shorter ones move no number by more (kpi/definitions.py). Either
-- it had to be found again, or it stayed connected and we stood still.
INSERT INTO gap (node, began_at, ended_at)
SELECT body ->> 'node', instant(at - (body ->> 'gap_ms')::bigint), instant(at)
FROM batch
WHERE epoch = $1 AND seq > $2 AND seq <= $3 AND kind IN ('SwitchFound', 'SwitchUnwatched')
    AND (body ->> 'gap_ms')::bigint >= 1000
ON CONFLICT (node, ended_at) DO UPDATE SET began_at = least(gap.began_at, excluded.began_at);
