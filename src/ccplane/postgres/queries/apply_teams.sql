-- apply_teams --
-- An agent's team where it is another than before. Where a batch says it twice, both are kept.
WITH said AS (
    SELECT epoch, seq, at, each ->> 'id' AS agent, coalesce(each ->> 'team', '') AS team
    FROM batch CROSS JOIN LATERAL jsonb_array_elements(body -> 'agents') AS each
    WHERE epoch = $1 AND seq > $2 AND seq <= $3 AND kind = 'PeopleLoaded'
    UNION ALL
    SELECT epoch, seq, at, agent, coalesce(body #>> '{profile,team}', '')
    FROM batch WHERE epoch = $1 AND seq > $2 AND seq <= $3 AND kind = 'AgentEdited'
), known AS (
    SELECT said.*, count(*) OVER (PARTITION BY said.agent) AS times, coalesce((
        SELECT t.team FROM agent_team AS t
        WHERE t.agent = said.agent AND (t.epoch, t.seq) < (said.epoch, said.seq)
        ORDER BY t.epoch DESC, t.seq DESC LIMIT 1), '') AS before
    FROM said
)
INSERT INTO agent_team (agent, epoch, seq, at, team)
SELECT agent, epoch, seq, at, team FROM known WHERE times > 1 OR team <> before
ON CONFLICT (agent, epoch, seq) DO NOTHING;
