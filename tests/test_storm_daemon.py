"""A storm from the attack to the officer's mailbox: one shared host, all of its pages defaced at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from defacewatch.alerts import DeliveryState
from defacewatch.demo.mailbox import Mailbox
from defacewatch.verdicts import VerdictKind
from tests.settling import settling_soon
from tests.site import DEFACED, Site
from tests.test_daemon import Stand, until
from tests.test_restart import approve
from tests.test_storm import mail_text, numbers_in

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


@pytest.mark.timeout(300)
async def test_pages_that_are_defaced_at_once_are_all_confirmed_recorded_and_told_in_one_thread(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("defacewatch.daemon.BLIND_EVERY", 3600.0)  # that this machine is slow is no matter
    async with AsyncExitStack() as stack:
        mailbox = await stack.enter_async_context(Mailbox())
        stand.general["alerts"] = {"email": {"host": "127.0.0.1", "port": mailbox.port, "security": "none"}}
        daemon = await stand.daemon(stack)
        await asyncio.gather(*(approve(daemon, page_id) for page_id in daemon.schedule.planned))
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
        assert set[int]().union(*map(numbers_in, map(mail_text, mailbox.messages))) == {
            view.incident.id for view in views
        }
        assert len(mailbox.messages) < PAGES, "they are one campaign"
