"""Every answer of the API that a test gets is held against what the API says of itself: the status, the type,
and each key, with none that is not described."""

import json
import re
from functools import cache
from http import HTTPStatus
from typing import Any

import aiohttp
import jsonschema_rs
from aiohttp import web
from aiohttp.test_utils import TestClient

from defacewatch.web.api import OPERATIONS
from defacewatch.web.api.described import BASE, PLACES, Operation
from defacewatch.web.api.openapi import described


class Checked(TestClient[web.Request, web.Application]):
    """A client that looks at each answer of the API."""

    async def _request(self, method: str, path: Any, **kwargs: Any) -> aiohttp.ClientResponse:
        answer = await super()._request(method, path, **kwargs)
        if answer.url.path.startswith(BASE + "/") and method != "HEAD":
            check(answer, await answer.read())
        return answer


def check(answer: aiohttp.ClientResponse, body: bytes) -> None:
    if answer.status >= HTTPStatus.BAD_REQUEST:
        assert answer.content_type == "application/problem+json", answer.url
        said = json.loads(body)
        validator("Problem").validate(said)
        assert said["status"] == answer.status
        return
    operation = operation_of(answer.method, answer.url.path)
    assert operation is not None, f"{answer.method} {answer.url.path} is not described"
    assert answer.status == operation.status
    if isinstance(operation.answers, type):
        assert answer.content_type == "application/json"
        validator(operation.answers.__name__).validate(json.loads(body))
    else:
        assert answer.content_type == operation.answers.content_type


def operation_of(method: str, path: str) -> Operation | None:
    fitting = [o for o in OPERATIONS if o.method == method and _pattern(o.path).fullmatch(path)]
    return min(fitting, key=lambda o: o.path.count("{"), default=None)


@cache
def document() -> dict[str, Any]:
    return described(OPERATIONS)


@cache
def validator(name: str) -> Any:
    schemas = closed(document()["components"]["schemas"])
    wanted = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}}
    return jsonschema_rs.validator_for(wanted, validate_formats=True)


def closed(schema: Any) -> Any:
    """A schema by which nothing may be in an object that is not described."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: closed(each) for name, each in schema.items()}
    if found.get("type") == "object" and "properties" in found:
        found.setdefault("additionalProperties", False)
    return found


@cache
def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(
        BASE
        + re.sub(
            r"{(\w+)}",
            lambda name: f"(?:{PLACES[name[1]]})",
            re.escape(path).replace(r"\{", "{").replace(r"\}", "}"),
        )
    )
