"""What a supervisor asks for: /healthz and /metrics."""

from http import HTTPStatus

from aiohttp import hdrs, web
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from defacewatch.web.console import console_of


async def healthz(request: web.Request) -> web.Response:
    """200 while the daemon's loops are turning, 503 with the reasons when not. Needs no token."""
    problems = [str(problem) for problem in console_of(request).health()]
    if problems:
        answer = {"status": "failing", "problems": problems}
        return web.json_response(answer, status=HTTPStatus.SERVICE_UNAVAILABLE)
    return web.json_response({"status": "ok"})


async def metrics(request: web.Request) -> web.Response:
    """What the program counts and measures (defacewatch/metrics.py), as Prometheus reads it."""
    console = console_of(request)
    if not console.metrics_enabled:
        raise web.HTTPNotFound
    return web.Response(
        body=generate_latest(console.registry), headers={hdrs.CONTENT_TYPE: CONTENT_TYPE_LATEST}
    )
