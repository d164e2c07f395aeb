"""Before and after worked out: as a picture, and in words."""

import asyncio
import io

import pytest
from aiohttp import web
from PIL import Image

from defacewatch.accounts import Role
from defacewatch.captures import Tier
from defacewatch.store import Store
from defacewatch.web.differences import DIFFERENCES, UNFINISHED, Differences
from tests.store.samples import UNREACHABLE, features, look, outcome
from tests.web.conftest import TOKEN, Client
from tests.web.seeds import HOSTILE, MINUTE, NOW, attacked, checked, defaced, registered, screenshot
from tests.web.test_api_incidents import token


async def replaced(store: Store, html: str) -> int:
    """A page that was approved with a picture of its own, and then showed this document."""
    page = await registered(store)
    kept = await store.checks.keep(
        page,
        look("a", NOW, screenshot=screenshot(10), html="<h1>Cổng thông tin</h1><p>Tin mới trong ngày</p>"),
        features("a"),
    )
    first = await store.baselines.keep_capture(kept, proposed_by="learner", profile=None, now=NOW)
    await store.baselines.approve(first.id, by="Trần Thị Bình", reason="đăng ký lần đầu", now=NOW)
    at = NOW + 10 * MINUTE
    context = await store.checks.context(page, now=at)
    seen = await store.checks.keep(page, look("b", at, screenshot=screenshot(), html=html), features("b"))
    recorded = await store.checks.record(outcome(context, defaced(), at, kept=seen, tier=Tier.RENDER))
    assert recorded.incident is not None
    return recorded.incident


async def test_the_difference_is_a_picture_and_is_made_once(reader: Client, store: Store) -> None:
    incident = await replaced(store, "<h1>x</h1>")
    first = await reader.get(f"/incidents/{incident}/difference")
    assert (first.status, first.content_type) == (200, "image/jpeg")
    assert first.headers["Content-Security-Policy"].endswith("sandbox")
    body = await first.read()
    with Image.open(io.BytesIO(body)) as image:
        assert image.size == (800, 1000)
    assert await (await reader.get(f"/incidents/{incident}/difference")).read() == body


async def test_the_difference_in_words_is_text_whatever_the_page_holds(reader: Client, store: Store) -> None:
    hostile = "&lt;script&gt;alert(1)&lt;/script&gt;<svg onload=alert(2)></svg><p onclick=x>" + HOSTILE
    incident = await replaced(
        store, f'<h1>Cổng thông tin</h1><p hidden>{hostile}</p><script src="//bad.example/x">'
    )
    text = await (await reader.get(f"/incidents/{incident}/words")).text()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "bad.example" in text
    assert "<del>Tin mới trong ngày</del>" in text
    assert "Blocks of text that are as they were: 1" in text
    assert "onload" not in text
    assert "<script" not in text
    assert "<img src=x" not in text


async def test_where_there_are_no_two_captures_nothing_is_compared(reader: Client, store: Store) -> None:
    page = await registered(store)
    for minute in range(3):
        await checked(store, page, UNREACHABLE, NOW + minute * MINUTE)
    assert (await reader.get("/incidents/1/difference")).status == 404
    assert "no two documents to compare" in await (await reader.get("/incidents/1/words")).text()
    assert (await reader.get("/incidents/7/words")).status == 404


async def test_a_small_picture_is_compared_as_well(reader: Client, store: Store) -> None:
    _, incident = await attacked(store)  # of which the picture before is 8 px wide
    assert (await reader.get(f"/incidents/{incident}/difference")).status == 200


async def test_few_differences_wait_and_whoever_asks_for_more_is_told_to_come_again(
    reader: Client, store: Store
) -> None:
    go = asyncio.Event()
    incident = await replaced(store, "<h1>x</h1>")
    differences = reader.app[DIFFERENCES]

    async def make() -> bytes:
        await go.wait()
        return b"x"

    waiting = [differences._pictures.get(number, make) for number in range(UNFINISHED)]
    assert differences._pictures.get(0, make) is waiting[0]  # is made once, for all who want it
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    refused = await reader.get(f"/api/v1/incidents/{incident}/difference", headers=bearer)
    assert (refused.status, int(refused.headers["Retry-After"]) > 0) == (503, True)
    assert (await refused.json())["detail"] == (
        "Too many differences are being worked out. Try again in 10 s."
    )
    assert (await reader.get(f"/incidents/{incident}/words")).status == 200  # those wait by themselves
    go.set()
    await asyncio.gather(*waiting)
    assert (await reader.get(f"/incidents/{incident}/difference")).status == 200


async def test_what_waits_for_its_turn_holds_no_screenshots(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    differences, read = Differences(store), list[str]()
    page = await registered(store)
    kept = [
        await store.checks.keep(page, look(mark, NOW, screenshot=screenshot(hue)), features(mark))
        for mark, hue in (("a", 10), ("b", 20))
    ]
    one, other = [each.capture.screenshot for each in kept]
    pictures = store.pictures

    async def noted(sha: str) -> bytes:
        read.append(sha)
        return await pictures(sha)

    monkeypatch.setattr(store, "pictures", noted)
    try:
        async with differences._turn:
            made = asyncio.create_task(differences.picture(one, other, frozenset()))
            for _ in range(9):
                await asyncio.sleep(0)
            assert (read, made.done()) == ([], False)
        assert await made is not None
        assert read == [one, other]
    finally:
        await differences.end(web.Application())


async def test_a_list_is_read_while_a_difference_is_worked_out(client: Client, store: Store) -> None:
    headers = {**await token(store, Role.ADMIN, "root", None), "Content-Type": "text/csv"}
    rows = b"key,name,url\nhungyen,Hung Yen,https://hungyen.gov.vn/\n"
    async with client.app[DIFFERENCES].workers._slots, asyncio.timeout(100):
        answer = await client.post("/api/v1/portals/import?dry_run=true", headers=headers, data=rows)
        assert (answer.status, (await answer.json())["added"]) == (200, ["hungyen"])
