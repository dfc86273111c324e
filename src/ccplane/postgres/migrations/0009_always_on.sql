-- Seats at which a line to the desk phone stays open between calls, for as long as somebody is signed in there.

ALTER TABLE seat ADD COLUMN always_on boolean NOT NULL DEFAULT false;
