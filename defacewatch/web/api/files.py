"""What the duty desk files: records of handovers and monthly reports, in the form of offices."""

from aiohttp import web

from defacewatch.web.api.described import File, get
from defacewatch.web.api.shared import Query
from defacewatch.web.filing import FORMS, filed
from defacewatch.web.handingover import DOCX, record

TAG = "duty"


@get("/handovers/{id}/record.docx", File(DOCX, "The record."), tag=TAG)
async def handover(request: web.Request, query: Query) -> web.StreamResponse:
    """The record of a handover: what was left, who has confirmed it when, room for signatures."""
    return await record(request)


@get("/reports/{month}.docx", File(DOCX, "The report."), tag=TAG)
async def report(request: web.Request, query: Query) -> web.StreamResponse:
    """The report of a month; of the latest twelve, the current one included."""
    return await filed(request, request.match_info["month"], "docx")


@get("/reports/{month}.csv", File(FORMS["csv"], "The same, as a table."), tag=TAG)
async def table(request: web.Request, query: Query) -> web.StreamResponse:
    """The report of a month for a spreadsheet, with all incidents of it."""
    return await filed(request, request.match_info["month"], "csv")


OPERATIONS = (handover, report, table)
