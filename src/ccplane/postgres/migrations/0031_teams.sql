-- Teams: whose numbers an agent's count for, from when on they are in it.

ALTER TABLE agent ADD COLUMN team text NOT NULL DEFAULT '';

-- What the facts say, so that the past stays as it was when somebody changes; before their first row they were in none.
CREATE TABLE agent_team (
    agent text   NOT NULL,
    epoch bigint NOT NULL,
    seq   bigint NOT NULL,
    at    bigint NOT NULL,       -- ms UTC
    team  text   NOT NULL,
    PRIMARY KEY (agent, epoch, seq)
);
