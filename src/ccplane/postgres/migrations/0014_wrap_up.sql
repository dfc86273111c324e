-- When it was told that a talk is over: its agent wraps up from then on, also where it had ended before (`ended_at`), while
-- we stood still. Null in rows of before, where nothing but `ended_at` is known, and for stays in a queue.
ALTER TABLE segment ADD COLUMN over_at timestamptz;
