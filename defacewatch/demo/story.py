"""The demo: a portal is learned, updated, then defaced, and the officer on duty hears of it."""

import asyncio
import html
import re
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

from playwright.async_api import Browser, async_playwright
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from defacewatch.demo.botrules import Sent
from defacewatch.demo.stage import OFFICER, Stage, staged
from defacewatch.errors import DefacewatchError
from defacewatch.fetch.chromium import find_chromium
from defacewatch.language import N_, Translate, translator

SEEN_WITHIN = 40.0  # seconds for the daemon to look at the update
LEFT = (
    "before.jpg",
    "after.jpg",
    "alert.eml",
    "alert.html",
    "telegram.txt",
    "incident.png",
    "incident-phone.png",
    "daemon.log",
)
TOLD_WITHIN = 60.0  # seconds from the defacement to both messages: the product's own promise


async def tell(out: Path, *, language: str, keep: bool, browser: str | None) -> bool:
    """Run the demo; True when the defacement was told on both channels and the update on none.

    Pictures, the e-mail and the daemon's log are left in `out`.
    """
    story = Story(out, language, browser)
    with tempfile.TemporaryDirectory(prefix="defacewatch-demo-") as folder:
        async with AsyncExitStack() as stack:
            stage = await stack.enter_async_context(staged(Path(folder), language=language, browser=browser))
            try:
                return await story.play(stage, stack, keep=keep)
            except DefacewatchError as error:
                story.fail(str(error))
                return False
            finally:
                if stage.log.exists():
                    shutil.copy(stage.log, out / "daemon.log")


class Story:
    """What is shown on the terminal, step by step, with the seconds since the beginning."""

    def __init__(self, out: Path, language: str, browser: str | None) -> None:
        self.out, self.browser = out, browser
        self.translate: Translate = translator(language)
        self.console = Console(highlight=False)
        self.began = time.monotonic()
        try:
            out.mkdir(parents=True, exist_ok=True)
            for name in LEFT:
                (out / name).unlink(missing_ok=True)
        except OSError as error:
            raise DefacewatchError(
                f"{out} cannot be written ({error.strerror}): name another folder with --out"
            ) from None

    def say(self, text: str, mark: str = "•", **values: object) -> None:
        line = self.translate(text).format(**values)
        at = f"{time.monotonic() - self.began:6.1f} s  "
        self.console.print(Text.assemble((at, "dim"), f"{mark} ", line), soft_wrap=True)

    def fail(self, text: str) -> None:
        self.console.print(Text.assemble("          ", ("✗ " + text, "bold red")), soft_wrap=True)

    async def play(self, stage: Stage, stack: AsyncExitStack, *, keep: bool) -> bool:
        self.say(N_("A portal of a province is on line: {url}"), url=stage.portal_url)
        await self._learn(stage)
        watched_from = datetime.now(UTC)
        await stage.daemon(stack)
        self.say(
            N_("The daemon watches it, every {every} seconds; status page: {url}"), every=3, url=stage.console
        )
        if not await self._update(stage, watched_from) or not await self._deface(stage):
            return False
        await self._picture(stage)
        self._leave(stage)
        if keep:
            self.say(
                N_("Still running. Status page: {url}  token: {token}"), url=stage.console, token=stage.token
            )
            self.say(N_("Ctrl-C ends the demo."))
            await asyncio.Event().wait()
        return True

    async def _learn(self, stage: Stage) -> None:
        """Take the captures and approve the one that was proposed, as an administrator would."""
        self.say(N_("Three captures are taken, to learn what moves on the page"))
        steps = (
            ("learn", "--samples", "3", "--every", "1s", "--by", "an"),
            ("baseline", "approve", "--all-proposed", "--by", "binh"),
        )
        for words in steps:
            code, printed = await stage.command(*words)
            if code:
                raise DefacewatchError(f"defacewatch {' '.join(words)} failed: {printed.strip()}")
        self.say(N_("Three captures were taken, and a person approved the baseline"), "✓")

    async def _update(self, stage: Stage, watched_from: datetime) -> bool:
        """An ordinary update: looked at by probe and browser, told to nobody.

        The daemon's first look is with the browser; once it is recorded, none is under way that could still
        be of the page before the update.
        """

        def seen(page: dict[str, object]) -> bool:
            return _moment(page["captured_at"]) > watched_from

        await self._until(stage, seen, SEEN_WITHIN)
        title = stage.portal.publish_update()
        at = datetime.now(UTC)
        self.say(N_("The editors publish an item of news: “{title}”"), title=title)

        def looked_at(page: dict[str, object]) -> bool:
            return all(_moment(page[key]) > at for key in ("checked_at", "captured_at"))

        page = await self._until(stage, looked_at, SEEN_WITHIN)
        told = len(stage.mailbox.messages) + len(stage.telegram.sent)
        if page["verdict"] != "clean" or told:
            self.fail(f"the update was judged {page['verdict']}, and {told} messages were sent")
            return False
        self.say(N_("Probe and browser looked: an ordinary update. Nobody is woken"), "✓")
        return True

    async def _deface(self, stage: Stage) -> bool:
        """The attack: both channels must bring the alert."""
        stage.portal.deface()
        at = time.monotonic()
        self.say(N_("The page is defaced"), "🔴")
        waits = (
            self._timed("e-mail", stage.mailbox.wait_for(lambda message: True, timeout=TOLD_WITHIN), at),
            self._timed("Telegram", stage.telegram.wait_for(_is_alert, timeout=TOLD_WITHIN), at),
        )
        arrived = await asyncio.gather(*waits)
        if not all(arrived):
            return False
        text = next(message for message in stage.telegram.sent if _is_alert(message)).text
        self.console.print(Panel(Text(_plain(text)), title=f"Telegram → {OFFICER['name']}", width=72))
        page = await stage.page()
        if page["verdict"] != "defaced" or page["incident"] is None:
            self.fail(f"the status page says {page['verdict']}")
            return False
        self.say(N_("The status page shows incident {number}"), "✓", number=page["incident"])
        return True

    async def _timed(self, channel: str, wait: Awaitable[object], since: float) -> bool:
        try:
            await wait
        except TimeoutError:
            self.fail(f"no alert by {channel} within {TOLD_WITHIN:.0f} s")
            return False
        self.say(
            N_("The alert arrived by {channel}, {seconds} s after the defacement"),
            "✓",
            channel=channel,
            seconds=f"{time.monotonic() - since:.1f}",
        )
        return True

    async def _until(
        self, stage: Stage, done: Callable[[dict[str, object]], bool], within: float
    ) -> dict[str, object]:
        """The page's state as soon as `done` says so."""
        try:
            async with asyncio.timeout(within):
                while not done(page := await stage.page()):  # noqa: ASYNC110 - another process is asked
                    await asyncio.sleep(0.3)
        except TimeoutError:
            raise DefacewatchError(
                f"the daemon did not look at the page; its log is {stage.log.name}"
            ) from None
        return page

    async def _picture(self, stage: Stage) -> None:
        """What an officer sees: the incident, as the status page shows it."""
        async with async_playwright() as playwright:
            chromium = await playwright.chromium.launch(
                executable_path=find_chromium(self.browser), args=["--no-sandbox", "--disable-gpu"]
            )
            page = await stage.page()
            for name, width in (("incident.png", 1280), ("incident-phone.png", 390)):
                await _shoot(chromium, stage, f"/incidents/{page['incident']}", width, self.out / name)
            await chromium.close()

    def _leave(self, stage: Stage) -> None:
        (self.out / "alert.eml").write_bytes(stage.mailbox.raw[0])
        message = stage.mailbox.messages[0]
        for part in message.walk():
            if part.get_content_type() == "text/html":
                text = part.get_content()
                for name, cid in zip(
                    ("before.jpg", "after.jpg"), re.findall(r"cid:[^\"']+", text), strict=False
                ):
                    text = text.replace(cid, name)
                (self.out / "alert.html").write_text(text, "utf-8")
        pictures = [p for sent in stage.telegram.sent for p in sent.pictures]
        for name, picture in zip(("before.jpg", "after.jpg"), pictures, strict=False):
            (self.out / name).write_bytes(picture)
        (self.out / "telegram.txt").write_text(
            "\n\n".join(_plain(s.text) for s in stage.telegram.sent), "utf-8"
        )
        self.say(N_("Left in {folder}: {files}"), folder=self.out, files=", ".join(LEFT))


async def _shoot(chromium: Browser, stage: Stage, path: str, width: int, target: Path) -> None:
    context = await chromium.new_context(viewport={"width": width, "height": 900}, locale="vi-VN")
    page = await context.new_page()
    await page.goto(f"{stage.console}/login")
    await page.fill("input[name=token]", stage.token)
    async with page.expect_navigation():
        await page.press("input[name=token]", "Enter")
    await page.goto(f"{stage.console}{path}")
    await page.screenshot(path=target, full_page=True)
    await context.close()


def _is_alert(message: Sent) -> bool:
    return bool(message.text) and bool(message.buttons)


def _moment(value: object) -> datetime:
    return datetime.fromisoformat(value) if isinstance(value, str) else datetime.min.replace(tzinfo=UTC)


def _plain(markup: str) -> str:
    """Telegram's HTML as the text that a phone shows."""
    return html.unescape(re.sub(r"<[^>]+>", "", markup))
