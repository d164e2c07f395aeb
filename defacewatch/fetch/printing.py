"""Printing a document of our own to PDF: a Chromium of its own that runs no script and reaches nothing."""

import asyncio
import os
from datetime import timedelta

from playwright.async_api import Error, Route

from defacewatch.errors import DefacewatchError
from defacewatch.fetch.chromium import Chromium

WITHIN = timedelta(seconds=60)


async def pdf_of(html: str, *, executable: str | None, sandbox: bool | None = None) -> bytes:
    """`html` as PDF, on the paper that its style names. `executable` and `sandbox` are as for `Browser`.

    Raises DefacewatchError, in one line, when there is no browser, or it does not print in time.
    """
    chromium = await Chromium.launch(executable, sandbox=os.geteuid() != 0 if sandbox is None else sandbox)
    try:
        async with asyncio.timeout(WITHIN.total_seconds()):
            context = await chromium.browser.new_context(
                java_script_enabled=False, offline=True, accept_downloads=False, service_workers="block"
            )
            await context.route("**/*", _refused)
            page = await context.new_page()
            await page.set_content(html, wait_until="load")
            return await page.pdf(
                prefer_css_page_size=True, print_background=False, tagged=True, outline=False
            )
    except (Error, TimeoutError) as error:
        reason = (str(error).strip().splitlines() or [f"no answer in {WITHIN.total_seconds():.0f} s"])[0]
        raise DefacewatchError(f"the browser does not print: {reason}") from None
    finally:
        await chromium.end()


async def _refused(route: Route) -> None:
    """'No content' to whatever a document asks for: it stays where it is, a refresh included."""
    await route.fulfill(status=204)
