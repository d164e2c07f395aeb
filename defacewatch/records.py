"""What a check reads before it looks, and what it writes afterwards: the two ends of the path."""

from dataclasses import dataclass, field
from datetime import datetime

from defacewatch.alerts import Draft
from defacewatch.baselines import Baseline
from defacewatch.campaigns import Mark
from defacewatch.captures import Capture, Look, Material, Tier, Validators
from defacewatch.features import Features
from defacewatch.incidents import Change, Incident
from defacewatch.masks import Mask
from defacewatch.portals import Page, Portal
from defacewatch.profiles import Profile
from defacewatch.verdicts import Streak, Verdict, VerdictKind
from defacewatch.windows import Window


@dataclass(frozen=True)
class Context:
    """What the store knows of a page before a look.

    `incident` is the unresolved one; `previous` the id of the last resolved one. `wavers` counts the
    checks of the last 24 hours that wavered. `validators` belong to the last recorded probe;
    `captured_hash` is the DOM hash of the served document at the last capture, made at `captured_at`
    (probes since then that found the same document need no browser). `unread`: looks are approved, but only
    another version of the engine has read them, so nothing is known to be as approved. `mutes` are the
    identities that false alarms muted, `masks` those in force. `kept_at` is when a capture was last kept.
    `window` is what was announced for now. `version` is for `record`: it raises Moved if the page's state,
    baseline or incident has moved since.
    """

    page: Page
    portal: Portal
    version: int
    baseline: Baseline | None = None
    unread: bool = False
    profile: Profile = field(default_factory=lambda: Profile(""))
    incident: Incident | None = None
    previous: int | None = None
    streak: Streak = field(default_factory=Streak)
    wavers: int = 0
    validators: Validators = field(default_factory=Validators)
    mutes: frozenset[str] = frozenset()
    masks: tuple[Mask, ...] = ()
    last: VerdictKind | None = None
    last_score: float = 0.0
    served_hash: str | None = None
    checked_at: datetime | None = None
    captured_at: datetime | None = None
    captured_hash: str | None = None
    kept_at: datetime | None = None
    certificate_told_at: datetime | None = None
    window: Window | None = None


@dataclass(frozen=True)
class Kept:
    """A look whose blobs are already on disk, and the capture row that `record` will write for it."""

    look: Look
    features: Features
    capture: Capture


@dataclass(frozen=True)
class Outcome:
    """What one check found, all of it recorded in one transaction.

    `streak`, `validators`, `served_hash`, `profile` and `materials` (what the page is made of) are its new
    state (None: leave as it is).
    `kept` is the confirming capture. `alerts` are the rows that somebody must hear. `looks` says how many
    looks it took, `captures` how many of them with the browser; `elapsed` is in seconds, the wait for
    confirmation included. `expected` says that what was found had been announced. `marks` are the traits of
    the incident that it opens or makes worse.
    """

    context: Context
    at: datetime
    tier: Tier
    verdict: Verdict
    change: Change
    streak: Streak
    looks: int = 1
    captures: int = 0
    elapsed: float = 0.0
    validators: Validators | None = None
    served_hash: str | None = None
    dom_hash: str | None = None
    screen_hash: str | None = None
    kept: Kept | None = None
    profile: Profile | None = None
    materials: tuple[Material, ...] | None = None
    alerts: tuple[Draft, ...] = ()
    browser_failed: bool = False
    expected: bool = False
    marks: frozenset[Mark] = frozenset()


@dataclass(frozen=True)
class Recorded:
    """What `record` wrote: ids, for those who print them."""

    check: int | None
    incident: int | None
    capture: str | None


@dataclass(frozen=True)
class Quiet:
    """A probe that found nothing new since the state `version` of a page, as `Context` has it."""

    page: str
    version: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Sound:
    """A page that is watched and was clean when it was last looked at, with nothing open.

    `version`, `validators` and `checked_at` are those of its state. `moved_at` is when something by which it
    is judged last changed that does not move the version: its portal was registered anew, or a mute, a mask
    or an announced time came to its end.
    """

    page: str
    url: str
    version: int
    validators: Validators
    checked_at: datetime | None
    moved_at: datetime
