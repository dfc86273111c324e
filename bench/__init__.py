"""Measures the plane from outside, at the phones, beside its peers. Nothing in `src/` imports this."""
