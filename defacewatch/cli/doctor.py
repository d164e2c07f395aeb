"""`doctor`: is everything there that the watch needs? One line each."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Annotated

import aiohttp
import typer
from aiohttp import web

from defacewatch.agenda import Errand
from defacewatch.channels import build_channels
from defacewatch.cli.common import Json, Settled, open_store, print_json, print_table, utc_now
from defacewatch.config import Settings
from defacewatch.costs import AFFORDABLE, COVERED, Costs, load_of
from defacewatch.errors import DefacewatchError
from defacewatch.fetch.browser import Browser
from defacewatch.fetch.chromium import find_chromium
from defacewatch.fetch.guard import Guard
from defacewatch.fetch.http import HttpFetcher
from defacewatch.fetch.proxy import FilteringProxy
from defacewatch.intervals import Intervals, intervals
from defacewatch.processors import processors
from defacewatch.roster import Roster, on_duty, raised
from defacewatch.rostering import Fault, fault_text, findings, names, with_absences
from defacewatch.shifttests import SHIFTS, ChannelTest, Outcome, Standing, standings
from defacewatch.store.figures import KeptFigures
from defacewatch.usage import free_at
from defacewatch.web.outside import BACK
from defacewatch.web.provider import Provider

AHEAD = timedelta(days=14)  # how far the roster is looked through
SHOWN = 5  # faults of a kind
PROVED_WITHIN = timedelta(days=60)  # how far tests of channels are looked through
SKEW = timedelta(seconds=60)
FREE = 1_000_000_000  # bytes below which a disk counts as full
WITHIN = timedelta(seconds=30)
STALE = timedelta(minutes=5)  # after which what a daemon measured says nothing of now
PLANNED = (Errand.PROBE, Errand.RENDER, Errand.REVALIDATE)
PAGE = "<!doctype html><title>defacewatch doctor</title><h1>Kiểm tra trình duyệt</h1>"


@dataclass(frozen=True)
class Finding:
    """One line. `ok` None: nothing is wrong, but something is off or could not be asked."""

    what: str
    ok: bool | None
    text: str


def doctor(
    context: typer.Context,
    container: Annotated[
        bool,
        typer.Option("--container", help="The health check of a container: daemon, store and browser only."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Look at store, browser, channels, clock, disk and roster. Exits 3 if any fails."""
    settled: Settled = context.obj
    settings = settled.settings()
    findings = asyncio.run(_container(settings) if container else _all(settings))
    if as_json:
        print_json({"what": f.what, "ok": f.ok, "text": f.text} for f in findings)
    else:
        marks = {True: "ok", False: "FAILED", None: "–"}
        print_table(("", "what", "finding"), ((marks[f.ok], f.what, f.text) for f in findings))
    failed = [f.what for f in findings if f.ok is False]
    if failed:
        raise DefacewatchError(f"failed: {', '.join(failed)}")


async def _container(settings: Settings) -> list[Finding]:
    return [
        await _ask("daemon", lambda: _daemon(settings)),
        await _ask("store", lambda: _store(settings)),
        await _ask("browser", lambda: _browser(settings)),
    ]


async def _all(settings: Settings) -> list[Finding]:
    findings = [
        await _ask("store", lambda: _store(settings)),
        *await _schedule(settings),
        await _ask("browser", lambda: _browser(settings)),
        *await _channels(settings),
        *await _provider(settings),
        await _clock(settings),
        *_disks(settings),
        *await _roster(settings),
        *await _proofs(settings),
    ]
    pages = sum(len(portal.pages) for portal in settings.portals)
    findings.append(
        Finding("portals", None, f"{len(settings.portals)} portals, {pages} pages in portals.yaml")
    )
    return findings


async def _ask(what: str, question: Callable[[], Awaitable[str]]) -> Finding:
    try:
        async with asyncio.timeout(WITHIN.total_seconds()):
            return Finding(what, True, await question())
    except TimeoutError:
        return Finding(what, False, f"no answer in {WITHIN.total_seconds():.0f} s")
    except (DefacewatchError, OSError) as error:
        return Finding(what, False, str(error))


async def _daemon(settings: Settings) -> str:
    listen = settings.web.listen
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(listen.host, listen.host)  # noqa: S104 - an address to ask
    url = f"http://{f'[{host}]' if ':' in host else host}:{listen.port}/healthz"
    try:
        async with aiohttp.ClientSession() as client, client.get(url) as answer:
            text = (await answer.text()).strip()
    except aiohttp.ClientError as error:
        raise DefacewatchError(f"{url} does not answer: {error}") from error
    if answer.status != 200:
        raise DefacewatchError(f"{url}: {text}")
    return text


async def _store(settings: Settings) -> str:
    store = await open_store(settings)
    try:
        await store.portals.apply(settings.portals, now=utc_now())
        portals = await store.portals.all()
    finally:
        await store.close()
    return f"{settings.store.url}: {len(portals)} portals"


async def _schedule(settings: Settings) -> list[Finding]:
    """Whether this host can afford the schedule, and whether the daemon keeps to it."""
    try:
        store = await open_store(settings)
    except DefacewatchError as error:
        return [Finding("schedule", None, f"could not be asked: {error}")]
    try:
        portals, kept = await store.portals.all(), await store.figures.last()
    except DefacewatchError as error:
        return [Finding("schedule", None, f"could not be asked: {error}")]
    finally:
        await store.close()
    watch, now = settings.watch, utc_now()
    default = Intervals(watch.probe_every, watch.render_every, watch.revalidate_every)
    planned = intervals(portals, default, raised(settings.roster, now))
    return [foretold(planned.values(), kept, processors()), *kept_to(kept, now, watch.revalidate_every)]


def foretold(planned: Iterable[Intervals], kept: KeptFigures | None, available: float) -> Finding:
    """What the schedule costs, by what errands were found to cost here, or elsewhere."""
    costs = (kept.costs if kept else None) or Costs()
    every = ([one.every(errand) for errand in PLANNED] for one in planned)
    load = load_of(((p or 1.0, r or 1.0, v) for p, r, v in every), costs, processors=available)
    text = load.sentence if kept and kept.costs else f"{load.sentence} (costs of another machine)"
    if load.affordable:
        return Finding("schedule", True, text)
    if load.bearable:
        return Finding(
            "schedule",
            False,
            f"{text}: more than {AFFORDABLE:.0%}, so the round of captures will take"
            f" {load.stretch:.1f} times as long; lengthen watch.render_every, or use a stronger host",
        )
    return Finding(
        "schedule",
        False,
        f"{text}: more than {AFFORDABLE:.0%}, even without captures; lengthen watch.probe_every, watch"
        " fewer pages, or use a stronger host",
    )


def kept_to(kept: KeptFigures | None, now: datetime, revalidate_every: timedelta) -> list[Finding]:
    """What a daemon that runs says of how it keeps up; nothing of one that has not for a while."""
    if kept is None or now - kept.at > STALE:
        return []
    text = f"{kept.coverage:.2%} of the probes due in five minutes were made within their interval"
    findings = [Finding("coverage", kept.coverage >= COVERED, text)]
    if kept.oldest_capture is not None:
        age = now - kept.oldest_capture
        text = f"the page that waits longest was captured {age.total_seconds() / 60:.0f} minutes ago"
        findings.append(Finding("captures", None, text))
    late = timedelta(seconds=kept.revalidation_late)
    if late >= revalidate_every:
        text = (
            f"what a page is made of should have been asked for {late.total_seconds() / 60:.0f} minutes ago;"
            " lengthen watch.revalidate_every, watch fewer pages, or use a stronger host"
        )
        findings.append(Finding("revalidation", False, text))
    else:
        text = f"what pages are made of is asked for at most {late.total_seconds():.0f} s late"
        findings.append(Finding("revalidation", True, text))
    return findings


async def _provider(settings: Settings) -> list[Finding]:
    """Whether the sign-in service says where it is, and has keys; nothing where none is configured."""
    configured = settings.web.oidc
    if configured is None:
        return []
    secret, back = settings.secrets.oidc_client_secret, f"{settings.web.public_url}{BACK}"
    provider = Provider(configured.trust(), secret, back=back, clock=utc_now)

    async def ask() -> str:
        keys = len((await provider.known()).keys.keys)
        client = "a secret" if secret is not None else "no secret (PKCE alone)"
        return f"{configured.issuer}: {keys} keys, client with {client}, comes back to {back}"

    return [await _ask("sign-in", ask)]


async def _browser(settings: Settings) -> str:
    """Render a page of our own, served on loopback, the way every page is rendered."""
    guard = Guard(["127.0.0.1/32"])
    proxy = FilteringProxy(guard)
    executable = find_chromium(settings.browser)
    browser = Browser(proxy, executable=executable, timeout=WITHIN)
    app = web.Application()
    app.router.add_get("/", _own_page)
    runner = web.AppRunner(app, access_log=None)
    try:
        await proxy.start()
        await browser.start()
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        rendering = await browser.render(f"http://127.0.0.1:{runner.addresses[0][1]}/", now=utc_now())
    finally:
        await browser.stop()
        await proxy.stop()
        await runner.cleanup()
    if rendering.failure is not None or rendering.title != "defacewatch doctor" or not rendering.screenshot:
        raise DefacewatchError(
            f"{executable or 'the browser of Playwright'} does not render"
            f" ({rendering.detail or rendering.failure}); install chromium-headless-shell,"
            " or name one with DEFACEWATCH_BROWSER"
        )
    return f"{executable or 'the browser of Playwright'} rendered a page in {rendering.elapsed:.1f} s"


async def _own_page(request: web.Request) -> web.Response:
    return web.Response(text=PAGE, content_type="text/html")


async def _channels(settings: Settings) -> list[Finding]:
    findings = []
    channels = build_channels(settings)
    for name, channel in channels.items():
        findings.append(await _ask(name, channel.reachable))
        await channel.close()
    findings += [Finding(name, None, f"off: {why}") for name, why in settings.channels_off.items()]
    if not channels:
        findings.append(Finding("channels", False, "no channel is on: nobody can be told of anything"))
    return findings


async def _clock(settings: Settings) -> Finding:
    """Our clock against the Date header of a canary, or of the first page that answers."""
    urls = [*settings.watch.canaries, *(page.url for portal in settings.portals[:3] for page in portal.pages)]
    http = HttpFetcher(Guard([str(n) for n in settings.watch.allow_networks]), timeout=timedelta(seconds=10))
    try:
        for url in urls[:3]:
            probe = await http.probe(url, now=utc_now())
            said = {key.lower(): value for key, value in probe.headers.items()}.get("date")
            if not said:
                continue
            try:
                skew = abs(parsedate_to_datetime(said) - datetime.now(UTC))
            except (ValueError, TypeError):
                continue
            return Finding(
                "clock", skew <= SKEW, f"{skew.total_seconds():.0f} s from the time that {url} gives"
            )
    finally:
        await http.close()
    return Finding("clock", None, "could not be compared: no canary and no page answered")


def _disks(settings: Settings) -> list[Finding]:
    findings = []
    for what, folder in (("baselines", settings.store.baselines), ("evidence", settings.store.evidence)):
        free = free_at(folder)
        text = f"{free / 1e9:.1f} GB free for {folder}"
        findings.append(Finding(f"disk ({what})", free >= FREE, text if free >= FREE else f"only {text}"))
    return findings


async def _roster(settings: Settings) -> list[Finding]:
    """What is wrong with the roster, with the leave and swaps that the store holds if it answers."""
    try:
        store = await open_store(settings)
        try:
            roster = with_absences(settings.roster, await store.absences.standing())
        finally:
            await store.close()
    except DefacewatchError:
        roster = settings.roster  # the store's own line says what is wrong with it
    return roster_findings(roster, set(build_channels(settings)), utc_now())


async def _proofs(settings: Settings) -> list[Finding]:
    """Whether officers have answered on their channels at the start of their shifts."""
    try:
        store = await open_store(settings)
        try:
            tests = await store.channel_tests.since(utc_now() - PROVED_WITHIN)
        finally:
            await store.close()
    except DefacewatchError:
        return []  # the store's own line says what is wrong with it
    return proof_findings(tests, settings.roster, utc_now())


def proof_findings(tests: Sequence[ChannelTest], roster: Roster, now: datetime) -> list[Finding]:
    """The lines of channel tests: those of officers of the roster that nobody has answered for too long."""
    if not roster.shift_test.enabled:
        return [Finding("channel tests", None, "off: shift_test.enabled in roster.yaml")]
    found = [
        standing
        for standing in standings(tests, roster.shift_test.within, now)
        if (officer := roster.officer(standing.officer)) and standing.channel in officer.channels
    ]
    silent = [standing for standing in found if standing.silent]
    lines = [Finding("channel tests", False, _silence(roster, standing)) for standing in silent[: 2 * SHOWN]]
    if len(silent) > 2 * SHOWN:
        lines.append(Finding("channel tests", False, f"… and {len(silent) - 2 * SHOWN} more"))
    if not found:
        lines.append(Finding("channel tests", None, "no channel was tested at the start of a shift yet"))
    elif not silent:
        text = f"{len(found)} channels of officers who had duty, none without an answer in {SHIFTS} shifts"
        lines.append(Finding("channel tests", True, text))
    return lines


def _silence(roster: Roster, standing: Standing) -> str:
    who = names(roster, [standing.officer])
    last = (
        "never"
        if standing.proved_at is None
        else f"last {standing.proved_at.astimezone(roster.zone):%d/%m/%Y}"
    )
    failed = sum(outcome is Outcome.FAILED for outcome in standing.outcomes)
    return (
        f"{who}: {standing.channel} was not proved in their last {SHIFTS} shifts ({last} proved,"
        f" {failed} not delivered)"
    )


def roster_findings(roster: Roster, usable: set[str], now: datetime) -> list[Finding]:
    """The roster's lines: its faults, at most `SHOWN` of a kind, and who is on duty."""
    if not roster.officers:
        return [Finding("roster", False, "no officer in roster.yaml: nobody can be told of anything")]
    faults = list(findings(roster, now, now + AHEAD, usable))
    lines: list[Finding] = []
    for kind in Fault:
        some = [fault for fault in faults if fault.fault is kind]
        lines += [Finding("roster", False, fault_text(roster, fault)) for fault in some[:SHOWN]]
        if len(some) > SHOWN:
            text = f"… and {len(some) - SHOWN} more: run `defacewatch roster check`"
            lines.append(Finding("roster", False, text))
    names = ", ".join(officer.name for officer in on_duty(roster, now)) or "nobody"
    if all(fault.fault is Fault.UNREACHABLE for fault in faults):
        text = f"no gap and no double booking in the next {AHEAD.days} days; on duty now: {names}"
        lines.insert(0, Finding("roster", True, text))
    return lines
