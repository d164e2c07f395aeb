"""The duty desk in a real browser, without scripts, on a telephone."""

from playwright.async_api import async_playwright, expect

from defacewatch.calling import Sending
from defacewatch.fetch.chromium import find_chromium
from defacewatch.handovers import Handover
from defacewatch.store import Store
from tests.conftest import Clock
from tests.web.conftest import Around, Serve
from tests.web.desks import ROSTER, local
from tests.web.people import PASSWORD, person
from tests.web.seeds import attacked

PAGES = (
    "",
    "/roster",
    "/roster?week=2026-09-02",
    "/preview",
    "/handovers",
    "/windows",
    "/channels",
    "/reports",
)


async def test_an_officer_reads_the_desk_on_a_telephone_confirms_and_enters_leave(
    serve: Serve, around: Around, store: Store, clock: Clock
) -> None:
    around.roster = ROSTER
    clock.now = local("2026-09-02T14:05")
    client = await serve(sending=lambda: Sending(("email", "telegram")))
    base = str(client.make_url("")).rstrip("/")
    await attacked(store)
    at = local("2026-09-02T14:00")
    await store.handovers.begin(Handover(at, ("dung",), ("an",), {}), now=at, tests=(("an", "email"),))
    await person(store, "an", officer="an")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(None), args=["--no-sandbox"])
        context = await browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
        page = await context.new_page()
        await page.goto(f"{base}/login?lang=en")
        await page.fill("#user", "an")
        await page.fill("#password", PASSWORD)
        await page.click("main button >> nth=0")
        for path in PAGES:
            await page.goto(f"{base}/duty{path}")
            await expect(page.locator("h1")).to_have_text("Duty desk")
            body = await page.locator("body").bounding_box()
            assert body is not None
            assert body["width"] <= 390, path
            wide = [
                box["x"] + box["width"]
                for one in await page.locator("main > *:not(.tabs)").all()
                if (box := await one.bounding_box()) is not None
            ]
            assert max(wide) <= 390, path
        await page.goto(f"{base}/duty/handovers")
        await page.get_by_role("button", name="I have read this and confirm the handover").click()
        await expect(page.locator(".good")).to_have_text("You have confirmed the handover.")
        await page.goto(f"{base}/duty/roster")
        await page.locator("summary", has_text="Enter leave").click()
        await page.fill("#leave-from", "2026-09-06T00:00")
        await page.fill("#leave-to", "2026-09-07T00:00")
        await page.fill("#leave-reason", "nghỉ phép")
        await page.get_by_role("button", name="Enter leave").click()
        await expect(page.locator(".good").first).to_contain_text("Entered.")
        await expect(page.locator(".faults")).to_contain_text("nobody is on duty")
        await browser.close()
    (standing,) = await store.absences.standing()
    assert (standing.officer, standing.reason) == ("an", "nghỉ phép")
