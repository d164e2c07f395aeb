"""Pages whose updates are simulated: the demo portal, and pages of the mirrored portal with rotating news.

No Vietnamese government page over time is at hand, so the mirror's own articles rotate through the lists on
its pages: every update puts one on top that was not there and lets the last one go. Everything of these
pages is told apart as simulated.
"""

import asyncio
import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from random import Random
from urllib.parse import quote

import aiohttp

from bench.detect.events import SIMULATED
from bench.detect.hosts import host_of
from bench.detect.scene import Answer, Scene
from bench.detect.subjects import BOTH, Subject
from bench.real import corpus
from defacewatch.demo.portal import SITE, DemoPortal

DEMO, DEMO_HOST = "demo-portal", "www.songhong.example"
TODAY = date(2026, 3, 2)
PAGES = 6  # of the mirror that are watched, its front page among them
_LEAST = 12_000  # bytes of a page that is worth watching

# An article in a list: its link and its title.
_ARTICLE = re.compile(
    rb"<a\s[^<>]{0,60}href=\"([^\"<>]{0,80}view_content/[^\"<>]{5,300})\"[^<>]{0,200}>([^<>]{20,260})</a>"
)
_COUNTER = re.compile(rb"\b\d{1,3}\.\d{3}\.\d{3}\b")  # of visitors, with dots between the thousands
_ONLINE = re.compile(
    rb"(class=\"[^\"<>]{0,40}online[^<>]{0,80}>[^<>]{0,40}</span>\s{0,9}<span[^<>]{0,80}>)\d{1,4}"
)
_DAY = re.compile(rb"\b[0-3]\d/[01]\d/20\d\d\b")


def subjects(folder: Path, side: str, *, updates: int, seed: int) -> list[Subject]:
    """The demo portal, and on its side the mirror's pages, each with so many simulated updates."""
    return [demo(updates), *mirror(folder, side, updates=updates, seed=seed)]


def demo(updates: int) -> Subject:
    """The demo portal's front page through so many updates."""
    return _subject(DEMO, DEMO, BOTH, [_demo_scene(page, i) for i, page in enumerate(_demo_pages(updates))])


def mirror(folder: Path, side: str, *, updates: int, seed: int) -> list[Subject]:
    """Some pages of each mirrored portal of that side, through so many updates."""
    found = []
    for root in sorted(path for path in (folder / "vn").glob("*") if path.is_dir()):
        if corpus.side(root.name) == side:
            found += [_rotating(root, page, updates, seed) for page in _watched(root, seed)]
    return found


def _subject(name: str, family: str, side: str, scenes: list[Scene]) -> Subject:
    count = len(scenes)
    return Subject(name, family, side, True, tuple(scenes), tuple(range(1, count + 1)), (SIMULATED,) * count)


@cache
def _demo_pages(updates: int) -> tuple[bytes, ...]:
    return tuple(asyncio.run(_visited(updates)))


async def _visited(updates: int) -> list[bytes]:
    portal = DemoPortal(TODAY)
    url = await portal.start()
    pages = []
    try:
        async with aiohttp.ClientSession() as client:
            for number in range(updates):
                if number:
                    portal.publish_update()
                async with client.get(url) as answer:
                    pages.append(await answer.read())
    finally:
        await portal.stop()
    return pages


def _demo_scene(page: bytes, number: int) -> Scene:
    url = f"http://{DEMO_HOST}/"
    counted = Answer(counter(18_234_911 + 1_207 * number), kind="application/json")
    extra = {f"{url}truy-cap.json": counted}
    return Scene(url, Answer(page), SITE, extra)


def counter(visits: int) -> bytes:
    """What the demo portal's visitor counter answers."""
    return f'{{"now": {96 + visits % 61}, "today": {visits % 100_000}, "total": {visits}}}'.encode()


def counted(page: bytes, minute: int) -> bytes:
    """`page` with the visitors of so many minutes more on its counters."""
    online = _ONLINE.sub(lambda found: found[1] + str(20 + minute * 7 % 23).encode(), page)
    return _COUNTER.sub(lambda found: _more(found[0], 3 * minute), online)


def _watched(root: Path, seed: int) -> list[Path]:
    """The front page and some others that list articles."""
    found = [
        path
        for path in sorted(root.glob("*.html"))
        if path.stat().st_size >= _LEAST and len(_ARTICLE.findall(path.read_bytes())) >= 4
    ]
    front = root / "index.html"
    others = [path for path in found if path != front]
    return [front, *sorted(Random(f"{seed}:mirror").sample(others, min(PAGES - 1, len(others))))]


@cache
def articles(root: Path) -> tuple[tuple[bytes, bytes], ...]:
    """Link and title of the articles that the mirror's lists name, in a fixed order."""
    found: dict[bytes, bytes] = {}
    for path in sorted(root.glob("*.html")):
        for link, title in _ARTICLE.findall(path.read_bytes()):
            found.setdefault(link, title)
    return tuple(sorted(found.items()))


def rotated(page: bytes, pool: tuple[tuple[bytes, bytes], ...], step: int, dice: Random) -> bytes:
    """`page` after so many updates: that many other articles on top of each list, visitors counted
    and the first date moved on."""
    listed = _ARTICLE.findall(page)
    known = {link for link, _ in listed}
    others = [article for article in pool if article[0] not in known]
    dice.shuffle(others)
    fresh = [others[i % len(others)] for i in range(step)] if others else []
    queue: Iterator[tuple[bytes, bytes]] = iter([*reversed(fresh), *listed])

    def replaced(match: re.Match[bytes]) -> bytes:
        link, title = next(queue)
        return match[0].replace(match[1], link, 1).replace(match[2], title, 1)

    moved = _ARTICLE.sub(replaced, page)
    day = f"{date(2022, 8, 27) + timedelta(days=step // 3):%d/%m/%Y}".encode()
    counted = _COUNTER.sub(lambda found: _more(found[0], 1_207 * step), moved)
    return _DAY.sub(day, counted, count=1) if step else counted


def _more(number: bytes, visits: int) -> bytes:
    return f"{int(number.replace(b'.', b'')) + visits:,}".replace(",", ".").encode()


def _rotating(root: Path, page: Path, updates: int, seed: int) -> Subject:
    body = page.read_bytes()
    name = page.relative_to(root).as_posix()
    url = f"http://{host_of('', root.name, [body])}/" + ("" if name == "index.html" else quote(name))
    pool = articles(root)
    bodies = [rotated(body, pool, step, Random(f"{seed}:{name}")) for step in range(updates)]
    scenes = [Scene(url, Answer(one), root) for one in bodies]
    return _subject(f"{root.name}/{name}", root.name, corpus.side(root.name), scenes)
