"""What was measured of one monitor, and what that means: rules only.

A *spell* is a stretch of time in which a monitor looked at its pages. From the spells in which no text moved
comes the CPU of an unchanged check, u = cpu / checks. In a spell in which texts moved, some pages did not
(real ones that are served as they are), so a changed check is c = (cpu - u * still) / moved.

Equal time to detect. A page that is looked at every I seconds is defaced at any moment between two looks, so
half of all defacements are told within

    p50(I) = I / 2 + o

where o is what follows the look: the check itself, the rest of its run for a command that looks at all pages
and reports at its end, a second look, delivery. o is measured: the median wait at the interval that was run,
less half of it. Where a monitor ran over fewer pages than all, its round, and the rest of a command's run,
are taken to grow with their number. To have told half by T seconds, it must look every I(T) = 2 (T - o)
seconds, and one page costs, in one hour,

    cpu(T) = u * 3600 / I(T) + k

with k for what does not follow that interval: captures and revalidation of defacewatch, 0 for the others.
(What an idle server costs is in u, spread over the checks that were made meanwhile.)
T is the larger of both monitors' p50 at the shortest interval that they reach over all pages on this host, so
that both can keep it. One whose checks cost seconds reaches no short one over many pages; it is compared at
defacewatch's own T, as it is shipped, too, if it kept that over the fewer pages that it ran over.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.scale.figures import quantile

HOUR = 3600.0  # seconds


@dataclass(frozen=True)
class Spell:
    """CPU of the process tree and time that passed, in seconds; checks of pages whose text had `moved` since
    the look before, and of those that stood `still`; the most memory that the tree had, in bytes."""

    cpu: float
    seconds: float
    moved: int = 0
    still: int = 0
    rss: int = 0
    pss: int = 0
    processes: int = 0

    @property
    def checks(self) -> int:
        return self.moved + self.still


@dataclass
class Measured:
    """One monitor over `pages` pages. `waits` are the seconds from each defacement to its notification,
    `untold` defacements were not notified of, `interval` is the time from one look at a page to the next when
    they were done. `batch`: a command that reports when it has looked at all. `constant` is CPU seconds of a
    page and hour that do not follow the interval."""

    name: str
    pages: int
    note: str
    batch: bool = False
    unchanged: list[Spell] = field(default_factory=list)
    changed: list[Spell] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    untold: int = 0
    interval: float = math.nan
    constant: float = 0.0
    problem: str = ""
    remarks: list[str] = field(default_factory=list)

    @property
    def unchanged_check(self) -> float:
        """CPU seconds of a check of a page that is as it was; NaN if there was none."""
        return _share(sum(one.cpu for one in self.unchanged), sum(one.checks for one in self.unchanged))

    @property
    def changed_check(self) -> float:
        """CPU seconds of a check of a page whose text has moved, telling of it included; NaN of none."""
        still = sum(one.still for one in self.changed) * self.unchanged_check
        return _share(sum(one.cpu for one in self.changed) - still, sum(one.moved for one in self.changed))

    @property
    def rate(self) -> float:
        """Checks in a minute, of pages that are as they were; NaN if there was none."""
        return 60 * _share(sum(o.checks for o in self.unchanged), sum(o.seconds for o in self.unchanged))

    @property
    def rss(self) -> int:
        return max((one.rss for one in (*self.unchanged, *self.changed)), default=0)

    @property
    def pss(self) -> int:
        return max((one.pss for one in (*self.unchanged, *self.changed)), default=0)

    @property
    def p50(self) -> float:
        """Seconds within which half of the defacements were told, over the pages that it ran over. Those that
        were never told count as later than all; infinite where that is half of them."""
        return quantile([*self.waits, *[math.inf] * self.untold], 0.5)

    @property
    def longest(self) -> float:
        return math.inf if self.untold else max(self.waits, default=math.nan)

    def afterwards(self, pages: int) -> float:
        """Seconds between a look and the notification, the median, were it to run over so many pages."""
        measured = self.p50 - self.interval / 2
        return measured * pages / self.pages if self.batch else measured

    def shortest(self, pages: int) -> float:
        """Seconds between two looks at a page, were it to run over so many pages."""
        return self.interval * pages / self.pages

    def reached(self, pages: int) -> float:
        """Seconds within which half of the defacements would be told, were it to run over so many pages."""
        return self.shortest(pages) / 2 + self.afterwards(pages)

    def page_hour(self, told_by: float, pages: int) -> float:
        """CPU seconds for one page in an hour when half of the defacements are told within `told_by` seconds;
        infinite where that cannot be."""
        interval = 2 * (told_by - self.afterwards(pages))
        return self.unchanged_check * HOUR / interval + self.constant if interval > 0 else math.inf


@dataclass(frozen=True)
class Beside:
    """A peer and defacewatch at the same time to detect: `told_by` seconds for half of all defacements, and
    CPU seconds of a page and hour of both."""

    told_by: float
    theirs: float
    ours: float

    @property
    def ratio(self) -> float:
        """How many times as much the peer costs."""
        return _share(self.theirs, self.ours)


def beside(peer: Measured, ours: Measured, pages: int) -> Beside:
    """Both over so many pages at the time to detect that both can keep."""
    told_by = max(peer.reached(pages), ours.reached(pages))
    return Beside(told_by, peer.page_hour(told_by, pages), ours.page_hour(told_by, pages))


def as_shipped(peer: Measured, ours: Measured) -> Beside | None:
    """Both when half of the defacements are told as soon as defacewatch tells them at its defaults; None
    where the peer did not keep that time, even over the pages that it was run over."""
    told_by = ours.p50
    if not math.isfinite(told_by) or not peer.p50 <= told_by:
        return None
    return Beside(told_by, peer.page_hour(told_by, peer.pages), ours.page_hour(told_by, ours.pages))


def together(spells: Sequence[Spell]) -> Spell:
    """Spells that followed one another as one."""
    return Spell(
        sum(one.cpu for one in spells),
        sum(one.seconds for one in spells),
        sum(one.moved for one in spells),
        sum(one.still for one in spells),
        max((one.rss for one in spells), default=0),
        max((one.pss for one in spells), default=0),
        max((one.processes for one in spells), default=0),
    )


def _share(what: float, of: float) -> float:
    return what / of if of else math.nan
