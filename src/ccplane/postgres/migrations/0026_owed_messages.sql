-- Messages that are owed an answer (acd/voicemail.toml): by whom, until when, and whether it was given.

ALTER TABLE message
    ADD COLUMN owed        boolean NOT NULL DEFAULT false,
    ADD COLUMN queue       text,
    ADD COLUMN agent       text,
    ADD COLUMN answer_until   timestamptz,
    ADD COLUMN owner       text,          -- which agent has taken it; '' after it was given back
    ADD COLUMN taken_at    timestamptz,
    ADD COLUMN overdue_at  timestamptz,
    ADD COLUMN answered_at timestamptz,
    ADD COLUMN answered_by text;

CREATE INDEX message_owed ON message (answer_until, left_at)
    WHERE owed AND answered_at IS NULL AND state IS DISTINCT FROM 'deleted';
