-- Where the fold of agents' intervals stands with the nodes: who is reached through one that is away is unreachable.
CREATE TABLE node_away (
    node text PRIMARY KEY,
    away boolean NOT NULL
);

INSERT INTO node_away (node, away)
SELECT DISTINCT ON (body ->> 'node') body ->> 'node', kind = 'SwitchAway'
FROM fact
WHERE kind IN ('SwitchAway', 'SwitchFound')
ORDER BY body ->> 'node', epoch DESC, seq DESC;
