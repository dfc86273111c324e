-- What an agent is good for beside skills. `languages`: a list; `queues`: by name {"level", "priority"}, none is all whose
-- steps they meet; `capacity`: contacts at once, by class of channel. Those who were here before serve as they did.
ALTER TABLE agent
    ADD COLUMN languages jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN queues    jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN capacity  jsonb NOT NULL DEFAULT '{"voice": 1}';
