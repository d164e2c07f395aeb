"""What stands above the wall: the situation, who is on duty, what is open, and how the monitor itself is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from defacewatch.alerts import DeliveryState
from defacewatch.incidents import State
from defacewatch.language import N_, Sentence
from defacewatch.notify.content import campaign_code, common
from defacewatch.roster import raised
from defacewatch.rostering import names
from defacewatch.shifts import turns_at
from defacewatch.shifttests import ChannelTest
from defacewatch.store import Store
from defacewatch.store.incidents import IncidentView
from defacewatch.store.wall import OpenCampaign, OpenIncident, WallPage
from defacewatch.verdicts import VerdictKind
from defacewatch.web.console import Console
from defacewatch.web.words import Words

CARDS = 12  # open incidents shown with their picture; the rest are among the tiles
CAMPAIGNS = 5
RESOLVED_SHOWN = 6
ENOUGH = 0.99  # of the probes that are due: less is told as an alert as well

# What the page says first, by the worst thing that is the case; the worst first.
SITUATIONS = {
    VerdictKind.DEFACED: N_("A page may have been attacked"),
    VerdictKind.CHANGED: N_("A page has changed in an unusual way"),
    VerdictKind.UNREACHABLE: N_("A portal cannot be reached"),
    VerdictKind.UNKNOWN: N_("The monitor cannot see every page"),
    None: N_("Some pages have not been checked yet"),
    VerdictKind.LEARNING: N_("All is quiet; some pages wait for their baseline"),
    VerdictKind.CLEAN: N_("All pages look as approved"),
}
_RANKS = {kind: rank for rank, kind in enumerate(SITUATIONS)}
ALL_PAUSED = N_("The watch of all portals is paused")
NOTHING_WATCHED = N_("No portal is registered yet")


@dataclass(frozen=True)
class Proof:
    """A channel that this shift has yet to prove."""

    officer: str
    channel: str
    failed: bool


@dataclass(frozen=True)
class Front:
    """All of it, in no language yet. `open` and `taken` count incidents in earnest, `drills` those that are
    rehearsed. `until` is when those on duty are relieved, `raised` the name and last day (as text) of a
    raised watch, `coverage` the share (0..1) of probes made in time, None while that is not known; `oldest`
    is when the watched page was captured that waits for longest, and `uncaptured` how many the watch has not
    captured yet (what was learned is none of its own); `proved` of `channels` have been tested by this
    shift."""

    problems: tuple[Sentence, ...] = ()
    duty: tuple[str, ...] = ()
    until: datetime | None = None
    raised: tuple[str, str] | None = None
    coverage: float | None = None
    oldest: datetime | None = field(default=None, compare=False)  # another with every capture
    uncaptured: int = 0
    waiting: int = 0
    failed: int = 0
    channels: int = 0
    unproved: tuple[Proof, ...] = ()
    open: int = 0
    taken: int = 0
    drills: int = 0
    incidents: tuple[OpenIncident, ...] = ()
    campaigns: tuple[OpenCampaign, ...] = ()
    resolved: tuple[IncidentView, ...] = ()

    @property
    def unresolved(self) -> int:
        return self.open + self.taken

    @property
    def poor(self) -> bool:
        """Whether fewer probes are made in time than should be."""
        return self.coverage is not None and self.coverage < ENOUGH


@dataclass(frozen=True)
class _Found:
    """What of it the store knows."""

    open: Mapping[State, int]
    drills: Mapping[State, int]
    tests: Sequence[ChannelTest]
    backlog: Mapping[tuple[str, DeliveryState], int]
    incidents: Sequence[OpenIncident]
    campaigns: Sequence[OpenCampaign]
    resolved: Sequence[IncidentView]


async def _found(store: Store, now: datetime, *, tests: bool) -> _Found:
    return _Found(
        await store.wall.unresolved(),
        await store.wall.unresolved(drills=True),
        await store.channel_tests.last() if tests else (),
        (await store.alerts.backlog(now)).deliveries,
        await store.wall.open_incidents(CARDS),
        await store.wall.open_campaigns(CAMPAIGNS),
        await store.incidents.list(states=(State.RESOLVED,), limit=RESOLVED_SHOWN),
    )


async def look_at(console: Console) -> tuple[tuple[WallPage, ...], Front]:
    """All pages and the front, as they are now."""
    store, now, tests = console.store, console.clock(), console.roster().shift_test.enabled

    async def read() -> tuple[tuple[WallPage, ...], _Found]:
        return tuple(await store.wall.pages()), await _found(store, now, tests=tests)

    pages, found = await store.together(read)
    return pages, _front(console, pages, found, now)


def _front(console: Console, pages: Sequence[WallPage], found: _Found, now: datetime) -> Front:
    roster = console.roster()
    watch = raised(roster, now)
    coverage = console.coverage()
    captured = [page.captured_at for page in pages if not page.paused]
    return Front(
        problems=tuple(console.health()),
        duty=tuple(console.duty()),
        until=min((turn.end for turn in turns_at(roster, now) if turn.people), default=None),
        raised=None if watch is None else (watch.name, watch.last.strftime("%d/%m/%Y")),
        coverage=None if coverage is None else round(coverage, 3),
        oldest=min((at for at in captured if at is not None), default=None),
        uncaptured=captured.count(None),
        waiting=sum(
            count
            for (_, state), count in found.backlog.items()
            if state in (DeliveryState.PENDING, DeliveryState.SENDING)
        ),
        failed=sum(count for (_, state), count in found.backlog.items() if state is DeliveryState.FAILED),
        channels=len(found.tests),
        unproved=tuple(
            Proof(test.officer, test.channel, test.failed)
            for test in found.tests
            if test.acknowledged_at is None
        ),
        open=found.open.get(State.OPEN, 0),
        taken=found.open.get(State.ACKNOWLEDGED, 0),
        drills=sum(found.drills.values()),
        incidents=tuple(found.incidents),
        campaigns=tuple(found.campaigns),
        resolved=tuple(found.resolved),
    )


def worst_of(pages: Sequence[WallPage], front: Front) -> VerdictKind | None:
    """The worst that is the case, in earnest: of the pages that are watched, and of what nobody has
    resolved."""
    return min(_kinds(pages, front), key=lambda kind: _RANKS[kind], default=None)


def situation(pages: Sequence[WallPage], front: Front, words: Words) -> str:
    if kinds := _kinds(pages, front):
        return words._(SITUATIONS[min(kinds, key=lambda kind: _RANKS[kind])])
    return words._(ALL_PAUSED if pages else NOTHING_WATCHED)


def _kinds(pages: Sequence[WallPage], front: Front) -> set[VerdictKind | None]:
    kinds = {page.worst for page in pages if not page.paused}
    earnest = (card.view for card in front.incidents if not card.view.page.drill)
    return kinds | {view.incident.verdict for view in earnest}


def said_of(console: Console, front: Front, words: Words) -> dict[str, object]:
    """What templates need besides the front itself."""
    return {
        "unproved": [
            f"{names(console.roster(), [proof.officer])} – {proof.channel}: "
            + (words._("not delivered") if proof.failed else words._("not answered"))
            for proof in front.unproved
        ],
        "campaigns": [
            (some, campaign_code(some.campaign.id), common(some.campaign.because, words._))
            for some in front.campaigns
        ],
        "stale_before": words.now - STALE_AFTER,
    }


STALE_AFTER = timedelta(minutes=10)  # an age that should catch the eye
