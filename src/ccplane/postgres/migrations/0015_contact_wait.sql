-- How long a contact had waited by its clock when its stay in this queue ended: over all queues out of which it overflowed,
-- or was moved. `waited_ms` is the wait in this queue alone. Before this no queue took a contact over from another.
ALTER TABLE segment ADD COLUMN contact_waited_ms bigint;
UPDATE segment SET contact_waited_ms = waited_ms WHERE kind = 'queue' AND waited_ms IS NOT NULL;
