"""The walk: learn the sites, move all of them on version by version, deface them one after another."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from bench.real.said import (
    CHANGED,
    CHANNELS,
    CLEAN,
    DEFACED,
    DEFACEMENT,
    EVENT,
    SAME,
    UNREACHABLE,
    UNSEEN,
    UPDATE,
    Said,
)
from bench.real.server import ServedSite
from bench.real.stage import BenchFailed, Stage
from defacewatch.demo.botrules import Sent

WORST_FIRST = (DEFACED, CHANGED, UNREACHABLE, CLEAN)
SEEN_WITHIN = 180.0  # seconds until probe and browser have both looked at what a step brought
RESOLVED_WITHIN = 100.0  # seconds until a page is clean again; at the latest the round of captures sees it
TOLD_WITHIN = 90.0  # seconds until an attack must have been told
GRACE = 10.0  # seconds that a defacement which was not taken for one gets for its messages
POLL = 0.3

Tell = Callable[[str], None]


class Walk:
    """Everything that is done to the sites, in order; `said` collects the answers."""

    def __init__(self, stage: Stage, sites: Sequence[ServedSite], tell: Tell) -> None:
        self.stage, self.sites, self.tell = stage, sites, tell
        self.said: list[Said] = []

    async def learn(self) -> None:
        """Take three samples of each site, of three versions, and approve the last. Raises BenchFailed."""
        words = ("learn", "--samples", "3", "--every", "1s", "--by", "an", "--json")
        code, printed = await self.stage.command(*words)
        lessons = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
        if len(lessons) != len(self.sites):
            raise BenchFailed(f"defacewatch learn exited {code}: {printed.strip()[-300:]}")
        if without := [self._name(lesson["url"]) for lesson in lessons if not lesson["capture"]]:
            raise BenchFailed(f"defacewatch learn made no capture of {', '.join(without)}: {printed}")
        code, printed = await self.stage.command("baseline", "approve", "--all-proposed", "--by", "binh")
        for lesson in lessons:
            if lesson["verdict"] != "learning":  # left out: an administrator looks, and approves it by name
                name, kinds = self._name(lesson["url"]), ", ".join(_signals(lesson))
                self.tell(f"learning: {name} is said {lesson['verdict']} ({kinds}); approved by name")
                await self._approve(lesson["capture"])

    async def step(self, *, move: bool = True) -> list[Said]:
        """Move every site on (or leave it, to see what is said of the same page), and hear what is said."""
        began = datetime.now(UTC)
        sites = [site for site in self.sites if site.walks]
        kinds = {site.key: (EVENT if site.move_on() else UPDATE) if move else SAME for site in sites}
        moved = {site.key: (site.before.number, site.version.number) for site in sites}
        before = {site.key: self._received(site.label) for site in sites}
        for site in sites:
            site.watch_again()
        heard = await self._each_seen(sites, began)
        for site, said in heard:
            said.kind, said.versions = kinds[site.key], moved[site.key]
            said.messages = self._received(site.label) - before[site.key]
        step = [said for _, said in heard]
        self.said += step
        return step

    async def _each_seen(self, sites: Sequence[ServedSite], began: datetime) -> list[tuple[ServedSite, Said]]:
        """What is said of each site; a new look that is not clean is approved as soon as that is said."""
        waiting = list(sites)
        settling: list[asyncio.Task[tuple[ServedSite, Said]]] = []
        since = time.monotonic()
        while waiting:
            pages = await self.stage.pages()
            late = time.monotonic() - since > SEEN_WITHIN
            for site in list(waiting):
                seen = _seen(site, pages[site.key])
                if not (seen or late):
                    continue
                waiting.remove(site)
                said = await self._worst(site, pages[site.key], began)
                said.seconds = round(time.monotonic() - since, 1)
                said.verdict = said.verdict if seen else UNSEEN
                settling.append(asyncio.create_task(self._settle(site, said)))
            await asyncio.sleep(POLL)
        return list(await asyncio.gather(*settling))

    async def _worst(self, site: ServedSite, page: dict[str, Any], began: datetime) -> Said:
        """The worst that was said of a site since `began`."""
        checks = (await self.stage.ask(f"checks?page={page['page']}&limit=100"))["checks"]
        since = [check for check in checks if _moment(check["at"]) >= began]
        worst = min(since, key=_badness, default=page)
        return Said(site.site.name, worst["verdict"] or UNSEEN, worst["score"], _signals(worst))

    async def _settle(self, site: ServedSite, said: Said) -> tuple[ServedSite, Said]:
        """Approve a look that opened an incident, as an administrator would; the page must be clean then.

        A page that the browser could not show (it went off to another host, and there is none here) has no
        capture to approve: it goes back to how it was, and walks no further.
        """
        number = (await self.stage.pages())[site.key]["incident"]
        if number is None:
            return site, said
        capture = (await self.stage.ask(f"incidents/{number}"))["capture"]
        began = datetime.now(UTC)
        if capture is not None:
            said.resolved = await self._approve(capture) and await self._clean(site, began)
        else:
            site.go_back()
            said.resolved = await self._clean(site, began)
            await self._done("incidents", "resolve", str(number), "--as", "restored", "--by", "binh")
            self.tell(f"{site.site.name}: no capture to approve; back to the version before, where it stays")
        if not said.resolved:
            self.tell(f"{site.site.name}: not clean after it was resolved")
        return site, said

    async def _approve(self, capture: str) -> bool:
        words = ("approve", capture, "--by", "binh", "--reason", "an ordinary update")
        return await self._done("baseline", *words)

    async def _done(self, *words: str) -> bool:
        code, printed = await self.stage.command(*words)
        if code:
            self.tell(f"{' '.join(words[:3])} exited {code}: {printed.strip()[-200:]}")
        return code == 0

    async def _clean(self, site: ServedSite, after: datetime) -> bool:
        deadline = time.monotonic() + RESOLVED_WITHIN
        while time.monotonic() < deadline:
            page = (await self.stage.pages())[site.key]
            if page["verdict"] == CLEAN and page["incident"] is None and _moment(page["checked_at"]) > after:
                return True
            await asyncio.sleep(POLL)
        return False

    async def deface(self, site: ServedSite, page: Path) -> Said:
        """Deface one site, and wait for what officers receive of it on both channels."""
        content = await asyncio.to_thread(page.read_bytes)
        mails, chats = _newcomers(self.stage.mailbox.messages), _newcomers(self.stage.telegram.sent)

        def mailed(message: EmailMessage) -> bool:
            return mails(message) and site.label in str(message["Subject"])

        def chatted(message: Sent) -> bool:
            return chats(message) and site.label in message.text

        began, since = datetime.now(UTC), time.monotonic()
        site.deface(content)
        waits: tuple[Awaitable[object], ...] = (
            self.stage.mailbox.wait_for(mailed, timeout=TOLD_WITHIN),
            self.stage.telegram.wait_for(chatted, timeout=TOLD_WITHIN),
        )
        arriving = [asyncio.create_task(_timed(wait, since)) for wait in waits]
        await self._until_told(site, arriving)
        times = await asyncio.gather(*arriving, return_exceptions=True)
        said = await self._worst(site, (await self.stage.pages())[site.key], began)
        said.kind, said.page = DEFACEMENT, page.name
        said.versions = (site.version.number, site.version.number)
        said.received = {c: t for c, t in zip(CHANNELS, times, strict=True) if isinstance(t, float)}
        said.messages = len(said.received)
        self.said.append(said)
        return said

    async def _until_told(self, site: ServedSite, arriving: Sequence[asyncio.Task[float]]) -> None:
        """Until both channels have told, or shortly after something milder than an attack was said."""
        judged: float | None = None
        while not all(task.done() for task in arriving):
            page = (await self.stage.pages())[site.key]
            if judged is None and _seen(site, page):
                judged = time.monotonic()
            if judged is not None and page["verdict"] != DEFACED and time.monotonic() - judged > GRACE:
                break
            await asyncio.sleep(POLL)
        for task in arriving:
            task.cancel()

    def _name(self, url: str) -> str:
        return next(site.site.name for site in self.sites if site.url == url)

    def _received(self, label: str) -> int:
        """How many messages about a site the channels have brought so far."""
        mails = sum(label in str(message["Subject"]) for message in self.stage.mailbox.messages)
        return mails + sum(label in sent.text for sent in self.stage.telegram.sent)


def _newcomers(messages: Sequence[object]) -> Callable[[object], bool]:
    """Tells whether a message is none of those that are there already."""
    known = {id(message) for message in messages}
    return lambda message: id(message) not in known


async def _timed(wait: Awaitable[object], since: float) -> float:
    await wait
    return round(time.monotonic() - since, 2)


def _moment(value: str | None) -> datetime:
    return datetime.fromisoformat(value) if value else datetime.min.replace(tzinfo=UTC)


def _seen(site: ServedSite, page: dict[str, Any]) -> bool:
    """Whether a check has ended in which the browser was given what the site serves now."""
    shown = site.shown_at
    return shown is not None and all(_moment(page[key]) > shown for key in ("checked_at", "captured_at"))


def _badness(check: dict[str, Any]) -> tuple[int, float]:
    verdict = check["verdict"]
    place = WORST_FIRST.index(verdict) if verdict in WORST_FIRST else len(WORST_FIRST)
    return place, -check["score"]


def _signals(check: dict[str, Any]) -> dict[str, float]:
    """The signals that have points, the heaviest first."""
    found = [(s["kind"], s["points"]) for s in check.get("signals", ()) if s["points"]]
    return dict(sorted(found, key=lambda signal: -signal[1]))
