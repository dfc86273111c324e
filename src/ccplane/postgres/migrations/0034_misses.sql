-- Offers that were missed, by cause; how long those that were answered rang; who was answered, and was offered to nobody
-- the moment they came.
ALTER TABLE slice
    ADD COLUMN missed_no_answer bigint NOT NULL DEFAULT 0,
    ADD COLUMN missed_rejected bigint NOT NULL DEFAULT 0,
    ADD COLUMN missed_busy bigint NOT NULL DEFAULT 0,
    ADD COLUMN missed_unreachable bigint NOT NULL DEFAULT 0,
    ADD COLUMN answered_ring_ms bigint NOT NULL DEFAULT 0,
    ADD COLUMN answered_delayed bigint NOT NULL DEFAULT 0,
    ADD COLUMN delayed_wait_ms bigint NOT NULL DEFAULT 0;
ALTER TABLE slice_fresh
    ADD COLUMN missed_no_answer bigint NOT NULL DEFAULT 0,
    ADD COLUMN missed_rejected bigint NOT NULL DEFAULT 0,
    ADD COLUMN missed_busy bigint NOT NULL DEFAULT 0,
    ADD COLUMN missed_unreachable bigint NOT NULL DEFAULT 0,
    ADD COLUMN answered_ring_ms bigint NOT NULL DEFAULT 0,
    ADD COLUMN answered_delayed bigint NOT NULL DEFAULT 0,
    ADD COLUMN delayed_wait_ms bigint NOT NULL DEFAULT 0;

-- What is kept already is counted anew with the next round.
INSERT INTO quarter_changed (began_at, ends_at) SELECT DISTINCT began_at, ends_at FROM slice WHERE grain = 'quarter';
