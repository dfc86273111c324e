-- A customer may choose a time at which they are called back: not before it begins.

ALTER TABLE promise ADD COLUMN not_before timestamptz;
ALTER TABLE callback ADD COLUMN not_before timestamptz;
