"""The status page: what is open, and how every page stands, worst first."""

from dataclasses import dataclass
from datetime import timedelta

from aiohttp import web

from defacewatch.alerts import DeliveryState
from defacewatch.incidents import State
from defacewatch.language import N_
from defacewatch.roster import raised
from defacewatch.rostering import names
from defacewatch.store.incidents import IncidentView
from defacewatch.store.states import PageState
from defacewatch.verdicts import VerdictKind
from defacewatch.web.console import Console, console_of, words_of
from defacewatch.web.evidence import Proof, gather
from defacewatch.web.words import WORST_FIRST, Words

CARDS = 12  # open incidents shown with their picture; the rest are in the list of pages
RESOLVED_SHOWN = 6
STALE_AFTER = timedelta(minutes=10)  # an age that should catch the eye

# What the page says first, by the worst thing that is the case.
SITUATIONS = {
    VerdictKind.DEFACED: N_("A page may have been attacked"),
    VerdictKind.CHANGED: N_("A page has changed in an unusual way"),
    VerdictKind.UNREACHABLE: N_("A portal cannot be reached"),
    VerdictKind.UNKNOWN: N_("The monitor cannot see every page"),
    VerdictKind.LEARNING: N_("All is quiet; some pages wait for their baseline"),
    VerdictKind.CLEAN: N_("All pages look as approved"),
    None: N_("Some pages have not been checked yet"),
}
NOTHING_WATCHED = N_("No portal is registered yet")


@dataclass(frozen=True)
class Card:
    """An unresolved incident, and what proves it."""

    view: IncidentView
    proof: Proof


async def status_page(request: web.Request) -> web.Response:
    console, words = console_of(request), words_of(request)
    store = console.store
    pages = sorted(await store.checks.latest(), key=_worst_first)
    unresolved = await store.incidents.list(states=(State.OPEN, State.ACKNOWLEDGED))
    unresolved.sort(key=lambda view: (WORST_FIRST.index(view.incident.verdict), -view.incident.id))
    cards = [Card(view, (await gather(store, view.incident.id)).proof) for view in unresolved[:CARDS]]
    worst = _worst(pages, unresolved)
    return console.renderer.page(
        "status.html",
        words,
        situation=words._(SITUATIONS[worst] if pages else NOTHING_WATCHED),
        worst=worst,
        pages=pages,
        portals=len({page.portal.key for page in pages}),
        counts={kind: count for kind in WORST_FIRST if (count := _count(pages, kind))},
        cards=cards,
        unresolved=len(unresolved),
        waiting=sum(view.incident.state is State.OPEN for view in unresolved),
        resolved=await store.incidents.list(states=(State.RESOLVED,), limit=RESOLVED_SHOWN),
        problems=console.health(),
        duty=console.duty(),
        raised=raised(console.roster(), words.now),
        outbox=await _outbox(console),
        proofs=await _proofs(console, words),
        stale_before=words.now - STALE_AFTER,
    )


def _worst_first(page: PageState) -> tuple[bool, int, str]:
    return page.portal.paused, WORST_FIRST.index(page.worst), page.portal.name


def _worst(pages: list[PageState], unresolved: list[IncidentView]) -> VerdictKind | None:
    """The worst that is the case: of the pages that are watched, and of what nobody has resolved."""
    kinds = [page.worst for page in pages if not page.portal.paused]
    kinds += [view.incident.verdict for view in unresolved]
    return min(kinds, key=WORST_FIRST.index, default=None)


def _count(pages: list[PageState], kind: VerdictKind | None) -> int:
    return sum(page.worst is kind for page in pages)


@dataclass(frozen=True)
class Proofs:
    """How many channels this shift has to prove, and those that are missing, as texts."""

    all: int
    missing: tuple[str, ...]


async def _proofs(console: Console, words: Words) -> Proofs:
    tests = await console.store.channel_tests.last()
    roster, _ = console.roster(), words._
    missing = (test for test in tests if test.acknowledged_at is None)
    return Proofs(
        len(tests),
        tuple(
            f"{names(roster, [test.officer])} – {test.channel}: "
            + (_("not delivered") if test.failed else _("not answered"))
            for test in missing
        ),
    )


async def _outbox(console: Console) -> dict[str, int]:
    """How many messages wait, and how many were given up."""
    backlog = await console.store.alerts.backlog(console.clock())
    waiting = (DeliveryState.PENDING, DeliveryState.SENDING)
    return {
        "waiting": sum(n for (_, state), n in backlog.deliveries.items() if state in waiting),
        "failed": sum(n for (_, state), n in backlog.deliveries.items() if state is DeliveryState.FAILED),
    }
