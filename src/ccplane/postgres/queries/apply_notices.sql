-- apply_notices --
-- With the message's row, in one transaction: so each address and each service is told once, however often the fact is said.
INSERT INTO notice (id, message, kind, target, since, next_at)
SELECT 'n-' || (body ->> 'message') || '-' || place, body ->> 'message', each ->> 'kind', each ->> 'target', instant(at), instant(at)
FROM batch, jsonb_array_elements(body -> 'tell') WITH ORDINALITY AS told (each, place)
WHERE epoch = $1 AND seq > $2 AND seq <= $3 AND batch.kind = 'MessageStored'
ON CONFLICT DO NOTHING;
