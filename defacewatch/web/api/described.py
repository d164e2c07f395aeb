"""The operations of the API, each described by its own types: what is taken by the annotations of its
parameters `query` and `body`, what is answered by a model."""

import asyncio
import inspect
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar, get_origin, get_type_hints

from aiohttp import web
from pydantic import BaseModel, ValidationError

from defacewatch.shapes import Line
from defacewatch.web.api.shared import Body, Query, Shape
from defacewatch.web.discretion import discreet
from defacewatch.web.forms import WITHIN
from defacewatch.web.problems import Invalid, Wrong

BASE = "/api/v1"
Handler = Callable[..., Awaitable[Line | web.StreamResponse]]
B = TypeVar("B", bound=BaseModel)

PLACES: dict[str, str] = {  # what may stand in an address, by its name
    "id": r"[0-9]{1,18}",
    "account": r"[0-9]{1,18}",
    "page": r"[\w.-]{1,200}",
    "portal": r"[\w.-]{1,64}",
    "capture": r"[\w.-]{1,80}",
    "sha": r"[0-9a-f]{64}",
    "month": r"[0-9]{4}-[0-9]{2}",
}


@dataclass(frozen=True)
class File:
    """An answer that is no JSON."""

    content_type: str
    description: str


@dataclass(frozen=True)
class Operation:
    """One thing that the API does. `also` are the statuses of what may be in the way besides what may always
    be."""

    method: str
    path: str
    run: Handler
    answers: type[Shape] | File
    tag: str
    status: HTTPStatus
    also: tuple[HTTPStatus, ...] = ()
    takes: tuple[str, ...] = ()  # the types of a body that is no JSON

    @property
    def query(self) -> type[Query]:
        found: type[Query] = get_type_hints(self.run).get("query", Query)
        return found

    @property
    def body(self) -> type[Body] | None:
        return get_type_hints(self.run).get("body")

    @property
    def name(self) -> str:
        return f"{self.run.__module__.rpartition('.')[2]}_{self.run.__name__}".removesuffix("_")

    @property
    def says(self) -> str:
        return inspect.getdoc(self.run) or ""

    def route(self) -> web.RouteDef:
        path = re.sub(r"{(\w+)}", lambda found: f"{{{found[1]}:{PLACES[found[1]]}}}", self.path)
        return web.RouteDef(self.method, BASE + path, self._handler(), {})

    def _handler(self) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        taken, wants = self.query, self.body
        given = inspect.signature(self.run).parameters

        async def handle(request: web.Request) -> web.StreamResponse:
            query = query_in(request, taken)
            known: dict[str, Any] = {"query": query} if "query" in given else {}
            if wants is not None:
                known["body"] = body_in(await sent(request), wants)
            answer = await self.run(request, **known)
            if isinstance(answer, web.StreamResponse):
                return answer
            return web.json_response(discreet(request, answer), status=self.status)

        return handle


def get(
    path: str, answers: type[Shape] | File, *, tag: str, also: tuple[HTTPStatus, ...] = ()
) -> Callable[[Handler], Operation]:
    return lambda run: Operation("GET", path, run, answers, tag, HTTPStatus.OK, also)


def post(
    path: str,
    answers: type[Shape] | File,
    *,
    tag: str,
    status: HTTPStatus = HTTPStatus.OK,
    also: tuple[HTTPStatus, ...] = (HTTPStatus.CONFLICT,),
    takes: tuple[str, ...] = (),
) -> Callable[[Handler], Operation]:
    return lambda run: Operation("POST", path, run, answers, tag, status, also, takes)


def query_in(request: web.Request, model: type[B]) -> B:
    """What stands after the question mark. Raises Invalid (400), saying what is wrong where."""
    given: dict[str, object] = {}
    for name in dict.fromkeys(request.query):
        values = request.query.getall(name)
        field = model.model_fields.get(name)
        several = field is not None and get_origin(field.annotation) in (tuple, list)
        if not several and len(values) > 1:
            raise Invalid([Wrong(name, "query", "is given more than once")])
        given[name] = values if several else values[0]
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise Invalid(_wrong(error, "query")) from None


def body_in(text: bytes, model: type[B]) -> B:
    """What a body of JSON says. Raises Invalid: 400 where it is no JSON, 422 for what it says."""
    try:
        return model.model_validate_json(text, strict=True)
    except ValidationError as error:
        wrong = _wrong(error, "body")
        no_json = any(each["type"] == "json_invalid" for each in error.errors(include_input=False))
        status = HTTPStatus.BAD_REQUEST if no_json else HTTPStatus.UNPROCESSABLE_ENTITY
        raise Invalid(wrong, status) from None


async def sent(request: web.Request) -> bytes:
    """The body, which has `WITHIN` to arrive."""
    try:
        async with asyncio.timeout(WITHIN):
            return await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout from None


def _wrong(error: ValidationError, where: str) -> list[Wrong]:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    # a field of a list has its place as well, which says nothing of what stands after a question mark
    named = [one["loc"][:1] if where == "query" else one["loc"] for one in found]
    return [
        Wrong(".".join(map(str, name)), where, one["msg"]) for name, one in zip(named, found, strict=True)
    ]
