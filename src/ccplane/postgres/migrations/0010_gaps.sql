-- When nobody watched a node: what happened to calls meanwhile was found out afterwards, or not at all. Numbers of an
-- interval that one of these touches are provisional.

CREATE TABLE gap (
    node     text        NOT NULL,
    began_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    PRIMARY KEY (node, ended_at)
);

CREATE INDEX gap_by_time ON gap USING gist (tstzrange(began_at, ended_at, '[]'));

INSERT INTO gap (node, began_at, ended_at)
SELECT body ->> 'node', instant(at - (body ->> 'gap_ms')::bigint), instant(at)
FROM fact
WHERE kind = 'SwitchFound' AND (body ->> 'gap_ms')::bigint >= 1000
ON CONFLICT (node, ended_at) DO NOTHING;
