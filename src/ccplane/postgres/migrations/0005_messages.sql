-- What callers left for us to hear, once it is in safety. Like all rows it follows from facts alone; the sound itself lies
-- in ccplane's folder of messages.

CREATE TABLE message (
    id             text PRIMARY KEY,
    contact        text,
    box            text,
    caller         text,
    number_dialled text,
    source         text,                  -- ivr, or the dialplan's fallback
    left_at        timestamptz,
    ms             bigint,
    bytes          bigint,
    file           text,                  -- in the folder of messages
    state          text,                  -- the last mark: new, heard, deleted; null before the first, which is new
    heard_at       timestamptz,           -- first
    heard_by       text
) WITH (fillfactor = 80);

CREATE INDEX message_by_time ON message (left_at DESC, id DESC);
CREATE INDEX message_by_contact ON message (contact);
