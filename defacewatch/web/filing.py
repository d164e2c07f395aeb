"""The monthly reports of the duty desk, to be taken as files."""

import asyncio
import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

from aiohttp import web

from defacewatch.figures import Period, figures_of
from defacewatch.papers.docx import docx_of
from defacewatch.papers.paper import Paper
from defacewatch.papers.sheet import csv_of
from defacewatch.reports.monthly import LISTED, report_of
from defacewatch.reports.wording import Wording
from defacewatch.web.console import Console, console_of, language_of
from defacewatch.web.desk import REPORTS, page, roster_of
from defacewatch.web.handingover import DOCX, PDF, file_of
from defacewatch.web.printing import PRESS

MONTHS = 12  # that are offered, the current one included
FORMS = {"docx": DOCX, "csv": "text/csv", "pdf": PDF}
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)


async def show(request: web.Request) -> web.Response:
    now = console_of(request).clock()
    roster = await roster_of(request)
    today = now.astimezone(roster.zone).date()
    return page(request, "desk_reports.html", REPORTS, roster, months=months_until(today), today=today)


async def report(request: web.Request) -> web.Response:
    """The report of a month, in the reader's language."""
    return await filed(request, request.match_info["month"], request.match_info["form"])


async def filed(request: web.Request, wanted: str, form: str) -> web.Response:
    """The report of a month ('2026-11') as a file of one of `FORMS`. Raises HTTPNotFound for others."""
    console, found = console_of(request), _MONTH.fullmatch(wanted)
    if found is None or form not in FORMS:
        raise web.HTTPNotFound
    roster, now = await roster_of(request), console.clock()
    year, month = int(found[1]), int(found[2])
    if (year, month) not in [
        (one.year, one.month) for one in months_until(now.astimezone(roster.zone).date())
    ]:
        raise web.HTTPNotFound
    period = Period.month(year, month, ZoneInfo(console.zone))
    paper = await _paper(console, Wording(language_of(request), roster), period, form, now)
    if form == "pdf":
        content = await request.app[PRESS].pdf(paper)
    else:
        content = await asyncio.to_thread(csv_of if form == "csv" else docx_of, paper)
    return file_of(content, f"report-{period.first:%Y-%m}.{form}", FORMS[form])


def months_until(today: date) -> list[date]:
    """The first days of the latest months, the current one first."""
    count = today.year * 12 + today.month - 1
    return [date((count - back) // 12, (count - back) % 12 + 1, 1) for back in range(MONTHS)]


async def _paper(console: Console, wording: Wording, period: Period, form: str, now: datetime) -> Paper:
    happened = await console.store.duty.happened(period)
    issuer = console.issuer()

    def written() -> Paper:
        return report_of(
            figures_of(happened, period, now),
            issuer,
            wording,
            response=wording.roster.response,
            number="",
            listed=None if form == "csv" else LISTED,
        )

    return await asyncio.to_thread(written)
