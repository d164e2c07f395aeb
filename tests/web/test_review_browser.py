"""On a critical portal one person proposes and another approves, each in a real browser."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from playwright.async_api import Page, async_playwright, expect

from defacewatch.accounts import Role
from defacewatch.fetch.chromium import find_chromium
from defacewatch.incidents import Resolution, State
from defacewatch.roster import Officer, Roster
from defacewatch.store import Store
from tests.conftest import Clock
from tests.store.samples import CHANGED, MINUTE, NOW, captured, checked, registered
from tests.web.conftest import Serve
from tests.web.people import PASSWORD, person

Screen = Callable[[], Awaitable[Page]]


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
async def screen(request: pytest.FixtureRequest) -> AsyncIterator[Screen]:
    """Browsers of several people; what the policy refuses or a script throws fails the test."""
    complaints: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(None), args=["--no-sandbox"])

        async def opened() -> Page:
            context = await browser.new_context(
                java_script_enabled=request.param, viewport={"width": 390, "height": 800}
            )
            page = await context.new_page()
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("console", lambda line: complaints.append(line.text) if "Policy" in line.text else None)
            return page

        yield opened
        await browser.close()
    assert complaints == []


async def test_a_second_person_approves_what_an_incident_shows(
    request: pytest.FixtureRequest, screen: Screen, serve: Serve, store: Store, clock: Clock
) -> None:
    clock.now = NOW + 30 * MINUTE
    roster = Roster((Officer("an", "Nguyễn Văn An"), Officer("binh", "Trần Thị Bình")))
    client = await serve(roster=lambda: roster)
    base = str(client.make_url("")).rstrip("/")
    page_id = await registered(store, critical=True)
    first = await captured(store, page_id, "a", by="an")
    await store.baselines.approve(first, by="binh", reason="đăng ký lần đầu", now=NOW)
    made = await checked(store, page_id, CHANGED, NOW + MINUTE, mark="b")
    assert made.kept is not None
    for name in ("an", "binh"):
        await person(store, name, Role.APPROVER, officer=name)

    async def came(name: str) -> Page:
        page = await screen()
        await page.goto(f"{base}/login?next=/incidents/1")
        await page.fill("#user", name)
        await page.fill("#password", PASSWORD)
        await page.click("main button >> nth=0")
        await page.wait_for_url(f"{base}/incidents/1")
        return page

    an = await came("an")
    await an.get_by_role("link", name="Legitimate update").click()
    await expect(an.locator("#decision")).to_contain_text("one person has to propose the capture")
    await an.get_by_role("button", name="Propose this capture").click()
    await expect(an.locator("#decision")).to_contain_text("you have proposed this capture yourself")
    await expect(an.locator("#decision")).to_contain_text("Who can approve: Binh")
    await expect(an.get_by_role("button", name="Approve")).to_have_count(0)

    binh = await came("binh")
    await binh.get_by_role("link", name="Legitimate update").click()
    await expect(binh.locator(".pair img")).to_have_count(2)
    if request.node.callspec.id == "with scripts":
        await expect(binh.locator("#words")).to_contain_text("Trang chủ", timeout=60_000)
        await binh.locator("label[for=as-difference]").click()
        await expect(binh.locator(".overlay img")).to_be_visible()
    assert await binh.evaluate("document.documentElement.scrollWidth") <= 390
    await binh.fill("#why", "Giao diện mới theo công văn số 12")
    await binh.get_by_role("button", name="Approve and resolve SC-000001").click()
    await binh.wait_for_url(f"{base}/incidents/1")
    await expect(binh.locator("#head")).to_contain_text("Resolved: legitimate update")

    incident = (await store.incidents.get(1)).incident
    assert (incident.state, incident.resolved_as, incident.resolved_by) == (
        State.RESOLVED,
        Resolution.LEGITIMATE,
        "binh",
    )
    last = (await store.baselines.history(page_id))[-1]
    assert (last.capture, last.by) == (made.kept.capture.id, "binh")
    assert last.reason == "Giao diện mới theo công văn số 12"
