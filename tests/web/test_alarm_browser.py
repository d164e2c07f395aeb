"""From a page that is really defaced to somebody who has the incident: what the check finds goes out by mail,
the link in that mail is pressed in a real browser, and who looks at the wall sees both happen."""

import re
from datetime import time, timedelta

import pytest
from playwright.async_api import Page, async_playwright, expect

from defacewatch.demo.mailbox import Mailbox
from defacewatch.fetch.chromium import find_chromium
from defacewatch.incidents import State
from defacewatch.notify.email import EmailChannel
from defacewatch.outbox import Outbox
from defacewatch.roster import Officer, Roster, Step
from defacewatch.shifts import Shift
from defacewatch.verdicts import VerdictKind
from defacewatch.web.take import take_url
from tests.site import DEFACED
from tests.watched import Watch, approved, fetch, watch
from tests.web.people import KEY
from tests.web.stage import WALL, Stage, console_over

__all__ = ["approved", "fetch", "watch"]
AN = Officer("an", "Nguyễn Văn An", email="an@example.gov.vn")
ROUND_THE_CLOCK = Shift(("an",), time(0), time(0), days=frozenset(range(7)))
ROSTER = Roster((AN,), (ROUND_THE_CLOCK,), (Step(timedelta(0), "on_duty"),))
PATIENCE = 60_000  # milliseconds, on a machine that has much else to do
LOADED = "performance.timeOrigin"  # another after each navigation


async def mailed(watch: Watch, base: str) -> str:
    """The link in the one mail that the outbox sends about what was found."""
    async with Mailbox() as mailbox:
        channel = EmailChannel(
            host="127.0.0.1",
            port=mailbox.port,
            security="none",
            user=None,
            password=None,
            sender="defacewatch@example.gov.vn",
        )
        outbox = Outbox(
            watch.store,
            {"email": channel},
            lambda: ROSTER,
            clock=watch.clock,
            language="vi",
            zone="Asia/Ho_Chi_Minh",
            public_url=base,
            take_url=take_url(base, KEY),
        )
        await outbox.drain()
        await channel.close()
        (message,) = mailbox.messages
    assert AN.email is not None
    assert AN.email in message["To"]
    text = message.get_body(("plain",))
    assert text is not None
    links = set(re.findall(rf"{re.escape(base)}/take/\S+", text.get_content()))
    assert len(links) == 1
    return str(links.pop())


async def at_the_wall(page: Page, stage: Stage) -> float:
    """Look at the wall as its screen does; when it was loaded."""
    cookie = {"name": "defacewatch_session", "value": stage.cookies[WALL], "url": stage.base}
    await page.context.add_cookies([cookie])  # type: ignore[list-item]
    async with page.expect_response("**/events*", timeout=PATIENCE):
        await page.goto(f"{stage.base}/?lang=vi")
    await expect(page.locator("#seats .tile")).to_have_count(1)
    await expect(page.locator(".card")).to_have_count(0)
    return float(await page.evaluate(LOADED))


@pytest.mark.timeout(600)
@pytest.mark.asyncio(loop_scope="module")
async def test_from_a_defaced_page_by_the_link_in_the_mail_to_somebody_who_has_it(watch: Watch) -> None:
    complaints: list[str] = []
    async with (
        console_over(watch.store, watch.clock, roster=ROSTER) as stage,
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(executable_path=find_chromium(None), args=["--no-sandbox"])
        wall, telephone = [await (await browser.new_context()).new_page() for _ in range(2)]
        await telephone.set_viewport_size({"width": 390, "height": 800})
        for page in (wall, telephone):
            page.on("pageerror", lambda error: complaints.append(str(error)))
        loaded = await at_the_wall(wall, stage)

        watch.site.show(DEFACED)
        result = await watch.check(render=True)
        assert result.outcome.verdict.kind is VerdictKind.DEFACED
        incident = result.recorded.incident
        assert incident is not None
        card = wall.locator(f".card[href='/incidents/{incident}']")
        await expect(card).to_contain_text("Chờ tiếp nhận", timeout=PATIENCE)
        await expect(wall.locator("h1")).to_contain_text("nghi bị tấn công")
        await expect(wall.locator("#seats .tile")).to_contain_text("Nghi bị tấn công")

        await telephone.goto(await mailed(watch, stage.base))
        button = telephone.get_by_role("button", name="Tiếp nhận với tên Nguyễn Văn An")
        await expect(button).to_be_visible()
        await telephone.reload()
        opened = (await watch.store.incidents.get(incident)).incident
        assert (opened.state, opened.acknowledged_by) == (State.OPEN, None), "opening takes nothing"
        await expect(card).to_contain_text("Chờ tiếp nhận")

        await button.click()
        await expect(telephone.get_by_role("status")).to_contain_text(AN.name, timeout=PATIENCE)
        await expect(button).to_have_count(0)
        taken = (await watch.store.incidents.get(incident)).incident
        assert (taken.state, taken.acknowledged_by) == (State.ACKNOWLEDGED, "an")
        await expect(card).to_contain_text(f"Đã tiếp nhận: {AN.name}", timeout=PATIENCE)
        assert await wall.evaluate(LOADED) == loaded, "the wall was not loaded again"
        await expect(wall.locator("#offline")).to_be_hidden()
        await browser.close()
    assert complaints == []
