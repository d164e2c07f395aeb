"""What a schedule costs on this host, before it is tried and while it runs. Pure.

Costs are in seconds of one processor, loads in the same a second: a load of 1.0 keeps one processor busy.
"""

from collections.abc import Iterable
from dataclasses import dataclass

COVERED = 0.99  # share of probes made within their interval, below which a host does not keep up
COVERED_AGAIN = 0.995  # … above which it does again; what lies between changes nothing
AFFORDABLE = 0.7  # of all processors: what is left over takes the peaks

ENOUGH_PROBES, ENOUGH_CAPTURES = 200, 20  # before an average means something


@dataclass(frozen=True)
class Costs:
    """What one errand costs on average. As they are here they were measured on two cores of a server (see
    docs/benchmarks.md); a daemon that has run for a while knows those of its own host."""

    probe: float = 0.004
    capture: float = 1.1
    revalidation: float = 0.02  # of all that one page is made of


@dataclass(frozen=True)
class Load:
    """Errands a second, of how many pages; and what they come to."""

    pages: int
    probes: float
    captures: float
    revalidations: float
    costs: Costs
    processors: float

    @property
    def total(self) -> float:
        return self.of_probes + self.of_captures + self.of_revalidations

    @property
    def of_probes(self) -> float:
        return self.probes * self.costs.probe

    @property
    def of_captures(self) -> float:
        return self.captures * self.costs.capture

    @property
    def of_revalidations(self) -> float:
        return self.revalidations * self.costs.revalidation

    @property
    def affordable(self) -> bool:
        return self.total <= AFFORDABLE * self.processors

    @property
    def bearable(self) -> bool:
        """Whether at least the probes can be afforded: then the round of captures is stretched."""
        return self.of_probes + self.of_revalidations <= AFFORDABLE * self.processors

    @property
    def stretch(self) -> float:
        """How many times longer than wanted the round of captures takes; 1 where it is affordable."""
        left = AFFORDABLE * self.processors - self.of_probes - self.of_revalidations
        if self.of_captures <= left:
            return 1.0
        return self.of_captures / left if left > 0 else float("inf")

    @property
    def sentence(self) -> str:
        """The sum, for people."""
        return (
            f"{self.pages} pages: {self.probes:.1f} probes/s × {self.costs.probe * 1000:.1f} ms"
            f" + {self.revalidations:.1f} revalidations/s × {self.costs.revalidation * 1000:.0f} ms"
            f" + {self.captures:.2f} captures/s × {self.costs.capture:.2f} s"
            f" = {self.total:.2f} of {self.processors:g} processors"
        )


class Meter:
    """Learns what errands cost here from what the processes have used. All that the daemon itself does is
    counted as probes, all that others do for it as captures: what they come to together is right."""

    def __init__(self) -> None:
        self.costs: Costs | None = None  # None until enough has been seen
        self._began: tuple[float, float, int, int] | None = None

    def note(self, *, daemon: float, others: float, probes: int, captures: int) -> None:
        """Processor time used and errands done so far. Processes that end take what they used with them:
        then it is begun anew."""
        now = (daemon, others, probes, captures)
        if self._began is None or others < self._began[1]:
            self._began = now
            return
        spent, done = now[0] - self._began[0], now[2] - self._began[2]
        outside, captured = now[1] - self._began[1], now[3] - self._began[3]
        if done < ENOUGH_PROBES or captured < ENOUGH_CAPTURES:
            return
        self.costs = Costs(probe=spent / done, capture=outside / captured, revalidation=0.0)
        self._began = now


def keeps_up(coverage: float) -> bool | None:
    """Whether a host keeps up with its schedule; None: not well, and no reason to say that it has become ill
    or well. One threshold would be crossed time and again by a host that is just about able to."""
    if coverage < COVERED:
        return False
    return True if coverage > COVERED_AGAIN else None


def load_of(pages: Iterable[tuple[float, float, float | None]], costs: Costs, *, processors: float) -> Load:
    """The load of pages by their intervals in seconds: probe, capture, revalidation (None: never)."""
    probes = captures = revalidations = 0.0
    number = 0
    for probe, capture, revalidation in pages:
        number += 1
        probes += 1 / probe
        captures += 1 / capture
        revalidations += 1 / revalidation if revalidation else 0.0
    return Load(number, probes, captures, revalidations, costs, processors)
