-- apply_notices --
-- With the message's row, in one transaction: so each address and each service is told once, however often the fact is said.
INSERT INTO notice (message, kind, target, since, next_at)
SELECT body ->> 'message', each ->> 'kind', each ->> 'target', instant(at), instant(at)
FROM batch, jsonb_array_elements(body -> 'tell') AS each
WHERE epoch = $1 AND seq > $2 AND seq <= $3 AND batch.kind = 'MessageStored'
ORDER BY seq
ON CONFLICT (message, kind, target) DO NOTHING;
