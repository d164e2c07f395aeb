"""/api/v1: what the console does, for programs, by the same operations. Described at /api/v1/openapi.json."""

from aiohttp import web

from defacewatch.web.api import (
    baselines,
    channels,
    duty,
    files,
    foretold,
    incidents,
    learning,
    links,
    masks,
    openapi,
    people,
    registry,
    reviews,
    watching,
)
from defacewatch.web.api.described import Operation, get


@get(openapi.PATH, openapi.Description, tag="description")
async def description(request: web.Request) -> web.Response:
    """This description: OpenAPI 3.1."""
    return openapi.answer(OPERATIONS)


OPERATIONS: tuple[Operation, ...] = (
    description,
    *watching.OPERATIONS,
    *registry.OPERATIONS,
    *learning.OPERATIONS,
    *incidents.OPERATIONS,
    *reviews.OPERATIONS,
    *baselines.OPERATIONS,
    *masks.OPERATIONS,
    *foretold.OPERATIONS,
    *duty.OPERATIONS,
    *channels.OPERATIONS,
    *links.OPERATIONS,
    *files.OPERATIONS,
    *people.OPERATIONS,
)


def routes() -> list[web.RouteDef]:
    return [each.route() for each in OPERATIONS]
