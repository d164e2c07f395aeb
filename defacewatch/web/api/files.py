"""What the duty desk files: reports on incidents, records of handovers and monthly reports, in the form of
offices."""

from aiohttp import web

from defacewatch.web import incidentpaper
from defacewatch.web.api.described import File, get
from defacewatch.web.api.shared import Query
from defacewatch.web.filing import FORMS, filed
from defacewatch.web.handingover import DOCX, PDF, printed, record

TAG = "duty"


@get("/incidents/{id}/report.docx", File(DOCX, "The report."), tag="incidents")
async def incident(request: web.Request, query: Query) -> web.StreamResponse:
    """The report on an incident: what happened, the page before and after, who was told, who did what."""
    return await incidentpaper.filed(request, "docx")


@get("/incidents/{id}/report.pdf", File(PDF, "The report."), tag="incidents")
async def incident_pdf(request: web.Request, query: Query) -> web.StreamResponse:
    """The same as PDF. Printing takes some seconds, and is done for one at a time."""
    return await incidentpaper.filed(request, "pdf")


@get("/handovers/{id}/record.docx", File(DOCX, "The record."), tag=TAG)
async def handover(request: web.Request, query: Query) -> web.StreamResponse:
    """The record of a handover: what was left, who has confirmed it when, room for signatures."""
    return await record(request)


@get("/handovers/{id}/record.pdf", File(PDF, "The record."), tag=TAG)
async def handover_pdf(request: web.Request, query: Query) -> web.StreamResponse:
    """The same as PDF. Printing takes some seconds, and is done for one at a time."""
    return await printed(request)


@get("/reports/{month}.docx", File(DOCX, "The report."), tag=TAG)
async def report(request: web.Request, query: Query) -> web.StreamResponse:
    """The report of a month; of the latest twelve, the current one included."""
    return await filed(request, request.match_info["month"], "docx")


@get("/reports/{month}.pdf", File(PDF, "The report."), tag=TAG)
async def report_pdf(request: web.Request, query: Query) -> web.StreamResponse:
    """The same as PDF. Printing takes some seconds, and is done for one at a time."""
    return await filed(request, request.match_info["month"], "pdf")


@get("/reports/{month}.csv", File(FORMS["csv"], "The same, as a table."), tag=TAG)
async def table(request: web.Request, query: Query) -> web.StreamResponse:
    """The report of a month for a spreadsheet, with all incidents of it."""
    return await filed(request, request.match_info["month"], "csv")


OPERATIONS = (incident, incident_pdf, handover, handover_pdf, report, report_pdf, table)
