from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import TypeVar

import pytest

from defacewatch.captures import Failure, Look, Rendering
from defacewatch.compare import Part, extract
from defacewatch.features import Features
from defacewatch.rereading import Rereading
from defacewatch.workers import TooMuch, Workers
from tests.compare.portal import NOW, portal, probe_of, render_of, screenshot

T = TypeVar("T")
EVERY, DOCUMENTS = set(Part), {Part.SERVED, Part.SHOWN}


class Noted(Workers):
    """Workers that note what they are given to read."""

    def __init__(self) -> None:
        super().__init__(1)
        self.given: list[object] = []
        self.fails = False

    async def run(self, work: Callable[..., T], *args: object) -> T:
        if self.fails:
            raise TooMuch("reading the page took more than 20 s")
        self.given.append(set(args[0]) if isinstance(args[0], dict) else args[0])
        return await super().run(work, *args)


@pytest.fixture
async def workers() -> AsyncIterator[Noted]:
    noted = Noted()
    yield noted
    noted.stop()


def page(html: str = portal(), *, banner: str = "#b01020", url: str = "") -> Look:
    look = render_of(html, picture=screenshot(banner=banner))
    return Look(replace(look.probe, url=url), look.rendering) if url else look


async def known(reading: Rereading, workers: Noted, look: Look) -> Features:
    """A look of which all parts are remembered."""
    await reading.read(look)
    features = await reading.read(look)
    workers.given.clear()
    return features


async def test_a_page_that_is_as_it_was_is_not_read_again(workers: Noted) -> None:
    reading = Rereading(workers)
    first = await reading.read(page())
    again = page()
    assert again.rendering is not None
    later = Look(
        replace(again.probe, at=NOW.replace(year=2031), elapsed=3.0),
        replace(again.rendering, at=NOW.replace(year=2031), elapsed=9.0, console_errors=4),
    )
    for look in (later, page(), later):
        assert await reading.read(look) == first == extract(page())
    assert workers.given == [EVERY, DOCUMENTS], "documents are remembered when they have been the same twice"


async def test_of_a_page_that_sends_tokens_only_the_documents_are_read_again(workers: Noted) -> None:
    reading = Rereading(workers)
    for token in ("a1", "b2", "c3"):
        look = page(portal(end=f'<input type="hidden" name="token" value="{token}">'))
        assert await reading.read(look) == extract(look)
    assert workers.given == [EVERY, DOCUMENTS, DOCUMENTS]


async def test_another_picture_is_read_though_the_document_is_the_same(workers: Noted) -> None:
    reading = Rereading(workers)
    before = await known(reading, workers, page())
    after = await reading.read(page(banner="black"))
    assert workers.given == [{Part.SCREEN}]
    assert before.screen != after.screen
    assert after == extract(page(banner="black"))


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"hidden_links": (("https://bet.example/", "cá cược"),)}, Part.SHOWN),
        ({"dialogs": ("Hacked by X",)}, Part.SHOWN),
        ({"popups": ("https://bet.example/",)}, Part.SHOWN),
        ({"inset": ("Hacked by X",)}, Part.SHOWN),
        ({"icon": b"GIF89a"}, Part.ICON),
        ({"status": 403}, Part.SHOWN),
    ],
)
async def test_whatever_comes_beside_the_document_is_seen(
    workers: Noted, change: dict[str, object], part: Part
) -> None:
    reading, look = Rereading(workers), page()
    assert look.rendering is not None
    await known(reading, workers, look)
    changed = Look(look.probe, replace(look.rendering, **change))  # type: ignore[arg-type]
    assert await reading.read(changed) == extract(changed)
    assert workers.given == [{part}]


async def test_what_a_header_or_the_guard_says_of_the_document_is_seen(workers: Noted) -> None:
    reading, look = Rereading(workers), page()
    await known(reading, workers, look)
    sent = Look(replace(look.probe, headers={"refresh": "0; url=https://evil.example/"}), look.rendering)
    assert (await reading.read(sent)).served.hosts["refresh"] == {"evil.example"}
    assert workers.given == [{Part.SERVED}]


async def test_what_is_other_each_time_takes_no_room_until_it_stands_still(workers: Noted) -> None:
    reading = Rereading(workers)
    for clock in ("09:00", "09:01", "09:02"):
        await reading.read(page(portal(clock=clock)))
    restless = reading.held
    await reading.read(page(portal(clock="09:02")))
    full = reading.held
    await reading.read(page(portal(clock="09:02")))
    assert workers.given == [EVERY, DOCUMENTS, DOCUMENTS, DOCUMENTS]
    assert restless < full == reading.held
    await reading.read(page(portal(clock="09:03")))
    assert reading.held == restless


async def test_pages_are_remembered_apart_as_far_as_there_is_room(workers: Noted) -> None:
    reading = Rereading(workers)
    looks = [page(url=f"https://{name}.gov.vn/") for name in ("mot", "hai", "ba")]
    await known(reading, workers, looks[0])
    one = reading.held
    await known(reading, workers, looks[1])
    assert reading.held == 2 * one
    for look in looks[:2]:
        await reading.read(look)
    assert workers.given == []
    reading.room = int(2.5 * one)
    await known(reading, workers, looks[2])
    assert one < reading.held <= reading.room
    await reading.read(looks[2])
    assert workers.given == [], "whoever came last is remembered"
    for look in looks[:2]:
        await reading.read(look)
    assert EVERY in workers.given, "one of the others had to go"
    assert reading.held <= reading.room


async def test_with_no_room_every_page_is_read(workers: Noted) -> None:
    reading = Rereading(workers, room=0)
    for _ in range(2):
        assert await reading.read(page()) == extract(page())
    assert workers.given == [EVERY, EVERY]
    assert reading.held == 0


async def test_what_could_not_be_read_is_read_the_next_time(workers: Noted) -> None:
    reading = Rereading(workers)
    workers.fails = True
    with pytest.raises(TooMuch):
        await reading.read(page())
    workers.fails = False
    assert await reading.read(page()) == extract(page())
    assert workers.given == [EVERY]


async def test_a_probe_and_a_page_that_was_not_shown_are_read_as_ever(workers: Noted) -> None:
    reading = Rereading(workers)
    probe = probe_of(portal())
    assert await reading.read(probe) == extract(probe)
    crashed = Look(probe.probe, Rendering(NOW, failure=Failure.CRASH, detail="the page crashed"))
    assert await reading.read(crashed) == extract(crashed)
    assert workers.given == [probe, {Part.SERVED, Part.ICON}]
