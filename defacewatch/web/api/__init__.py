"""/api/v1: what the console does, for programs, by the same operations. Described at /api/v1/openapi.json."""

from aiohttp import web

from defacewatch.web.api import baselines, duty, incidents, openapi, people, registry, watching
from defacewatch.web.api.described import Operation, get


@get(openapi.PATH, openapi.Description, tag="description")
async def description(request: web.Request) -> web.Response:
    """This description: OpenAPI 3.1."""
    return openapi.answer(OPERATIONS)


OPERATIONS: tuple[Operation, ...] = (
    description,
    *watching.OPERATIONS,
    *registry.OPERATIONS,
    *incidents.OPERATIONS,
    *baselines.OPERATIONS,
    *duty.OPERATIONS,
    *people.OPERATIONS,
)


def routes() -> list[web.RouteDef]:
    return [each.route() for each in OPERATIONS]
