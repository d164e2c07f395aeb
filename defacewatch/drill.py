"""A drill: a synthetic defacement that goes the whole way, from the look to the officer's answer, marked
everywhere. The portal itself is not touched, nor what is known of its pages: the drill has a page of its own,
which nothing else looks at.
"""

import io
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from PIL import Image, ImageDraw, ImageFont

from defacewatch.alerts import Delivery, DeliveryState
from defacewatch.captures import Look, Probe, Rendering, Validators
from defacewatch.check import Checker
from defacewatch.drillreport import Drilled, Told
from defacewatch.errors import Conflict, DefacewatchError
from defacewatch.features import Features
from defacewatch.incidents import State
from defacewatch.portals import Page
from defacewatch.store import Store

SIZE = (1280, 800)
TITLE = "Hacked by DIEN TAP"
HTML = (
    f'<!doctype html><html lang="vi"><head><meta charset="utf-8"><title>{TITLE}</title></head><body>'
    f"<h1>{TITLE}</h1><p>Owned by DIEN TAP. Greetz to: truc ban.</p>"
    "<p>Đây là trang diễn tập do hệ thống giám sát dựng lên; cổng thật không bị thay đổi.</p></body></html>"
)


class Synthetic:
    """Fetches nothing: every look shows the drill's page."""

    def __init__(self) -> None:
        self.screenshot = _picture()

    async def probe(self, url: str, *, now: datetime, validators: Validators | None = None) -> Look:
        return Look(Probe(url, now, url, 200, HTML, content_type="text/html"))

    async def render(self, url: str, *, now: datetime, dwell: bool = False, rank: int = 0) -> Look:
        look = await self.probe(url, now=now)
        rendering = Rendering(
            now,
            url,
            200,
            TITLE,
            HTML,
            "\n".join((TITLE, "Owned by DIEN TAP. Greetz to: truc ban.")),
            self.screenshot,
            SIZE[1],
            dwelt=dwell,
        )
        return Look(look.probe, rendering)


async def attack(
    portal: str,
    store: Store,
    *,
    extract: Callable[[Look], Awaitable[Features]],
    clock: Callable[[], datetime],
    confirm_after: timedelta,
    sleep: Callable[[float], Awaitable[None]],
) -> tuple[int, datetime]:
    """Deface the drill's page of a portal; the incident, and when that was. Raises NotFound, and Conflict
    while the last drill is not over."""
    page: Page = await store.portals.drill_page(portal, now=clock())
    running = (await store.checks.context(page.id, now=clock())).incident
    if running is not None:
        raise Conflict(f"a drill of {portal} is not over: end it with `defacewatch drills end {running.id}`")

    async def online() -> bool:
        return True

    checker = Checker(
        Synthetic(),
        store.checks,
        clock=clock,
        confirm_after=confirm_after,
        revalidate_every=timedelta(minutes=10),
        online=online,
        extract=extract,
        sleep=sleep,
    )
    began = clock()
    result = await checker.check_page(page.id, render=True, keep=True)
    if result.recorded.incident is None:
        raise DefacewatchError(f"the drill was not taken for an attack ({result.outcome.verdict.kind})")
    return result.recorded.incident, began


async def how_it_went(store: Store, incident: int) -> Drilled:
    """The times of a drill so far. Raises NotFound."""
    view = await store.incidents.get(incident)
    found = view.incident
    deliveries: Sequence[Delivery] = await store.alerts.deliveries(incident=incident)
    told = [
        Told(delivery.channel, delivery.officer, delivery.sent_at - found.opened_at)
        for delivery in deliveries
        if delivery.state is DeliveryState.SENT and delivery.sent_at is not None
    ]
    told.sort(key=lambda one: one.after)
    return Drilled(
        incident,
        view.portal.key,
        found.opened_at,
        None if found.alerted_at is None else found.alerted_at - found.opened_at,
        tuple(told),
        _received(deliveries, told),
        found.acknowledged_by,
        None if found.acknowledged_at is None else found.acknowledged_at - found.opened_at,
        found.state is not State.OPEN,
        await store.drills.watch(incident),
    )


def _received(deliveries: Sequence[Delivery], told: Sequence[Told]) -> timedelta | None:
    """When everybody whom the attack's first step asked had a receipt; None where somebody has none."""
    if not deliveries:
        return None
    first = deliveries[0].alert  # the attack itself; who took it is told of afterwards
    asked = {one.officer for one in deliveries if one.alert == first and one.step == 0 and one.officer}
    reached: dict[str | None, timedelta] = {}
    for one in told:
        reached.setdefault(one.officer, one.after)
    if not asked or not asked <= reached.keys():
        return None
    return max(reached[officer] for officer in asked)


def _picture() -> bytes:
    """What the drill's page would look like."""
    picture = Image.new("RGB", SIZE, "black")
    draw = ImageDraw.Draw(picture)
    draw.text((SIZE[0] / 2, 320), TITLE, "#33ff33", ImageFont.load_default(64), anchor="mm")
    draw.text((SIZE[0] / 2, 430), "DIEN TAP / DRILL", "white", ImageFont.load_default(40), anchor="mm")
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
