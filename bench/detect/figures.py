"""Rates with intervals that know that the cases of one site are not independent."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

RESAMPLES = 2000
LEVEL = 0.95
FEW = 5  # sites, below which a bootstrap of them says too little
HALVINGS = 50


@dataclass(frozen=True)
class Rate:
    """`hits` of `n` cases on `sites` sites, and the 95 % interval of that rate."""

    hits: int
    n: int
    sites: int
    low: float
    high: float

    @property
    def value(self) -> float:
        return self.hits / self.n if self.n else math.nan


def rate(hits_by_site: Mapping[str, Sequence[bool]], *, seed: int) -> Rate:
    """The rate over all cases. Its interval is a bootstrap of sites (Davison & Hinkley 1997, 2.4, 3.8), each
    drawn with all its cases.

    Where all sites have the same rate that collapses to a point, and of fewer than `FEW` sites it is too
    narrow. There it is widened to the exact binomial interval of as many cases as there are sites, as if
    those of one site were one: the hits are scaled to that number, rounded down for the lower end and up
    for the upper one."""
    sites = [(sum(cases), len(cases)) for _, cases in sorted(hits_by_site.items()) if cases]
    hits, n = sum(h for h, _ in sites), sum(m for _, m in sites)
    if not n:
        return Rate(0, 0, 0, math.nan, math.nan)
    low, high = _bootstrap(sites, Random(seed))
    if low == high or len(sites) < FEW:
        scaled, left = divmod(hits * len(sites), n)
        low = min(low, exact(scaled, len(sites))[0])
        high = max(high, exact(scaled + (left > 0), len(sites))[1])
    return Rate(hits, n, len(sites), low, high)


def _bootstrap(sites: Sequence[tuple[int, int]], dice: Random) -> tuple[float, float]:
    """The percentile interval of the rate over (hits, cases) of sites drawn again and again."""
    drawn = []
    for _ in range(RESAMPLES):
        some = dice.choices(sites, k=len(sites))
        drawn.append(sum(h for h, _ in some) / sum(m for _, m in some))
    drawn.sort()
    cut = int((1 - LEVEL) / 2 * RESAMPLES)
    return drawn[cut], drawn[-1 - cut]


def exact(hits: int, n: int) -> tuple[float, float]:
    """The exact binomial interval (Clopper & Pearson 1934) of `hits` among `n`, by bisection."""
    return _lower(hits, n), 1 - _lower(n - hits, n)


def _lower(hits: int, n: int) -> float:
    """The rate at which so many hits or more come up in half of what `LEVEL` leaves; 0 for none."""
    if not hits:
        return 0.0
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        tail = sum(math.comb(n, k) * middle**k * (1 - middle) ** (n - k) for k in range(hits, n + 1))
        low, high = (middle, high) if tail < (1 - LEVEL) / 2 else (low, middle)
    return (low + high) / 2


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of them do not exceed; NaN of none."""
    if not values:
        return math.nan
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
