-- What there was before with a caller is asked for at every offer.

CREATE INDEX contact_by_caller ON contact (caller, arrived_at DESC);
