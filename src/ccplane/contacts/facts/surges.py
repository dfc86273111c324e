"""When far more call than usual: what the site measured, and that it is over."""

from __future__ import annotations

from ccplane.laws import Fact


class SurgeBegan(Fact, frozen=True, kw_only=True):
    """`number`: the number dialled, "" for all of the site's. `arrivals` in this slot against the `usual` ones (the
    median of the same slot of the weeks before): `index` is their ratio. An emergency is proposed."""

    number: str
    arrivals: int
    usual: float
    index: float


class SurgeEnded(Fact, frozen=True, kw_only=True):
    """It is as usual again."""

    number: str


SurgeFact = SurgeBegan | SurgeEnded
