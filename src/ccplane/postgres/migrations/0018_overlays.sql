-- Edits of the site's files at run time: what stands at `path` instead. JSON's null is "no such key". `until`: null, for good.

CREATE TABLE overlay (
    path  text PRIMARY KEY,
    value jsonb       NOT NULL,
    who   text        NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz
);
