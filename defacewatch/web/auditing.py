"""The audit log, for administrators: a page, and the API."""

from aiohttp import web

from defacewatch.errors import UsageError
from defacewatch.shapes import audit_line
from defacewatch.web.console import console_of, words_of

SHOWN, LIMIT, LARGEST = 100, 200, 1000


async def show(request: web.Request) -> web.Response:
    """The latest entries, a page of them, and whether the log is whole."""
    console, before = console_of(request), _before(request)
    entries = await console.store.audit.list(limit=SHOWN + 1, before=before)
    broken, head = await console.store.audit.verify()
    return console.renderer.page(
        "audit.html",
        words_of(request),
        entries=entries[:SHOWN],
        older=entries[SHOWN - 1].number if len(entries) > SHOWN else None,
        broken=broken,
        head=head,
    )


async def entries(request: web.Request) -> web.Response:
    """The latest entries, at most `?limit=N`, of those before the number `?before=N`."""
    given = request.query.get("limit", str(LIMIT))
    if not (given.isascii() and given.isdigit() and 1 <= int(given[:9]) <= LARGEST):
        raise UsageError(f"limit is a number from 1 to {LARGEST}")
    found = await console_of(request).store.audit.list(limit=int(given), before=_before(request))
    return web.json_response({"audit": [audit_line(entry) for entry in found]})


def _before(request: web.Request) -> int | None:
    given = request.query.get("before")
    if given is None:
        return None
    if not (given.isascii() and given.isdigit() and len(given) <= 18):
        raise UsageError("before is the number of an entry")
    return int(given)
