"""Sound that can be proven has moved to `ccplane.testing.rtp`. This keeps its old name alive."""

from ccplane.testing.rtp import *  # noqa: F403
