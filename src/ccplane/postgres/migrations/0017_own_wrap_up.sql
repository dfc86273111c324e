-- An agent's own rule for the work after a call, before that of any queue: {"time_ms", "extend_ms", "most_ms"}; null: none.
ALTER TABLE agent ADD COLUMN wrap_up jsonb;
