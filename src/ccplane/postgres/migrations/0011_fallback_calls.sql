-- Contacts that the switch's own fallback had, wholly or from some moment on, while ccplane was away.

ALTER TABLE contact ADD COLUMN fallback boolean NOT NULL DEFAULT false;
