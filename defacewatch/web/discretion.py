"""What those who only look are not told: how people are reached, and what providers have answered."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from defacewatch.accounts import Role
from defacewatch.web.console import VISITOR, Visitor

HIDDEN: Mapping[str, str | None] = {  # the fields of lines, and what stands in their place
    "phone": None,
    "email": None,
    "telegram_user": None,
    "contact": "",
    "receipt": None,
    "error": None,
}
OF_PAGES = ("evidence", "summary")  # what a page or a shift says is nobody's address


def discreet(request: web.Request, value: Any) -> Any:
    """What of an answer's lines whoever asks is shown: all of it from an officer upwards."""
    visitor: Visitor | None = request.get(VISITOR)
    role = None if visitor is None else visitor.role
    return value if role is not None and role.covers(Role.OFFICER) else _blank(value)


def _blank(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _of(name, inner) for name, inner in value.items()}
    return [_blank(inner) for inner in value] if isinstance(value, list) else value


def _of(name: str, value: Any) -> Any:
    return HIDDEN[name] if name in HIDDEN else value if name in OF_PAGES else _blank(value)
