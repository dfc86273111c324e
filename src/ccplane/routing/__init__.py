"""Who serves whom, and why: requirements, strategies and the choice itself. Pure."""
