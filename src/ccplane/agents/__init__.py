"""Agents: what they want, do and can be reached at, and the one table of what is shown. Pure."""
