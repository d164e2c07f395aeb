"""Portals, looks and outcomes for the tests of the store."""

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypedDict

from PIL import Image

from defacewatch.alerts import Draft, draft
from defacewatch.campaigns import Mark
from defacewatch.captures import Look, Probe, Rendering, Tier, Validators
from defacewatch.features import Document, Features, Phrase, Screen, Shot
from defacewatch.incidents import advance
from defacewatch.portals import Contact, Page, Portal
from defacewatch.records import Context, Kept, Outcome
from defacewatch.signals import Kind, Signal
from defacewatch.store import Store
from defacewatch.tiles import Strips
from defacewatch.verdicts import Verdict, VerdictKind

NOW = datetime(2026, 9, 2, 7, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def portal(key: str = "hungyen", *paths: str, **changes: object) -> Portal:
    host = f"https://{key}.gov.vn"
    pages = tuple(Page("", key, f"{host}{path}") for path in paths or ("/",))
    made = Portal(
        key,
        f"Cổng Thông tin điện tử {key}",
        owner="Văn phòng UBND tỉnh",
        level=3,
        contacts=(Contact("Trần Thị Bình", phone="0900000000"),),
        pages=pages,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def document(mark: str = "a") -> Document:
    return Document(
        url="https://hungyen.gov.vn/",
        status=200,
        dom_hash=f"dom-{mark}",
        title="Trang chủ",
        headings=("Tin mới",),
        paths=frozenset({2**64 - 1, 17}),
        words=frozenset({5}),
        identity=frozenset({"title ubnd"}),
        hosts={"script": frozenset({"cdn.example.vn"})},
        inline_scripts=frozenset({"x"}),
        packed_scripts=frozenset(),
        phrases=(Phrase("deface", "title", "hacked by"),),
        hidden_links=(("https://bad.example/", "nhà cái"),),
        dialogs=frozenset(),
        downloads=0,
        text_length=1200,
    )


def features(mark: str = "a", *, version: int = 1) -> Features:
    shot = Shot("header>img", "https://hungyen.gov.vn/logo.png", 8, 8, 90, 90, 2**64 - 1, (1, 2, 3))
    screen = Screen("0" * 16, f"{mark:0>16}", 0.25, Strips.plain((1, 2, 3)).packed, (shot,))
    return Features(version, document(mark), document(mark), screen)


class Bounds(TypedDict):
    """For how long a session runs."""

    idle: timedelta
    longest: timedelta


def look(mark: str = "a", at: datetime = NOW, **rendering: object) -> Look:
    url = "https://hungyen.gov.vn/"
    png = io.BytesIO()
    Image.new("RGB", (8, 8), (len(mark), 0, 0)).save(png, "PNG")
    html = f"<html><title>Trang chủ {mark}</title></html>"
    probe = Probe(url, at, url, status=200, html=html, headers={"Server": "nginx"}, addresses=("192.0.2.1",))
    shown = Rendering(
        at, url, 200, "Trang chủ", html + "<!-- dom -->", screenshot=png.getvalue() + mark.encode()
    )
    return Look(probe, replace(shown, **rendering))  # type: ignore[arg-type]


def phrase(text: str = "hacked by x", points: float = 60.0) -> Signal:
    return Signal(Kind.DEFACE_PHRASE, points, f"deface-phrase:{text}", {"place": "title", "phrases": [text]})


CLEAN = Verdict(VerdictKind.CLEAN)
DEFACED = Verdict(VerdictKind.DEFACED, 60.0, 60.0, (phrase(),))
CHANGED = Verdict(VerdictKind.CHANGED, 35.0, 0.0, (Signal(Kind.TEXT, 35.0, "text~00ff00ff00ff00ff"),))
UNREACHABLE = Verdict(VerdictKind.UNREACHABLE, signals=(Signal(Kind.HTTP_ERROR, 0.0, "http-error:503"),))


def outcome(
    context: Context,
    verdict: Verdict = CLEAN,
    at: datetime = NOW,
    *,
    tier: Tier = Tier.PROBE,
    kept: Kept | None = None,
    alerts: tuple[Draft, ...] = (),
    validators: Validators | None = None,
    served_hash: str | None = None,
    marks: frozenset[Mark] = frozenset(),
) -> Outcome:
    """What the check would hand over: the incident moved by the real rules, with the alert they call for."""
    streak = context.streak.after(verdict.kind, tier)
    change = advance(
        context.incident,
        context.page.id,
        verdict,
        at,
        failures=streak.failures,
        capture=kept.capture.id if kept else None,
        previous=context.previous,
    )
    told = draft(change, verdict, context.portal)
    return Outcome(
        context,
        at,
        tier,
        verdict,
        change,
        streak,
        validators=validators,
        served_hash=served_hash,
        kept=kept,
        alerts=alerts + ((told,) if told else ()),
        marks=marks,
    )


async def registered(store: Store, key: str = "hungyen", **changes: object) -> str:
    """Register a portal with one page; the page's id."""
    await store.portals.apply([portal(key, **changes)], now=NOW)
    return (await store.portals.get(key)).pages[0].id


async def checked(
    store: Store,
    page: str,
    verdict: Verdict = CLEAN,
    at: datetime = NOW,
    mark: str | None = None,
    *,
    marks: frozenset[Mark] = frozenset(),
) -> Outcome:
    """Record a check of `page`; with `mark`, one with the browser whose capture is kept. `marks` are the
    traits of the incident that it may open."""
    context = await store.checks.context(page, now=at)
    kept = await store.checks.keep(page, look(mark, at), features(mark)) if mark else None
    made = outcome(context, verdict, at, kept=kept, tier=Tier.RENDER if mark else Tier.PROBE, marks=marks)
    await store.checks.record(made)
    return made


async def captured(
    store: Store, page: str, mark: str = "a", *, by: str = "learner", at: datetime = NOW
) -> str:
    """Keep and propose a capture, as learning does; its id."""
    kept = await store.checks.keep(page, look(mark, at), features(mark))
    return (await store.baselines.keep_capture(kept, proposed_by=by, profile=None, now=at)).id
