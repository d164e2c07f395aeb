"""Pages that fight back, watched by a running daemon together with a page that does not."""

import asyncio
import gzip
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from itertools import pairwise
from pathlib import Path

import pytest
import trustme

from defacewatch.verdicts import VerdictKind
from tests.fetch.portal import Answer, Asked, Portal, Writer, drip, flood, page, redirect, silence
from tests.site import USUAL, Site
from tests.test_daemon import Stand

BOMB = gzip.compress(b"\0" * 60_000_000, 9)
DIALOGS = USUAL + "<script>for (let n = 0; n < 50; n++) { alert(n); window.open('about:blank') }</script>"
EATER = USUAL + "<script>const kept = []; while (true) kept.push(new Array(1e6).fill(Math.random()))</script>"
CALM_GAP = 10.0  # seconds between looks at the calm page: its interval is one, the rest is a busy machine
ENDS_WITHIN = 75.0

# what is served, and the verdicts that may be said of it
PAGES: dict[str, tuple[Answer, set[VerdictKind]]] = {
    "/tarpit": (drip, {VerdictKind.UNREACHABLE}),
    "/silence": (silence, {VerdictKind.UNREACHABLE}),
    "/endless": (flood, {VerdictKind.UNREACHABLE, VerdictKind.LEARNING}),
    "/bomb": (page(BOMB, content_encoding="gzip"), {VerdictKind.LEARNING, VerdictKind.UNREACHABLE}),
    "/loop": (redirect("/loop"), {VerdictKind.UNREACHABLE}),
    "/inside": (redirect("http://127.0.0.1:1/"), {VerdictKind.UNREACHABLE}),
    "/metadata": (redirect("http://169.254.169.254/latest/meta-data/"), {VerdictKind.UNREACHABLE}),
    "/dialogs": (page(DIALOGS), {VerdictKind.LEARNING}),
    "/eater": (page(EATER), {VerdictKind.LEARNING, VerdictKind.UNREACHABLE}),
}


@pytest.fixture
async def secure(tmp_path: Path) -> AsyncIterator[Portal]:
    """A page whose certificate nobody knows."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.2").configure_cert(context)
    portal = Portal("127.0.0.2", tls=context, answers={"/": page(USUAL)})
    await portal.start()
    yield portal
    await portal.stop()


@pytest.mark.timeout(180)
async def test_hostile_pages_end_within_their_limits_and_hold_up_no_other(
    tmp_path: Path, secure: Portal
) -> None:
    seen: list[float] = []

    async def calm(asked: Asked, writer: Writer) -> None:
        seen.append(time.monotonic())
        writer.write(page(USUAL))

    portal = Portal("127.0.0.2", answers={path: answer for path, (answer, _) in PAGES.items()})
    portal.answers["/calm"] = calm
    await portal.start()
    stand = Stand(tmp_path, Site())
    hostile = [{"url": portal.url(path)} for path in PAGES]
    stand.portals = [
        {"key": "calm", "name": "Cổng bình thường", "pages": [{"url": portal.url("/calm")}]},
        {"key": "hostile", "name": "Cổng bị chiếm", "pages": [*hostile, {"url": secure.url()}]},
    ]
    stand.general["watch"] = {
        "probe_every": "1s",
        "render_every": "4s",
        "timeout": "3s",
        "confirm_after": "0s",
        "allow_networks": ["127.0.0.2/32"],
    }
    async with AsyncExitStack() as stack:
        daemon = await stand.daemon(stack)
        left = {portal.url(path): verdicts for path, (_, verdicts) in PAGES.items()}
        left[secure.url()] = {VerdictKind.UNREACHABLE}
        async with asyncio.timeout(ENDS_WITHIN):
            while left:
                for state in await daemon.store.checks.latest():
                    if state.captured_at is not None and state.verdict in left.get(state.page.url, ()):
                        del left[state.page.url]
                await asyncio.sleep(0.1)
    gaps = [later - earlier for earlier, later in pairwise(seen)]
    assert gaps
    assert max(gaps) < CALM_GAP, "the calm page was looked at in time"
    await portal.stop()
