-- read_watermark --
-- seq goes on over the epochs of an outbox, so the greatest of them is where its shipping stands.
SELECT coalesce(max(seq), 0) FROM watermark WHERE outbox = $1;

-- advance_watermark --
-- Locks and moves in one statement. No row comes back if the epoch stands elsewhere than we think or is another's: then
-- somebody (a connection of ours that we gave up, and that committed after all) has been here, and nothing may be stored.
INSERT INTO watermark AS w (epoch, outbox, seq) VALUES ($1, $2, $4)
ON CONFLICT (epoch) DO UPDATE SET seq = excluded.seq WHERE w.outbox = excluded.outbox AND w.seq = $3
RETURNING seq;

-- watermark_of_epoch --
-- To say why the watermark could not be moved.
SELECT outbox, seq FROM watermark WHERE epoch = $1;
