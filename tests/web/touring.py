"""The first steps as an administrator goes through them, on the stage as it is after the first start."""

from playwright.async_api import Page

from defacewatch.accounts import Role
from defacewatch.audit import Actor
from tests.store.samples import NOW, features, look, portal
from tests.web.pagestage import BEFORE, picture
from tests.web.people import PASSWORD, hash_of, person
from tests.web.stage import ADMIN, AT, Stage

NAMES = ("hungyen", "songhong")


async def enter(page: Page, stage: Stage) -> None:
    """As an administrator, at the step at which things stand."""
    if ADMIN not in stage.cookies:
        account = await person(stage.store, ADMIN, Role.ADMIN)
        stage.cookies[ADMIN] = await stage.store.sessions.begin(
            account, verified=hash_of(PASSWORD), address="10.20.0.7", agent="", actor=Actor(ADMIN, ""), now=AT
        )
    cookie = {"name": "defacewatch_session", "value": stage.cookies[ADMIN], "url": stage.base}
    await page.context.add_cookies([cookie])  # type: ignore[list-item]
    language = await page.get_attribute("html", "lang")
    await page.goto(f"{stage.base}/tour?lang={language}", wait_until="load")


async def learn(page: Page, stage: Stage) -> None:
    """Two portals have been added; the first is being learned."""
    store = stage.store
    if not await store.portals.all():
        await store.portals.apply([portal(key) for key in NAMES], now=NOW)
        first = (await store.portals.get(NAMES[0])).pages[0].id
        await store.lessons.ask([first], by=ADMIN, via="console", samples=3, now=NOW)
        lesson = await store.lessons.claim(NOW)
        assert lesson is not None
        await store.lessons.took(lesson, 2, now=NOW)
    await enter(page, stage)


async def approve(page: Page, stage: Stage) -> None:
    """What was learned waits for somebody who looks at it."""
    await learn(page, stage)
    store = stage.store
    if not await store.baselines.count_proposals():
        for key, hue in zip(NAMES, ("#b71c1c", "#0d47a1"), strict=True):
            whose = (await store.portals.get(key)).pages[0].id
            kept = await store.checks.keep(
                whose, look("a", NOW, screenshot=picture(hue=hue), html=BEFORE), features("a")
            )
            await store.baselines.keep_capture(kept, proposed_by="learner", profile=None, now=NOW)
    await enter(page, stage)
