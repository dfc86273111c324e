-- Lists of callbacks: those that are not over, of which there are few among many; and those of one number.
CREATE INDEX callback_open ON callback (asked_at DESC, id DESC) WHERE ended_at IS NULL;
CREATE INDEX callback_by_number ON callback (number, asked_at DESC, id DESC);
