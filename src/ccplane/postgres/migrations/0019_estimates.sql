-- How long we thought, when a contact entered a queue, that it would wait there. NULL: nobody could tell.
ALTER TABLE segment ADD COLUMN estimate_ms bigint;
