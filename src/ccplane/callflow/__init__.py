"""What a call does: the `Call` that a program awaits, the loader, and the runner over the journal."""

from ccplane.callflow.call import Call, CallerGone
from ccplane.callflow.runner import Runner

__all__ = ["Call", "CallerGone", "Runner"]
