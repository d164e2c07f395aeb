"""Pictures of captures, and nothing else of them."""

import hashlib
import io

import pytest
from PIL import Image

from defacewatch.store import Store
from tests.web.conftest import Client
from tests.web.seeds import attacked, screenshot


@pytest.fixture
async def blobs(store: Store) -> dict[str, str]:
    """The blobs of a capture that shows a defacement."""
    page, _ = await attacked(store)
    capture = (await store.baselines.captures(page, 1))[0]
    return {"picture": capture.screenshot, "dom": capture.dom, "served": capture.served}


async def test_a_picture_comes_as_it_was_taken_and_as_nothing_but_a_picture(
    reader: Client, blobs: dict[str, str]
) -> None:
    answer = await reader.get(f"/pictures/{blobs['picture']}")
    assert answer.status == 200
    assert await answer.read() == screenshot()
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"] == 'inline; filename="capture.png"'
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


async def test_a_small_picture_is_a_jpeg_of_the_first_screen(reader: Client, blobs: dict[str, str]) -> None:
    for _ in range(2):
        answer = await reader.get(f"/pictures/{blobs['picture']}?small")
        assert answer.headers["Content-Type"] == "image/jpeg"
        with Image.open(io.BytesIO(await answer.read())) as image:
            assert image.size == (800, 1000)


@pytest.mark.parametrize("part", ["dom", "served"])
async def test_the_documents_of_a_watched_page_are_never_served(
    reader: Client, blobs: dict[str, str], part: str
) -> None:
    for query in ("", "?small"):
        assert (await reader.get(f"/pictures/{blobs[part]}{query}")).status == 404


async def test_a_text_that_pretends_to_be_a_picture_is_not_served(reader: Client, store: Store) -> None:
    pretending = store.blobs.put("\x89PNG\r\n\x1a\n<script>".encode(), ".html")
    assert (await reader.get(f"/pictures/{pretending}")).status == 404


@pytest.mark.parametrize(
    "name", [hashlib.sha256(b"").hexdigest(), "..%2f..%2fetc%2fpasswd", "A" * 64, "0" * 63, "0" * 65]
)
async def test_what_is_not_there_is_404(reader: Client, name: str) -> None:
    assert (await reader.get(f"/pictures/{name}")).status == 404


async def test_a_picture_that_was_damaged_on_disk_is_an_error_and_not_a_picture(
    reader: Client, store: Store, blobs: dict[str, str]
) -> None:
    store.blobs.path(blobs["picture"]).write_bytes(b"\x89PNG\r\n\x1a\nnot what it was")
    assert (await reader.get(f"/pictures/{blobs['picture']}")).status == 503
