"""Pictures of every page of the console, for looking at: `python -m tests.web.gallery FOLDER`, on a telephone
and at a desk, in both languages, light and dark."""

import argparse
import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import product
from pathlib import Path

from playwright.async_api import Page, async_playwright

from defacewatch.fetch.chromium import find_chromium
from defacewatch.store.engine import parse
from defacewatch.store.migrate import migrate
from tests.web.pages import PAGES, Shown, visit
from tests.web.stage import Night, Stage, staged

WIDTHS = (1280, 390)
LANGUAGES = ("vi", "en")
SCHEMES = ("light", "dark")


@asynccontextmanager
async def hall(blank: Path, folder: Path, night: Night | None = None) -> AsyncIterator[dict[bool, Stage]]:
    """The stage after the first start (True), and after a night (False), a copy where one is given; `blank`
    is an empty store."""
    async with AsyncExitStack() as stack:
        stages: dict[bool, Stage] = {}
        for empty in (True, False):
            own = folder / ("empty" if empty else "busy")
            own.mkdir(parents=True)
            shutil.copyfile(blank, own / "store.db")
            url = f"sqlite+aiosqlite:///{own}/store.db"
            spent = None if empty else night
            stages[empty] = await stack.enter_async_context(staged(url, own, empty=empty, night=spent))
        yield stages


@asynccontextmanager
async def looking() -> AsyncIterator[Page]:
    """A page of a browser of its own."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(None), args=["--no-sandbox"])
        yield await browser.new_page()
        await browser.close()


async def seen_as(page: Page, width: int, scheme: str) -> None:
    await page.set_viewport_size({"width": width, "height": 800})
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")


async def whole(page: Page, width: int) -> None:
    """Make the window as high as the page: what is outside of it is not drawn, or loaded."""
    height = await page.evaluate("document.documentElement.scrollHeight")
    await page.set_viewport_size({"width": width, "height": min(max(800, height), 8000)})
    await settled(page)


async def settled(page: Page) -> None:
    """All pictures in the window are there."""
    await page.evaluate(
        "Promise.all([...document.images].filter(image => image.getClientRects()[0]?.top < innerHeight)"
        ".map(image => image.decode().catch(() => null)))"
        ".then(() => new Promise(done => requestAnimationFrame(() => setTimeout(done, 50))))"
    )


async def draw(
    folder: Path,
    pages: Sequence[Shown],
    stages: dict[bool, Stage],
    *,
    widths: Sequence[int] = WIDTHS,
    languages: Sequence[str] = LANGUAGES,
    schemes: Sequence[str] = SCHEMES,
) -> list[Path]:
    """One picture for each page, width, language and scheme; their files."""
    files: list[Path] = []
    async with looking() as page:
        for shown, width, language, scheme in product(pages, widths, languages, schemes):
            await seen_as(page, width, scheme)
            await visit(page, shown, stages[shown.empty], language=language)
            files.append(folder / f"{shown.name}-{width}-{language}-{scheme}.png")
            await whole(page, width)
            await page.screenshot(path=files[-1], full_page=True, animations="disabled")
    return files


async def _draw(arguments: argparse.Namespace) -> None:
    chosen = [shown for shown in PAGES if not arguments.pages or shown.name in arguments.pages]
    arguments.folder.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    with tempfile.TemporaryDirectory() as kept:
        blank = Path(kept) / "blank.db"
        await asyncio.to_thread(migrate, parse(f"sqlite+aiosqlite:///{blank}"))
        for language, scheme in product(arguments.languages, arguments.schemes):
            # a stage of its own: what one visit leaves, such as wrong guesses, is not in the next picture
            async with hall(blank, Path(kept) / f"{language}-{scheme}") as stages:
                files += await draw(
                    arguments.folder,
                    chosen,
                    stages,
                    widths=arguments.widths,
                    languages=(language,),
                    schemes=(scheme,),
                )
    print(f"{len(files)} pictures in {arguments.folder}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.web.gallery", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pages", nargs="*", choices=[shown.name for shown in PAGES], metavar="PAGE")
    parser.add_argument("--widths", nargs="*", type=int, default=WIDTHS)
    parser.add_argument("--languages", nargs="*", choices=LANGUAGES, default=LANGUAGES)
    parser.add_argument("--schemes", nargs="*", choices=SCHEMES, default=SCHEMES)
    asyncio.run(_draw(parser.parse_args()))


if __name__ == "__main__":
    main()
