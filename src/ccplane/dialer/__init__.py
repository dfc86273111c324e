"""Dialling out: what decides how many lines, for whom and when. Pure."""
