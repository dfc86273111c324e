-- What an agent may dial goes by their role (acd/dialling.toml).

ALTER TABLE agent ADD COLUMN role text NOT NULL DEFAULT 'agent';
