"""The history of one page: verdicts, captures, baselines, incidents, and how long it takes to answer."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http import HTTPStatus
from statistics import median, quantiles
from typing import Any

from aiohttp import hdrs, web

from defacewatch.captures import Tier
from defacewatch.errors import Conflict
from defacewatch.store import Store
from defacewatch.store.states import CheckRow
from defacewatch.store.wall import WallPage
from defacewatch.web.api.cursors import cursor_of, moment_and
from defacewatch.web.console import acting, console_of, csrf_field, words_of
from defacewatch.web.incident import may_approve
from defacewatch.web.problems import Invalid
from defacewatch.web.visitors import console_via
from defacewatch.web.wall import SPARKLINES

CHECKS, CAPTURES, INCIDENTS, DAYS, APPROVALS = 40, 12, 20, 28, 12
WIDE, HIGH = 600, 80  # the graph of times, in its own units


@dataclass(frozen=True)
class Times:
    """How long checks of a tier took, in seconds: how many, the median, the 95th percentile, the longest."""

    count: int
    median: float
    p95: float
    longest: float


async def show(request: web.Request) -> web.Response:
    console, words = console_of(request), words_of(request)
    store, name = console.store, request.match_info["id"]
    try:
        at = moment_and("checks", request.query.get("before"), int)
    except Invalid:
        at = None
    on_wall, recent, shown = await store.together(partial(_found, store, name, at, words.now))
    lines = await request.app[SPARKLINES].of(on_wall, words.now) if on_wall else {}
    return console.renderer.page(
        "page.html",
        words,
        line=lines.get(name),
        newest=at is None,
        probes=times_of(recent, Tier.PROBE),
        renders=times_of(recent, Tier.RENDER),
        graph=graph(recent),
        size=(WIDE, HIGH),
        muted={signal.identity: signal for check in recent for signal in check.verdict.signals},
        may_end=may_approve(request),
        csrf=csrf_field(request),
        **shown,
    )


async def _found(
    store: Store, name: str, at: tuple[datetime, int] | None, now: datetime
) -> tuple[list[WallPage], list[CheckRow], dict[str, Any]]:
    """What is told of a page: how the wall shows it, its latest checks, and what its template shows as it is
    (the checks before `at`, if there is such a place)."""
    portal, page = await store.portals.page(name)
    checks = await store.checks.history(name, CHECKS + 1, before=at)
    recent = checks if at is None else await store.checks.history(name, CHECKS)
    on_wall = [one for one in await store.wall.pages([portal.key]) if one.page == name]
    approvals = (await store.baselines.history(name))[::-1]
    shown: dict[str, Any] = {
        "portal": portal,
        "page": page,
        "state": next(iter(await store.checks.latest([name])), None),
        "checks": checks[:CHECKS],
        "older": _place(checks[CHECKS - 1]) if len(checks) > CHECKS else None,
        "days": await store.checks.days(name, DAYS),
        "captures": await store.baselines.captures(name, CAPTURES),
        "approvals": approvals[:APPROVALS],
        "approved": await store.baselines.shots([approval.capture for approval in approvals[:APPROVALS]]),
        "approved_in_all": len(approvals),
        "mutes": await store.mutes.holding(now, page=name),
        "incidents": await store.incidents.list(page=name, limit=INCIDENTS),
        "lesson": (await store.lessons.latest([name])).get(name),
    }
    return on_wall, recent, shown


async def end_mute(request: web.Request) -> web.Response:
    """End a mute of the page: its difference is told of again."""
    console, actor = console_of(request), acting(request)
    if actor is None:
        raise web.HTTPForbidden
    page, number = request.match_info["id"], int(request.match_info["mute"])
    with suppress(Conflict):  # somebody was faster: it has ended
        await console.store.mutes.end(
            number, by=actor.key, now=console.clock(), via=console_via(request), page=page
        )
    console.wake()
    return _muted(page)


async def back(request: web.Request) -> web.Response:
    """Whoever comes to the address of an action by a link or a reload: what is muted."""
    return _muted(request.match_info["id"])


def _muted(page: str) -> web.Response:
    address = f"/pages/{page}#muted"
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={hdrs.LOCATION: address})


def _place(check: CheckRow) -> str:
    """Where the list goes on after a check."""
    return cursor_of("checks", (check.at, check.id))


def times_of(checks: Sequence[CheckRow], tier: Tier) -> Times | None:
    """How long the checks of a tier took; None where there is none."""
    seconds = sorted(check.elapsed for check in checks if check.tier is tier)
    if not seconds:
        return None
    p95 = quantiles(seconds, n=20, method="inclusive")[-1] if len(seconds) > 1 else seconds[0]
    return Times(len(seconds), median(seconds), p95, seconds[-1])


def graph(checks: Sequence[CheckRow]) -> str:
    """The times of checks, oldest first, as the points of an SVG polyline `WIDE` by `HIGH`."""
    if len(checks) < 2:
        return ""
    ordered = checks[::-1]
    longest = max(check.elapsed for check in ordered) or 1.0
    step = WIDE / (len(ordered) - 1)
    return " ".join(
        f"{place * step:.1f},{HIGH - 4 - (HIGH - 8) * check.elapsed / longest:.1f}"
        for place, check in enumerate(ordered)
    )
