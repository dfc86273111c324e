-- Imports are told apart by their time: a counter would have to be copied by backups, too.

ALTER TABLE figures_import DROP COLUMN id;
