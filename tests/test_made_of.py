"""A page whose document stays as it is, and something it is made of does not: the browser follows."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
import pytest_asyncio

from defacewatch.captures import Tier
from defacewatch.errands import Errands
from defacewatch.fetch.guard import Guard
from defacewatch.fetch.http import HttpFetcher
from defacewatch.fetch.manners import Manners
from defacewatch.intervals import Intervals
from defacewatch.revalidation import Revalidation
from defacewatch.schedule import Schedule
from defacewatch.verdicts import VerdictKind
from tests.fetch.portal import Asked, Portal, Writer, page
from tests.site import html
from tests.site import page as front
from tests.watched import Watch, fetch, unlearned

__all__ = ["fetch", "unlearned"]

pytestmark = pytest.mark.asyncio(loop_scope="module")

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154"
    "08d763f8cfc000000301010018dd8db00000000049454e44ae426082"
)
THINGS = {
    "/style.css": (b"p { margin: 1px }", b"p { margin: 1px } /* */", "text/css"),
    "/own.js": (b"var a = 1", b"var a = 2", "text/javascript"),
    "/hero.png": (PNG, PNG + b"x", "image/png"),
    "/frame": (b"<p>khung</p>", b"<p>khung </p>", "text/html"),
}
LIBRARY = (b"var library = 1", b"var library = 2", "text/javascript")


class Made:
    """The watch over a page that is made of things, and of another portal's library."""

    def __init__(self, watch: Watch, own: Portal, other: Portal, revalidation: Revalidation) -> None:
        self.watch, self.own, self.other, self.revalidation = watch, own, other, revalidation

    def serve(self, path: str, *, changed: bool, tagged: bool) -> None:
        place = self.other if path == "/library.js" else self.own
        body, later, kind = THINGS.get(path, LIBRARY)
        marks: dict[str, Any] = {"etag": f'"{int(changed)}"'} if tagged else {"cache_control": "no-store"}
        place.answers[path] = page(later if changed else body, content_type=kind, **marks)


@pytest_asyncio.fixture(loop_scope="module")
async def made(unlearned: Watch) -> AsyncIterator[Made]:
    own, other = Portal(), Portal("127.0.0.2")
    await own.start()
    await other.start()
    more = (
        f'<link rel=stylesheet href="{own.url("/style.css")}"><script src="{own.url("/own.js")}"></script>'
        f'<script src="{other.url("/library.js")}"></script>'
        f'<img src="{own.url("/hero.png")}" width=80 height=80>'
        f'<iframe src="{own.url("/frame")}"></iframe>'
    )
    unlearned.site.answer = lambda _: html(front(more=more))
    guard = Guard(["127.0.0.0/8"])
    http = HttpFetcher(guard, timeout=timedelta(seconds=5), manners=Manners(pause=lambda: 0.0))
    revalidation = Revalidation(
        http, unlearned.store.checks.materials_of, clock=unlearned.clock, fresh=timedelta(0)
    )
    yield Made(unlearned, own, other, revalidation)
    await http.close()
    await own.stop()
    await other.stop()


@pytest.mark.parametrize("tagged", [True, False], ids=["with validators", "without"])
async def test_each_kind_of_thing_that_changes_sends_the_browser_to_the_page(
    made: Made, tagged: bool
) -> None:
    watch, revalidation = made.watch, made.revalidation
    paths = [*THINGS, "/library.js"]
    for path in paths:
        made.serve(path, changed=False, tagged=tagged)
    await watch.approve()
    first = await watch.check(render=True)
    assert first.outcome.verdict.kind is VerdictKind.CLEAN
    known = {material.url for material in await watch.store.checks.materials_of(watch.page_id)}
    assert known >= {(made.other if path == "/library.js" else made.own).url(path) for path in paths}
    assert not (await revalidation.ask(watch.page_id)).changed, "nothing has changed, so nothing is rendered"
    for path in paths:
        assert await watch.checker.probe_page(watch.page_id) is None, "the document says nothing of it"
        made.serve(path, changed=True, tagged=tagged)
        watch.clock.forward(seconds=1)
        changed = (await revalidation.ask(watch.page_id)).changed
        assert [thing.url.endswith(path) for thing in changed] == [True]
        looked = await watch.checker.check_page(watch.page_id, render=True, changed=changed)
        assert (looked.outcome.tier, looked.outcome.verdict.kind) == (Tier.RENDER, VerdictKind.CLEAN)
        watch.clock.forward(seconds=1)
        assert not (await revalidation.ask(watch.page_id)).changed, "it is known as it is now"


async def test_whatever_changes_is_captured_by_the_rounds_that_the_schedule_runs(made: Made) -> None:
    watch, revalidation, (page_id, never) = (
        made.watch,
        made.revalidation,
        (made.watch.page_id, timedelta(hours=9)),
    )
    paths = [*THINGS, "/library.js"]
    for path in paths:
        made.serve(path, changed=False, tagged=True)
    await watch.approve()
    await watch.check(render=True)
    schedule = Schedule(lambda page_id, errand: errands.run(page_id, errand), clock=watch.clock)
    eyes = SimpleNamespace(checker=watch.checker, revalidation=revalidation)
    gauges = SimpleNamespace(count=lambda **_: None)
    errands = Errands(cast(Any, eyes), schedule, cast(Any, gauges), alerted=lambda: None)
    schedule.apply({page_id: Intervals(never, never, timedelta(seconds=0.2))})
    captured = watch.fetch.took

    async def until(true: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not true():  # noqa: ASYNC110 - what the schedule does is asked for
                await asyncio.sleep(0.01)

    schedule.start()
    try:
        before = len(captured)
        await until(lambda: revalidation.asked >= 3 * len(paths))
        assert len(captured) == before, "nothing has changed, so nothing is rendered"
        for path in paths:
            before = len(captured)
            made.serve(path, changed=True, tagged=True)

            def seen(before: int = before) -> bool:
                return len(captured) > before and not errands.changed

            await until(seen)
        before, asked = len(captured), revalidation.asked
        await until(lambda: revalidation.asked >= asked + 3 * len(paths))
        assert len(captured) == before, "all of it is known as it is now"
    finally:
        await schedule.stop(timedelta(seconds=5))


async def test_what_an_attack_has_changed_is_asked_for_until_a_person_has_decided(made: Made) -> None:
    watch, revalidation = made.watch, made.revalidation
    for path in (*THINGS, "/library.js"):
        made.serve(path, changed=False, tagged=True)
    await watch.approve()
    await watch.check(render=True)
    known = await watch.store.checks.materials_of(watch.page_id)
    painted = b"document.body.innerHTML = '<h1>Hacked By Test Crew</h1>'; document.title = 'Hacked By'"
    script = b"addEventListener('load', () => {" + painted + b"})"
    made.other.answers["/library.js"] = page(script, content_type="text/javascript", etag='"2"')
    watch.clock.forward(seconds=1)
    changed = (await revalidation.ask(watch.page_id)).changed
    assert changed
    looked = await watch.checker.check_page(watch.page_id, render=True, changed=changed)
    assert looked.outcome.verdict.kind is VerdictKind.DEFACED
    assert await watch.store.checks.materials_of(watch.page_id) == known, "an attack teaches nothing"


async def test_a_capture_asked_for_by_the_round_teaches_what_the_page_is_made_of(made: Made) -> None:
    watch = made.watch
    for path in (*THINGS, "/library.js"):
        made.serve(path, changed=False, tagged=False)
    await watch.approve()
    await watch.check(render=True)
    materials = {m.url: m for m in await watch.store.checks.materials_of(watch.page_id)}
    style = materials[made.own.url("/style.css")]
    assert (style.kind, style.etag, len(style.hashes)) == ("stylesheet", None, 1)
    assert watch.site.url not in materials, "its own document is probed anyway"


async def test_a_copy_that_only_the_asker_was_given_is_not_known_and_stops_to_call(made: Made) -> None:
    watch, revalidation = made.watch, made.revalidation
    for path in (*THINGS, "/library.js"):
        made.serve(path, changed=False, tagged=False)
    await watch.approve()
    await watch.check(render=True)
    good, evil = (page(body, content_type="text/javascript") for body in (LIBRARY[0], b"evil()"))

    async def one_of_two_servers(asked: Asked, writer: Writer) -> None:
        writer.write(good if "sec-fetch-dest" in asked.headers else evil)  # only browsers say that
        await writer.drain()

    made.other.answers["/library.js"] = one_of_two_servers
    url = made.other.url("/library.js")
    for called in (True, True, False):
        watch.clock.forward(seconds=1)
        changed = (await revalidation.ask(watch.page_id)).changed
        assert [thing.url for thing in changed] == [url] * called
        if called:
            looked = await watch.checker.check_page(watch.page_id, render=True, changed=changed)
            assert looked.outcome.verdict.kind is VerdictKind.CLEAN
        known = {m.url: m.hashes for m in await watch.store.checks.materials_of(watch.page_id)}
        assert known[url] == (hashlib.sha256(LIBRARY[0]).hexdigest(),)
