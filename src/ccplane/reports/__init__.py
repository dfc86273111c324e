"""Reports: tables of figures of the past, as people print and file them."""
