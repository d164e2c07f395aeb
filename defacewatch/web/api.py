"""/api/v1: the same objects as `--json` prints, read-only, newest first."""

from aiohttp import web

from defacewatch.errors import UsageError
from defacewatch.incidents import State
from defacewatch.shapes import (
    channel_test_line,
    check_line,
    delivery_line,
    event_line,
    incident_line,
    page_state_line,
    portal_line,
    signal_line,
)
from defacewatch.web.console import console_of, words_of
from defacewatch.web.evidence import gather

LIMIT, LARGEST_LIMIT = 100, 1000


def routes() -> list[web.RouteDef]:
    return [
        web.get("/api/v1/portals", portals),
        web.get("/api/v1/pages", pages),
        web.get("/api/v1/checks", checks),
        web.get("/api/v1/incidents", incidents),
        web.get(r"/api/v1/incidents/{id:\d{1,18}}", incident),
        web.get("/api/v1/channel-tests", channel_tests),
    ]


async def portals(request: web.Request) -> web.Response:
    """The enabled portals; `?disabled=1` the disabled ones too."""
    found = await console_of(request).store.portals.all(disabled=request.query.get("disabled") == "1")
    return web.json_response({"portals": [portal_line(portal) for portal in found]})


async def pages(request: web.Request) -> web.Response:
    """How each watched page stands."""
    found = await console_of(request).store.checks.latest()
    lines = [
        page_state_line(
            state.portal,
            state.page,
            verdict=state.verdict,
            score=state.score,
            checked_at=state.checked_at,
            captured_at=state.captured_at,
            capture=state.capture,
            incident=None if state.incident is None else state.incident.id,
            has_baseline=state.has_baseline,
        )
        for state in found
    ]
    return web.json_response({"pages": lines})


async def checks(request: web.Request) -> web.Response:
    """The kept checks of `?page=ID`, at most `?limit=N`."""
    store, words = console_of(request).store, words_of(request)
    name = request.query.get("page")
    if name is None:
        raise UsageError("say which page: ?page=ID (see /api/v1/pages)")
    portal, page = await store.portals.page(name)
    lines = [
        check_line(
            portal,
            page,
            check.verdict,
            at=check.at,
            tier=check.tier,
            translate=words._,
            dom_hash=check.dom_hash,
            screen_hash=check.screen_hash,
            capture=check.capture,
            incident=check.incident,
        )
        for check in await store.checks.history(page.id, _limit(request))
    ]
    return web.json_response({"checks": lines})


async def incidents(request: web.Request) -> web.Response:
    """The incidents, of `?state=…` (several times for several), `?page=ID` and `?campaign=N`, at most
    `?limit=N`."""
    campaign = request.query.get("campaign")
    if campaign is not None and not (campaign.isascii() and campaign.isdigit() and len(campaign) <= 18):
        raise UsageError("a campaign is a number: ?campaign=12")
    try:
        states = [State(state) for state in request.query.getall("state", [])]
    except ValueError:
        raise UsageError(f"a state is one of {', '.join(State)}") from None
    found = await console_of(request).store.incidents.list(
        states=states or None,
        page=request.query.get("page"),
        campaign=None if campaign is None else int(campaign),
        limit=_limit(request),
    )
    lines = [incident_line(view.incident, view.portal, view.page, campaign=view.campaign) for view in found]
    return web.json_response({"incidents": lines})


async def channel_tests(request: web.Request) -> web.Response:
    """The tests of channels at the latest `?limit=N` changes of shift."""
    console = console_of(request)
    within, now = console.roster().shift_test.within, console.clock()
    found = await console.store.channel_tests.last(_limit(request))
    return web.json_response({"channel_tests": [channel_test_line(test, within, now) for test in found]})


async def incident(request: web.Request) -> web.Response:
    """One incident, with its signals, timeline and deliveries."""
    evidence = await gather(console_of(request).store, int(request.match_info["id"]))
    view, verdict = evidence.view, evidence.proof.verdict
    translate = words_of(request)._
    return web.json_response(
        incident_line(view.incident, view.portal, view.page, campaign=view.campaign)
        | {
            "capture": view.incident.capture,
            "before": evidence.proof.before,
            "after": evidence.proof.after,
            "signals": [signal_line(signal, translate) for signal in verdict.signals] if verdict else [],
            "timeline": [
                event_line(entry.event, at=entry.at, by=entry.by, via=entry.via, text=entry.text)
                for entry in evidence.timeline
            ],
            "deliveries": [delivery_line(delivery) for delivery in evidence.deliveries],
        }
    )


def _limit(request: web.Request) -> int:
    given = request.query.get("limit", str(LIMIT))
    if not (given.isascii() and given.isdigit() and 1 <= int(given[:9]) <= LARGEST_LIMIT):
        raise UsageError(f"limit is a number from 1 to {LARGEST_LIMIT}")
    return int(given)
