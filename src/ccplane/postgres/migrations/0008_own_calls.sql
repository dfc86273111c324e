-- Agents' own calls: what an agent may dial goes by their role (acd/dialling.toml); such a contact has a direction, and
-- its talk is a segment of its own kind.

ALTER TABLE agent ADD COLUMN role text NOT NULL DEFAULT 'agent';

ALTER TABLE contact ADD COLUMN direction text NOT NULL DEFAULT 'inbound';

ALTER TABLE segment DROP CONSTRAINT segment_kind_check;
ALTER TABLE segment ADD CONSTRAINT segment_kind_check CHECK (kind IN ('queue', 'agent', 'call'));
ALTER TABLE segment DROP COLUMN provisional;
ALTER TABLE segment ADD COLUMN provisional boolean NOT NULL GENERATED ALWAYS AS (
    CASE kind WHEN 'queue' THEN outcome IS NULL WHEN 'call' THEN talk_ms IS NULL ELSE wrap_up_ms IS NULL END) STORED;
