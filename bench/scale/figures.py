"""Statistics of what was measured: quantiles, slopes, histograms of Prometheus, and how cost grows."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

Labels = tuple[tuple[str, str], ...]
Samples = Mapping[tuple[str, Labels], float]


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of all values do not exceed; NaN of none."""
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, math.ceil(share * len(ordered)) - 1))]


def slope(points: Sequence[tuple[float, float]]) -> float:
    """By how much y grows with one of x: least squares; NaN of fewer than two moments."""
    if len(points) < 2:
        return math.nan
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    if not spread:
        return math.nan
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread


def samples(text: str) -> dict[tuple[str, Labels], float]:
    """Every sample of a /metrics page, by name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def total(found: Samples, name: str, **labels: str) -> float:
    """The sum of the samples of that name whose labels include these; 0 of none."""
    wanted = set(labels.items())
    return sum(value for (known, of), value in found.items() if known == name and wanted <= set(of))


@dataclass(frozen=True)
class Histogram:
    """How many observations were at most so large: (bound, count), rising, the last bound infinite."""

    buckets: tuple[tuple[float, float], ...]

    @property
    def count(self) -> float:
        return self.buckets[-1][1] if self.buckets else 0.0

    def quantile(self, share: float) -> float:
        """Estimated as Prometheus does: evenly within a bucket, from 0 in the first; the last finite bound
        for what lies beyond it; NaN of none."""
        if not self.count:
            return math.nan
        wanted, below, low = share * self.count, 0.0, 0.0
        for bound, count in self.buckets:
            if count >= wanted and count > below:
                return low if math.isinf(bound) else low + (bound - low) * (wanted - below) / (count - below)
            below, low = count, bound if not math.isinf(bound) else low
        return low

    def at_most(self) -> float:
        """The bound that nothing exceeds, infinite where only the last bucket says so; NaN of none."""
        if not self.count:
            return math.nan
        return next(bound for bound, count in self.buckets if count >= self.count)


def histogram(later: Samples, earlier: Samples, name: str, **labels: str) -> Histogram:
    """What was observed between two scrapes, all series with these labels together."""
    wanted = set(labels.items())
    counts: dict[float, float] = {}
    for sign, found in ((1.0, later), (-1.0, earlier)):
        for (known, of), value in found.items():
            if known == f"{name}_bucket" and wanted <= set(of):
                bound = float(dict(of)["le"])
                counts[bound] = counts.get(bound, 0.0) + sign * value
    return Histogram(tuple(sorted(counts.items())))


def growth(costs: Sequence[tuple[int, float]]) -> list[tuple[int, float, float]]:
    """(size, cost of a page, that against the smallest size's): above 1, cost grows faster than size."""
    if not costs:
        return []
    first = costs[0][1] / costs[0][0]
    return [(size, cost / size, cost / size / first if first else math.nan) for size, cost in costs]
