-- read_watermark --
-- seq goes on over the epochs of an outbox, so the greatest of them is where its shipping stands.
-- Whoever can be read but takes nothing is told at once, not only with the next fact.
SELECT coalesce(max(seq), 0) AS seq, current_setting('transaction_read_only')::bool AS read_only
FROM watermark WHERE outbox = $1;

-- advance_watermark --
-- Locks and moves in one statement. If the epoch stands elsewhere than we think, or is another's, its seq becomes null,
-- which the table refuses, and with it the whole batch: somebody (a connection of ours that we gave up, and that
-- committed after all) has been here, and nothing may be stored.
INSERT INTO watermark AS w (epoch, outbox, seq) VALUES ($1, $2, $4)
ON CONFLICT (epoch) DO UPDATE SET seq = CASE WHEN w.outbox = excluded.outbox AND w.seq = $3 THEN excluded.seq END;

-- watermark_of_epoch --
-- To say whether, and why, the watermark could not be moved.
SELECT outbox, seq FROM watermark WHERE epoch = $1;
