"""What the daemon said of each step of each site."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

SAME, UPDATE, EVENT, DEFACEMENT = "same page", "ordinary update", "labelled event", "defacement"
KINDS = (SAME, UPDATE, EVENT, DEFACEMENT)
CLEAN, CHANGED, DEFACED, UNREACHABLE, UNSEEN = "clean", "changed", "defaced", "unreachable", "not seen"
VERDICTS = (CLEAN, CHANGED, DEFACED, UNREACHABLE, UNSEEN)
CHANNELS = ("e-mail", "Telegram")


@dataclass
class Said:
    """One step of one site, from one version to another.

    `verdict`, `score` and `signals` (those with points) are of the worst check of the step; `seconds` passed
    until browser and probe had judged it. `messages` counts what officers received of it. `resolved` says
    whether the page was clean again after its new look was approved (None: nothing had to be approved).
    For a defacement `received` has the seconds until each channel brought a message, `page` what was served.
    """

    site: str
    verdict: str
    score: float
    signals: dict[str, float]
    kind: str = SAME
    versions: tuple[int, int] = (0, 0)
    seconds: float = 0.0
    messages: int = 0
    resolved: bool | None = None
    received: dict[str, float] = field(default_factory=dict)
    page: str = ""


def counts(said: Iterable[Said]) -> dict[str, Counter[str]]:
    """How often each verdict was said, by kind of step."""
    table: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    for one in said:
        table[one.kind][one.verdict] += 1
    return table


def times(said: Iterable[Said], channel: str) -> list[float]:
    """Seconds from defacement to receipt, sorted; defacements that the channel did not tell are left out."""
    return sorted(one.received[channel] for one in said if channel in one.received)


def percentile(values: Sequence[float], share: float) -> float | None:
    """The nearest-rank percentile of sorted `values`; None of nothing."""
    if not values:
        return None
    return values[max(0, math.ceil(share * len(values)) - 1)]
