"""Every page of the console, looked at by a program: no serious finding of axe-core, at each width and in
each scheme of colours, and nothing that sticks out."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from itertools import product
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from PIL import Image
from playwright.async_api import Page

from defacewatch.web.rules import RULES
from tests.web.gallery import SCHEMES, WIDTHS, draw, hall, looking, seen_as
from tests.web.nights import night
from tests.web.pages import API, NO_PAGES, PAGES, Shown, visit
from tests.web.stage import Night, Stage

__all__ = ["night"]
AXE = Axe()
HALF = len(PAGES) // 2
WRONG = ("serious", "critical")
COLOURS = ("color-contrast", "link-in-text-block")


@pytest.fixture
async def stages(blank: Path, tmp_path: Path, night: Night) -> AsyncIterator[dict[bool, Stage]]:
    async with hall(blank, tmp_path, night) as stages:
        yield stages


def test_every_page_of_the_router_is_in_the_list_by_a_name_of_its_own() -> None:
    routes = {route for method, route in RULES if method == "GET" and not route.startswith(API)}
    assert {shown.route for shown in PAGES} == routes - NO_PAGES
    assert routes >= NO_PAGES
    assert Counter(shown.name for shown in PAGES).most_common(1)[0][1] == 1


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("language", "pages", "widths", "schemes"),
    [
        ("vi", PAGES[:HALF], WIDTHS, SCHEMES),
        ("vi", PAGES[HALF:], WIDTHS, SCHEMES),
        ("en", PAGES, WIDTHS[1:], SCHEMES[:1]),
    ],
    ids=["vi, the first half", "vi, the second half", "en, on a telephone"],
)
async def test_no_page_has_a_serious_finding_of_accessibility_or_sticks_out(
    stages: dict[bool, Stage],
    language: str,
    pages: Sequence[Shown],
    widths: Sequence[int],
    schemes: Sequence[str],
) -> None:
    """In English on a telephone alone: all that differs there are the texts. Of a second scheme its colours:
    all that differs there."""
    found: list[str] = []
    async with looking() as page:
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if "Policy" in line.text else None)
        for shown in pages:
            await seen_as(page, widths[0], schemes[0])
            await visit(page, shown, stages[shown.empty], language=language)
            assert await page.get_attribute("html", "lang") == language, shown.name
            for width, scheme in product(widths, schemes):
                await seen_as(page, width, scheme)
                wrong = await findings(page, COLOURS if scheme != schemes[0] else ())
                found += [f"{shown.name} {width} {scheme} {language}: {one}" for one in wrong]
    assert found == []
    assert complaints == []


async def test_the_gallery_is_drawn(stages: dict[bool, Stage], tmp_path: Path) -> None:
    pages = [shown for shown in PAGES if shown.name in ("login", "audit")]
    files = await draw(tmp_path, pages, stages, languages=("vi",), schemes=("dark",))
    sizes = {}
    for file in files:
        with Image.open(file) as picture:
            sizes[file.name] = picture.width
    assert sizes == {f"{name}-{width}-vi-dark.png": width for name in ("login", "audit") for width in WIDTHS}


async def test_what_axe_finds_is_heard() -> None:
    async with looking() as page:
        await page.set_content("<html><title>x</title><main><img src=x><p style='color:#ccc'>pale</p></main>")
        found = " ".join(await findings(page))
        pale = await findings(page, COLOURS)
    assert all(rule in found for rule in ("image-alt", "color-contrast", "html-has-lang"))
    assert [one.partition(":")[0] for one in pale] == ["color-contrast"]


async def findings(page: Page, rules: Sequence[str] = ()) -> list[str]:
    """What axe-core finds serious (by these rules alone), and what is wider than the window."""
    options: dict[str, object] = {"resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = {"type": "rule", "values": list(rules)}
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE.axe_script)
    results = (await page.evaluate("options => axe.run(options)", options))["violations"]
    wrong = [
        f"{one['id']}: {node['html'][:160]} {[c['message'] for c in node['any']][:1]}"
        for one in results
        if one["impact"] in WRONG
        for node in one["nodes"]
    ]
    wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return wrong + (["sticks out"] if wide else [])
