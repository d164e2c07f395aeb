"""Printing to PDF with the real browser, read back with another program."""

import io
from collections.abc import AsyncIterator

import psutil
import pytest
from aiohttp import web
from pypdf import PdfReader

from defacewatch.errors import DefacewatchError
from defacewatch.fetch.chromium import find_chromium
from defacewatch.fetch.printing import pdf_of

LETTERS = "ăâđêôơư ẰẮẲẴẶ ẦẤẨẪẬ ềếểễệ ồốổỗộ ờớởỡợ ừứửữự ỳýỷỹỵ ÌÍỈĨỊ đĐ"


def read(pdf: bytes) -> PdfReader:
    assert pdf.startswith(b"%PDF-")
    return PdfReader(io.BytesIO(pdf))


async def printed(body: str, style: str = "") -> PdfReader:
    html = f"<!doctype html><meta charset=utf-8><style>{style}</style><body>{body}"
    return read(await pdf_of(html, executable=find_chromium(None)))


@pytest.fixture
async def asked() -> AsyncIterator[tuple[str, list[str]]]:
    """An address on loopback, and what was asked of it."""
    paths: list[str] = []

    async def note(request: web.Request) -> web.Response:
        paths.append(request.path)
        return web.Response(text="")

    app = web.Application()
    app.router.add_get("/{path:.*}", note)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", paths
    await runner.cleanup()


async def test_all_vietnamese_letters_are_there_on_the_paper_that_the_style_names() -> None:
    pdf = await printed(f"<p>{LETTERS}", "@page { size: A4; margin: 20mm }")
    (page,) = pdf.pages
    assert page.extract_text().split() == LETTERS.split()
    assert [round(float(side) / 72 * 25.4) for side in page.mediabox[2:]] == [210, 297]


async def test_the_fonts_are_embedded() -> None:
    (page,) = (await printed(f"<p>{LETTERS}<b>{LETTERS}</b>")).pages
    fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]  # type: ignore[index]
    described = [font["/DescendantFonts"][0].get_object()["/FontDescriptor"] for font in fonts]
    assert described
    assert all({"/FontFile2", "/FontFile3"} & set(one.get_object()) for one in described)


async def test_no_script_runs_and_nothing_is_asked_for(asked: tuple[str, list[str]]) -> None:
    address, paths = asked
    pdf = await printed(
        f"<p>before</p><script>document.body.innerHTML='ran'</script><img src='{address}/a.png'>"
        f"<iframe src='{address}/b'></iframe><link rel=stylesheet href='{address}/c.css'>"
        f"<meta http-equiv=refresh content='0;url={address}/d'>"
    )
    text = " ".join(page.extract_text() for page in pdf.pages)
    assert "before" in text
    assert "ran" not in text
    assert paths == []


async def test_the_browser_is_gone_afterwards() -> None:
    before = {process.pid for process in psutil.Process().children(recursive=True)}
    await printed("<p>x")
    left = [p for p in psutil.Process().children(recursive=True) if p.pid not in before]
    assert [p for p in left if p.status() != psutil.STATUS_ZOMBIE] == []


async def test_without_a_browser_that_starts_it_says_so_in_one_line() -> None:
    with pytest.raises(DefacewatchError, match=r"^Chromium \(/bin/false\) does not start"):
        await pdf_of("<p>x", executable="/bin/false")
