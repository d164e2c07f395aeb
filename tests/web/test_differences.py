"""Before and after worked out: as a picture, and in words."""

import io

from PIL import Image

from defacewatch.captures import Tier
from defacewatch.store import Store
from tests.store.samples import UNREACHABLE, features, look, outcome
from tests.web.conftest import Client
from tests.web.seeds import HOSTILE, MINUTE, NOW, attacked, checked, defaced, registered, screenshot


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
