-- What callers faxed us, once it is in safety. Like all rows it follows from facts alone; the PDF itself lies in ccplane's
-- folder of faxes.

CREATE TABLE fax (
    id             text PRIMARY KEY,
    contact        text,
    box            text,
    caller         text,
    number_dialled text,
    came_at        timestamptz,
    pages          bigint,
    complete       boolean,
    reason         text,                  -- why it is not complete
    station        text,                  -- what the other machine calls itself
    bytes          bigint,
    file           text,                  -- in the folder of faxes
    read_at        timestamptz,           -- first
    deleted_at     timestamptz
) WITH (fillfactor = 80);

CREATE INDEX fax_by_time ON fax (came_at DESC, id DESC);
CREATE INDEX fax_by_contact ON fax (contact);
