-- rules_before_replay --
-- The last rules loaded until the end of a day: days are looked into from that one backward, up to the first that has any.
SELECT body::text AS body FROM fact WHERE day <= $1 AND kind = 'RulesLoaded' ORDER BY day DESC, epoch DESC, seq DESC LIMIT 1;

-- facts_before_replay --
-- How a day began: the last fact of each kind, and of each agent, from before it, in the order in which they came. Agents'
-- own are looked for in the week before: nobody is signed in for longer.
SELECT body FROM (
    SELECT DISTINCT ON (kind, agent) epoch, seq, body::text AS body
    FROM fact
    WHERE day <= $1 AND at < $2 AND kind = ANY($3) AND (agent IS NULL OR day >= $1 - 7)
    ORDER BY kind, agent, epoch DESC, seq DESC
) AS last
ORDER BY epoch, seq;

-- facts_to_replay --
-- What the simulator makes a day of, in the order in which it was decided.
SELECT body::text AS body
FROM fact
WHERE day >= $1 AND day <= $2 AND at >= $3 AND at < $4 AND kind = ANY($5)
ORDER BY epoch, seq;
