"""The report on an incident, to be taken as a file."""

import asyncio

from aiohttp import web

from defacewatch.evidence import account_of
from defacewatch.papers.docx import docx_of
from defacewatch.reports.incident import incident_report
from defacewatch.reports.wording import Wording
from defacewatch.web.console import console_of, language_of
from defacewatch.web.desk import roster_of
from defacewatch.web.handingover import DOCX, PDF, file_of
from defacewatch.web.printing import PRESS

FORMS = {"docx": DOCX, "pdf": PDF}


async def report(request: web.Request) -> web.Response:
    """The report on an incident in the reader's language, as PDF or DOCX."""
    return await filed(request, request.match_info["form"])


async def filed(request: web.Request, form: str) -> web.Response:
    """The same as a file of one of `FORMS`. Raises NotFound, HTTPNotFound for another form."""
    if form not in FORMS:
        raise web.HTTPNotFound
    console, number = console_of(request), int(request.match_info["id"])
    account = await account_of(console.store, number, console.runbooks())
    wording = Wording(language_of(request), await roster_of(request))
    paper = incident_report(account, console.issuer(), wording, at=console.clock())
    if form == "pdf":
        content = await request.app[PRESS].pdf(paper)
    else:
        content = await asyncio.to_thread(docx_of, paper)
    return file_of(content, f"incident-{number}.{form}", FORMS[form])
