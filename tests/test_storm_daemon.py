"""A storm from the attack to the officer's mailbox: one shared host, all of its pages defaced at once."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from defacewatch.alerts import DeliveryState
from defacewatch.daemon import Daemon
from defacewatch.demo.mailbox import Mailbox
from defacewatch.learn import learn_page
from defacewatch.verdicts import VerdictKind
from tests.settling import settling_soon
from tests.site import DEFACED, Site
from tests.test_daemon import Stand, until

PAGES = 8
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


@pytest.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    """Its portals share a server; shifts have one officer, who is told by mail."""
    site = Site()
    await site.start()
    stand = Stand(tmp_path, site)
    stand.portals = [
        {"key": f"so-{n}", "name": f"Sở {n}", "pages": [{"url": f"{site.url}?so={n}"}]} for n in range(PAGES)
    ]
    stand.general["watch"] = {"probe_every": "2s", "confirm_after": "2s", "allow_networks": ["127.0.0.0/8"]}
    stand.roster |= {"shifts": [{"officers": ["an"], "days": DAYS, "from": "00:00", "to": "00:00"}]}
    with settling_soon():
        yield stand
    await site.stop()


async def approve_all(daemon: Daemon) -> None:
    async def approve(page_id: str) -> None:
        lesson = await learn_page(
            page_id,
            fetch=daemon.eyes.fetcher,
            extract=daemon.eyes.extract,
            checks=daemon.store.checks,
            baselines=daemon.store.baselines,
            samples=1,
            every=daemon.settings.watch.probe_every,
            by="an",
            clock=daemon.clock,
            sleep=asyncio.sleep,
        )
        assert lesson.capture is not None
        await daemon.store.baselines.approve(lesson.capture.id, by="binh", reason="mới", now=daemon.clock())

    await asyncio.gather(*map(approve, daemon.schedule.planned))


def named(mailbox: Mailbox) -> set[int]:
    """The numbers of the incidents that the mails name, also within a range."""
    found: set[int] = set()
    for mail in mailbox.messages:
        body = mail.get_body(("plain",))
        assert body is not None
        for first, last in re.findall(r"SC-(\d+)(?:–SC-(\d+))?", f"{mail['Subject']} {body.get_content()}"):
            found |= set(range(int(first), int(last or first) + 1))
    return found


@pytest.mark.timeout(300)
async def test_pages_that_are_defaced_at_once_are_all_confirmed_recorded_and_told_in_one_thread(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "defacewatch.daemon.BLIND_EVERY", 3600.0
    )  # whether this machine keeps up is no matter
    async with AsyncExitStack() as stack:
        mailbox = await stack.enter_async_context(Mailbox())
        stand.general["alerts"] = {"email": {"host": "127.0.0.1", "port": mailbox.port, "security": "none"}}
        daemon = await stand.daemon(stack)
        await approve_all(daemon)
        await until(lambda: daemon.eyes.checker.clean == set(daemon.schedule.planned), within=120)
        stand.site.show(DEFACED)
        async with asyncio.timeout(120):
            while len(views := await daemon.store.incidents.list()) < PAGES:  # noqa: ASYNC110 - it has to look
                await asyncio.sleep(0.05)
            while (  # noqa: ASYNC110 - the outbox has to send
                len(deliveries := await daemon.store.alerts.deliveries()) < PAGES
                or {one.state for one in deliveries} != {DeliveryState.SENT}
            ):
                await asyncio.sleep(0.05)
        assert {view.page.id for view in views} == set(daemon.schedule.planned)
        assert {view.incident.verdict for view in views} == {VerdictKind.DEFACED}
        assert len(deliveries) == PAGES
        assert named(mailbox) == {view.incident.id for view in views}
        assert len(mailbox.messages) < PAGES, "they are one campaign"
