"""A store as a province would have it: portals with their pictures, two days of checks, some open incidents.

Everything that is told of goes the way it goes in the daemon (`checks.record`); what found nothing, which is
nearly all, is inserted.
"""

import asyncio
import hashlib
import io
import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from PIL import Image, ImageDraw
from sqlalchemy import insert, update

from defacewatch.alerts import Wanted, draft
from defacewatch.campaigns import Mark, Trait
from defacewatch.captures import Look, Probe, Rendering, Resource, Tier
from defacewatch.compare import extract
from defacewatch.incidents import advance
from defacewatch.portals import Contact, Page, Portal
from defacewatch.records import Kept, Outcome
from defacewatch.signals import Kind, Signal
from defacewatch.store import Store
from defacewatch.store.rows import SIGNALS, dumped
from defacewatch.store.schema import checks, page_state
from defacewatch.verdicts import Verdict, VerdictKind

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
LOOKS = 24  # different pictures; their pixels are as many as those of real pages
OWNERS = ("Văn phòng UBND tỉnh", "Sở Y tế", "Sở Giáo dục và Đào tạo", "Sở Tài chính", "UBND thành phố")
OPERATORS = ("Trung tâm CNTT", "VNPT", "Viettel", "FPT")
DEFACED = Verdict(
    VerdictKind.DEFACED,
    112.0,
    72.0,
    (
        Signal(
            Kind.DEFACE_PHRASE, 60.0, "deface-phrase:hacked", {"place": "title", "phrases": ["hacked by"]}
        ),
        Signal(Kind.IDENTITY_LOST, 40.0, "identity-lost", {"share": 92}),
        Signal(Kind.TITLE, 12.0, "title", {"before": "Cổng thông tin điện tử", "after": "HACKED BY N0B0DY"}),
    ),
)
CHANGED = Verdict(
    VerdictKind.CHANGED, 38.0, 0.0, (Signal(Kind.SCREEN, 38.0, "screen~00ff00ff00ff00ff", {"share": 61}),)
)
AWAY = Verdict(
    VerdictKind.UNREACHABLE, signals=(Signal(Kind.HTTP_ERROR, 0.0, "http-error:503", {"status": 503}),)
)


@dataclass(frozen=True)
class Seeded:
    """What is there afterwards: `incident` is an attack that was told of, in `campaign`; `waiting` captures
    are proposed, one of them `capture`, of `page` of `portal`."""

    portals: int
    checks: int
    waiting: int
    incident: int
    campaign: int
    portal: str
    page: str
    capture: str


async def seeded(
    store: Store, *, portals: int, rows: int, now: datetime, attacks: int = 4, waiting: int = 200
) -> Seeded:
    """Fill an empty store."""
    dice = random.Random(7)
    wanted = [_portal(number) for number in range(portals)]
    await store.portals.apply(wanted, now=now - timedelta(days=30))
    registered = {portal.key: portal for portal in await store.portals.all()}
    pages = [registered[portal.key].pages[0] for portal in wanted]
    pictures = [await asyncio.to_thread(page_picture, number) for number in range(LOOKS)]
    await _looked_at(store, pages, pictures, now)
    written = await _checked(store, pages, rows, now, dice)
    bad = [(page, DEFACED) for page in pages[3 : 3 + attacks]]
    bad += [(pages[20], CHANGED), (pages[21], AWAY), (pages[21], AWAY), (pages[21], AWAY)]
    numbers = [
        await _attacked(store, page, verdict, now - (14 - place) * MINUTE)
        for place, (page, verdict) in enumerate(bad)
    ]
    await _told(store, now)
    await _proposed(store, pages[22:][:waiting], pictures[0], now)
    incident = next(number for number in numbers if number)
    campaign = await store.campaigns.of_incident(incident)
    return await found(store, written, incident, campaign.id if campaign else 0)


async def found(store: Store, checks: int, incident: int, campaign: int) -> Seeded:
    """What is there, in a store that was filled."""
    waiting = sum((await store.reviews.counts()).values())
    first = (await store.reviews.waiting(limit=1))[0]
    portals = len(await store.portals.all())
    of = first.portal.key, first.page.id, first.capture.id
    return Seeded(portals, checks, waiting, incident, campaign, *of)


def page_picture(number: int, *, attacked: bool = False) -> bytes:
    """A screenshot of a page that nobody has: blocks of colour where a portal has its parts."""
    dice = random.Random(number)
    image = Image.new("RGB", (1280, 2400), (250, 250, 250))
    draw = ImageDraw.Draw(image)
    bar = (150, 24, 30) if number % 3 else (20, 70, 140)
    draw.rectangle((0, 0, 1280, 120), fill=bar)
    draw.ellipse((40, 20, 120, 100), fill=(230, 180, 40))
    draw.text((150, 40), f"CONG THONG TIN DIEN TU {number}", fill=(255, 255, 255), font_size=34)
    draw.rectangle((0, 120, 1280, 168), fill=tuple(max(0, part - 30) for part in bar))
    for row in range(12):
        for column in range(3):
            left, top = 40 + 410 * column, 200 + 180 * row
            tone = tuple(dice.randrange(90, 220) for _ in range(3))
            draw.rectangle((left, top, left + 150, top + 110), fill=tone)
            for line in range(5):
                long = dice.randrange(120, 220)
                draw.rectangle((left + 165, top + 4 + 22 * line, left + 165 + long, top + 12 + 22 * line),
                               fill=(120, 125, 135))  # fmt: skip
    if attacked:
        draw.rectangle((0, 0, 1280, 800), fill=(0, 0, 0))
        draw.text((300, 300), "HACKED BY N0B0DY", fill=(220, 20, 20), font_size=72)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _portal(number: int) -> Portal:
    key = f"xa-{number:04}"
    return Portal(
        key,
        f"Trang thông tin điện tử xã Đông Hòa {number:04}",
        owner=OWNERS[number % len(OWNERS)],
        operator=OPERATORS[number % len(OPERATORS)],
        level=1 + number % 4,
        critical=number % 25 == 3,
        contacts=(Contact("Trần Thị Bình", phone="0900000000"),),
        pages=(Page("", key, f"https://{key}.example.vn/"),),
    )


def _look(page: Page, picture: bytes, at: datetime, *, attacked: bool = False) -> Look:
    title = "HACKED BY N0B0DY" if attacked else "Cổng thông tin điện tử"
    news = "".join(f"<li><a href='/tin/{n}'>Tin tức số {n} của địa phương</a></li>" for n in range(120))
    body = "<h1>HACKED BY N0B0DY</h1><p>greetz to all</p>" if attacked else f"<h1>{title}</h1><ul>{news}</ul>"
    html = f"<!DOCTYPE html><html><head><title>{title}</title></head><body>{body}</body></html>"
    probe = Probe(
        page.url,
        at,
        page.url,
        status=200,
        html=html,
        body_hash=hashlib.sha256(html.encode()).hexdigest(),
        headers={"Server": "nginx", "Content-Type": "text/html"},
        addresses=("192.0.2.10",),
    )
    host = "bad.example" if attacked else page.url.split("/")[2]
    resources = tuple(Resource(f"https://{host}/anh/{n}.jpg", "image", 200) for n in range(60))
    rendering = Rendering(
        at, page.url, 200, title, html, title, screenshot=picture, page_height=2400, resources=resources
    )
    return Look(probe, rendering)


async def _looked_at(store: Store, pages: list[Page], pictures: list[bytes], now: datetime) -> None:
    """Each page with an approved capture; most share their blobs with others, and no two their rows."""
    at = now - timedelta(days=29)
    kept: dict[int, Kept] = {}
    for number, page in enumerate(pages):
        which = number % len(pictures)
        if which not in kept:
            look = _look(page, pictures[which], at)
            kept[which] = await store.checks.keep(page.id, look, extract(look))
        mine = replace(kept[which].capture, id=f"{at:%Y%m%d}-{number:010x}", page=page.id)
        copy = replace(kept[which], capture=mine)
        await store.baselines.keep_capture(copy, proposed_by="learner", profile=None, now=at)
        await store.baselines.approve(mine.id, by="Trần Thị Bình", reason="đăng ký lần đầu", now=at + MINUTE)


async def _proposed(store: Store, pages: list[Page], picture: bytes, now: datetime) -> None:
    """Another look of each of these pages, learned a while ago."""
    at, kept = now - timedelta(hours=3), None
    for number, page in enumerate(pages):
        if kept is None:
            look = _look(page, picture, at)
            kept = await store.checks.keep(page.id, look, extract(look))
        mine = replace(kept.capture, id=f"{at:%Y%m%d}-{number + 2**32:010x}", page=page.id)
        copy = replace(kept, capture=mine)
        then = at + number * SECOND
        await store.baselines.keep_capture(copy, proposed_by="learner", profile=None, now=then)


async def _checked(store: Store, pages: list[Page], rows: int, now: datetime, dice: random.Random) -> int:
    """Rounds of captures over two days, evenly; a few of them bad for a while, and well again."""
    each = rows // len(pages)
    step = timedelta(days=2) / max(1, each)
    clean, unreachable = VerdictKind.CLEAN.value, VerdictKind.UNREACHABLE.value

    def values(page: Page) -> list[dict[str, object]]:
        away = range(n, n + 3) if each > 12 and (n := dice.randrange(12 * each)) < each - 3 else range(0)
        shift = step * dice.random()
        return [
            {
                "page": page.id, "at": now - step * (each - turn) + shift, "tier": Tier.RENDER.value,
                "verdict": unreachable if turn in away else clean, "score": 0.0, "evidence": 0.0,
                "intermittent": False, "wavered": False, "signals": dumped(SIGNALS, ()), "looks": 1,
                "elapsed": 0.8 + dice.random() * (4 if dice.random() < 0.1 else 0.6),
                "dom_hash": "d", "screen_hash": "s", "capture": None, "incident": None,
            }
            for turn in range(each)
        ]  # fmt: skip

    for start in range(0, len(pages), 100):
        some = [line for page in pages[start : start + 100] for line in values(page)]
        await store.engine.write(lambda db, some=some: db.execute(insert(checks), some))  # type: ignore[misc]
    for page in pages:
        seen = {"verdict": clean, "checked_at": now - dice.random() * MINUTE / 2,
                "captured_at": now - dice.random() * 30 * MINUTE}  # fmt: skip
        state = update(page_state).where(page_state.c.page == page.id).values(**seen)
        await store.engine.write(lambda db, state=state: db.execute(state))  # type: ignore[misc]
    return each * len(pages)


async def _attacked(store: Store, page: Page, verdict: Verdict, at: datetime) -> int:
    context = await store.checks.context(page.id, now=at)
    kept = None
    if verdict.kind is not VerdictKind.UNREACHABLE:
        number = int(page.portal.split("-")[1])
        picture = await asyncio.to_thread(page_picture, number % LOOKS, attacked=verdict is DEFACED)
        look = _look(page, picture, at, attacked=verdict is DEFACED)
        kept = await store.checks.keep(page.id, look, extract(look))
    tier = Tier.RENDER if kept else Tier.PROBE
    streak = context.streak.after(verdict.kind, tier)
    capture = kept.capture.id if kept else None
    change = advance(context.incident, page.id, verdict, at, failures=streak.failures, capture=capture)
    told = draft(change, verdict, context.portal)
    marks = frozenset({Mark(Trait.WORDS, "hacked by n0b0dy")}) if verdict is DEFACED else frozenset()
    made = Outcome(context, at, tier, verdict, change, streak, kept=kept, alerts=(told,) if told else (),
                   marks=marks)  # fmt: skip
    return (await store.checks.record(made)).incident or 0


async def _told(store: Store, now: datetime) -> None:
    """Somebody heard of each alert by Telegram, and did not by mail."""
    while (alert := await store.alerts.claim(now)) is not None:
        wanted = [Wanted("telegram", "an"), Wanted("email", "an")]
        await store.alerts.expand(alert.id, wanted, step=1, next_step_at=None, now=now)
    while (delivery := await store.alerts.claim_delivery("telegram", now=now)) is not None:
        await store.alerts.sent(delivery.id, "message 4211", now=now)
    while (delivery := await store.alerts.claim_delivery("email", now=now)) is not None:
        await store.alerts.failed(delivery.id, "550 user unknown", next_at=None, now=now)
