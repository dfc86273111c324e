"""`decide` and `evolve` over the whole state, made of the domains' (law 1). Pure: no await, clock, chance or I/O."""

from ccplane.core.decide import Decision, decide
from ccplane.core.evolve import evolve
from ccplane.core.state import State

__all__ = ["Decision", "State", "decide", "evolve"]
