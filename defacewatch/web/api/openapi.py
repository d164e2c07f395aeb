"""The description of the API, OpenAPI 3.1, made from its operations and their types."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from aiohttp import hdrs, web
from pydantic.json_schema import models_json_schema

from defacewatch.accounts import Role
from defacewatch.web.api.described import BASE, PLACES, File, Operation
from defacewatch.web.api.shared import Facts, Shape
from defacewatch.web.problems import CONTENT_TYPE
from defacewatch.web.rules import RULES

PATH = "/openapi.json"
VERSION = "3.1.0"
REF = "#/components/schemas/{model}"
ALWAYS = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
TAGS = {
    "watching": "What is watched and what was seen.",
    "incidents": "Incidents, campaigns, and who was told.",
    "baselines": "How pages look by what was approved.",
    "masks": "What is left out of the comparison: masks, and mutes of false alarms.",
    "duty": "Who is on duty and would be called; leave, announcements, handovers, channels, reports.",
    "people": "Accounts, tokens, the audit log.",
    "description": "This description.",
}
SCOPES = {Role.VIEWER: "read", Role.OFFICER: "act", Role.APPROVER: "act", Role.ADMIN: "admin"}
INTRO = """Everything that the console does, for programs: the same objects as `--json` prints, under the
same rules.

Send the token of an account as `Authorization: Bearer dw_…`; a browser that has signed in sends its cookie,
and with what changes something the token of its forms as `X-CSRF-Token`. Lists come in parts: `next` is the
cursor of what follows, also in the `Link` header. Errors are problem+json (RFC 9457); `errors` says which
field is wrong. Times are RFC 3339 in UTC. Text of watched pages is passed on as it is: whoever shows it has
to escape it."""
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "where", "detail"],
                "properties": {name: {"type": "string"} for name in ("field", "where", "detail")},
            },
        },
    },
}


class Description(Shape):
    openapi: str
    info: Facts
    servers: list[Facts]
    security: list[Facts]
    tags: list[Facts]
    paths: Facts
    components: Facts


def described(operations: Sequence[Operation]) -> dict[str, Any]:
    """The whole description."""
    refs, schemas = _schemas(operations)
    paths: dict[str, dict[str, Any]] = {}
    for each in operations:
        paths.setdefault(BASE + each.path, {})[each.method.lower()] = _operation(each, refs)
    return {
        "openapi": VERSION,
        "info": {"title": "defacewatch", "version": version("defacewatch"), "description": INTRO},
        "servers": [{"url": "/"}],
        "security": [{"token": []}, {"session": []}],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "The token of an account."},
                "session": {"type": "apiKey", "in": "cookie", "name": "defacewatch_session"},
            },
            "schemas": {**schemas, "Problem": PROBLEM},
            "responses": {
                "Problem": _content(CONTENT_TYPE, {"$ref": REF.format(model="Problem")}, "A problem.")
            },
        },
    }


Refs = Mapping[Any, dict[str, Any]]  # by model


def _schemas(operations: Sequence[Operation]) -> tuple[Refs, dict[str, Any]]:
    answers = {each.answers for each in operations if not isinstance(each.answers, File)}
    bodies = {each.body for each in operations if each.body is not None}
    wanted: list[tuple[Any, Any]] = [
        (model, "serialization") for model in sorted(answers, key=lambda model: model.__name__)
    ]
    wanted += [(model, "validation") for model in sorted(bodies, key=lambda model: model.__name__)]
    found, whole = models_json_schema(wanted, ref_template=REF)
    return {model: schema for (model, _), schema in found.items()}, whole["$defs"]


def _operation(each: Operation, refs: Refs) -> dict[str, Any]:
    role = RULES.get((each.method, BASE + each.path))
    least = role if isinstance(role, Role) else Role.VIEWER
    summary, _, more = each.says.partition("\n\n")
    needs = f"Needs the role {least.value} (a token of scope `{SCOPES[least]}`)."
    said: dict[str, Any] = {
        "operationId": each.name,
        "summary": " ".join(summary.split()),
        "description": f"{more}\n\n{needs}".strip(),
        "tags": [each.tag],
        "x-role": least.value,
        "parameters": [*_places(each), *_parameters(each)],
        "responses": _responses(each, refs),
    }
    if each.body is not None:
        content = {"application/json": {"schema": refs[each.body]}}
        said["requestBody"] = {"required": True, "content": content}
    if each.takes:
        content = {kind: {"schema": {"type": "string"}} for kind in each.takes}
        said["requestBody"] = {"required": True, "content": content}
    return said


def _places(each: Operation) -> Iterator[dict[str, Any]]:
    for name in re.findall(r"{(\w+)}", each.path):
        number = PLACES[name].startswith("[0-9]")
        schema: dict[str, Any] = {"type": "integer", "minimum": 0, "maximum": 10**18 - 1}
        if not number:
            schema = {"type": "string", "pattern": f"^{PLACES[name]}$"}
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _parameters(each: Operation) -> Iterator[dict[str, Any]]:
    schema = each.query.model_json_schema(ref_template=REF)
    for name, of_it in schema.get("properties", {}).items():
        shape = _inlined(of_it, schema.get("$defs", {}))
        shape.pop("title", None)
        said = shape.pop("description", None)
        required = name in schema.get("required", ())
        parameter = {"name": name, "in": "query", "required": required, "schema": shape}
        yield parameter | ({"description": said} if said else {})


def _inlined(schema: Any, known: Mapping[str, Any]) -> Any:
    """A schema without references, and without null: what is not asked for is left out."""
    if isinstance(schema, list):
        return [_inlined(each, known) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(known[schema["$ref"].rpartition("/")[2]], known)
    found = {name: _inlined(each, known) for name, each in schema.items()}
    if "anyOf" in found:
        (kept,) = [each for each in found.pop("anyOf") if each != {"type": "null"}]
        found = {**kept, **{name: each for name, each in found.items() if name != "default"}}
    return found


def _responses(each: Operation, refs: Refs) -> dict[str, Any]:
    if isinstance(each.answers, File):
        good = _content(each.answers.content_type, {}, each.answers.description)
    else:
        good = _content("application/json", refs[each.answers], each.status.phrase)
        if "next" in each.answers.model_fields:
            link = {"description": "What follows, rel=next.", "schema": {"type": "string"}}
            good["headers"] = {hdrs.LINK: link}
    wrong = {*ALWAYS, *each.also}
    if "{" in each.path or each.also or each.query.model_fields.keys() & {"page"}:
        wrong.add(HTTPStatus.NOT_FOUND)
    if each.body is not None or each.takes:
        wrong |= {HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.NOT_FOUND}
    problems = {str(int(status)): {"$ref": "#/components/responses/Problem"} for status in sorted(wrong)}
    return {str(int(each.status)): good, **problems}


def _content(kind: str, schema: Mapping[str, Any], description: str) -> dict[str, Any]:
    return {"description": description, "content": {kind: {"schema": schema}}}


@cache
def _text(operations: tuple[Operation, ...]) -> str:
    return web.json_response(described(operations)).text or ""


def answer(operations: tuple[Operation, ...]) -> web.Response:
    return web.Response(text=_text(operations), content_type="application/json")
