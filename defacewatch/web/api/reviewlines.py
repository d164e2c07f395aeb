"""The models of captures that are judged, and of what is another in them."""

from typing import Annotated, Literal

from pydantic import Field

from defacewatch.baselines import Hurdle
from defacewatch.store.reviews import Origin
from defacewatch.verdicts import VerdictKind
from defacewatch.web.api.lines import CaptureLine, SignalLine
from defacewatch.web.api.shared import Moment, Shape


class PieceLine(Shape):
    """A part of a block: as it was (''), gone ('-') or new ('+'). Untrusted text."""

    mark: Literal["", "-", "+"]
    text: str


class DifferenceLine(Shape):
    kind: Literal["added", "removed", "changed"]
    hidden: Annotated[bool, Field(description="Visitors do not see it.")]
    pieces: list[PieceLine]


class HostLine(Shape):
    role: str
    host: str


class Reading(Shape):
    """What is another in two documents, in words; `made` false where there are no two, or they cannot be
    read. `more` blocks are left out."""

    made: bool
    blocks: list[DifferenceLine]
    more: int
    same: int
    hosts_added: list[HostLine]
    hosts_removed: list[HostLine]


class WindowOf(Shape):
    """An announcement. `by` an officer or account, `link:PORTAL` where an agency announced by its link (`via`
    'link'): what was typed behind it as a name is nobody's that is known."""

    id: int
    by: str
    reason: str
    via: str


class Review(Shape):
    """A capture as those who approve see it: beside the look `before` it, one of `looks`, and the page's
    `version` (the `against` of an approval). `newer` is the capture to look at instead, `older` proposals
    wait besides. `attack`: an approval has to say that somebody has looked at the evidence; false of what
    `stands`. `hurdle` is what keeps whoever asks from approving it, null where nothing does or their role
    does not approve; `approvers` are the names of those who can, none where it does not wait."""

    capture: CaptureLine
    portal: str
    page: str
    origin: Origin
    before: CaptureLine | None
    looks: int
    version: int
    waiting: bool
    stands: bool
    earlier: int | None
    newer: str | None
    older: int
    incident: int | None
    window: WindowOf | None
    verdict: VerdictKind | None
    score: float
    signals: list[SignalLine]
    forgotten: Annotated[
        list[SignalLine],
        Field(
            description="The signs of an attack when the capture was taken, where those of now, beside"
            " another baseline, tell of none; the strongest first."
        ),
    ]
    attack: bool
    hurdle: Hurdle | None
    approvers: list[str]


class Waiting(Shape):
    """How many proposals wait, by why they are there."""

    counts: dict[Origin, int]
    without: Annotated[int, Field(description="Pages with neither baseline nor proposal.")]


class DayLine(Shape):
    """What is left of a page's checks that found nothing on one day (its beginning), of one tier and
    verdict; seconds."""

    day: Moment
    tier: str
    verdict: VerdictKind
    checks: int
    looks: int
    elapsed: float
    longest: float


class TimesLine(Shape):
    """How long checks took, in seconds."""

    count: int
    median: float
    p95: float
    longest: float


class PageHistory(Shape):
    """How quickly a page answers, by its latest checks that are kept; and its quiet days."""

    page: str
    probes: TimesLine | None
    renders: TimesLine | None
    days: list[DayLine]
