"""Where a list goes on: the sort key of the last line, as an opaque word. What is added to a list meanwhile
neither repeats a line nor leaves one out that was there."""

import base64
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from aiohttp import hdrs, web

from defacewatch.shapes import Line
from defacewatch.web.api.shared import Pages
from defacewatch.web.discretion import discreet
from defacewatch.web.problems import Invalid, Wrong

T = TypeVar("T")
K = TypeVar("K", int, str)
Place = tuple[str | int | datetime, ...]

_LARGEST = 2**63 - 1
_WRONG = Wrong("cursor", "query", "is none that this list has given")


def cursor_of(of: str, place: Place) -> str:
    """The cursor of the list `of` after the line at `place`."""
    values = [each.astimezone(UTC).isoformat() if isinstance(each, datetime) else each for each in place]
    text = json.dumps([of, *values], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def number(of: str, cursor: str | None) -> int | None:
    """The number after which a list goes on. Raises Invalid, as those below."""
    found = _place(of, cursor, int)
    return None if found is None else int(found[0])  # type: ignore[arg-type]


def word(of: str, cursor: str | None) -> str | None:
    found = _place(of, cursor, str)
    return None if found is None else str(found[0])


def moment(of: str, cursor: str | None) -> datetime | None:
    found = _place(of, cursor, datetime)
    return None if found is None else found[0]  # type: ignore[return-value]


def moment_and(of: str, cursor: str | None, kind: type[K]) -> tuple[datetime, K] | None:
    found = _place(of, cursor, datetime, kind)
    return None if found is None else (found[0], found[1])  # type: ignore[return-value]


def _place(of: str, cursor: str | None, *kinds: type) -> Place | None:
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        found = json.loads(base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True).decode())
        if not isinstance(found, list) or found[:1] != [of] or len(found) != len(kinds) + 1:
            raise ValueError
        return tuple(_value(each, kind) for each, kind in zip(found[1:], kinds, strict=True))
    except (ValueError, RecursionError):
        raise Invalid([_WRONG]) from None


def _value(given: object, kind: type) -> str | int | datetime:
    if kind is int and type(given) is int and 0 <= given <= _LARGEST:
        return given
    if kind is str and isinstance(given, str) and "\0" not in given and given.isprintable():
        return given
    if kind is datetime and isinstance(given, str):
        at = datetime.fromisoformat(given)
        if at.tzinfo is not None and 1970 <= at.year < 9000:
            return at
    raise ValueError


def part(
    request: web.Request,
    name: str,
    asked: Pages,
    found: Sequence[T],
    line: Callable[[T], Line],
    place: Callable[[T], Place],
) -> web.Response:
    """The answer with at most `asked.limit` of what was `found`, which may be one more: then something
    follows."""
    shown = found[: asked.limit]
    last = place(shown[-1]) if len(found) > len(shown) else None
    return listed(request, name, [line(each) for each in shown], last)


def listed(request: web.Request, name: str, lines: Sequence[Line], last: Place | None) -> web.Response:
    """The answer with these lines, and where it goes on: after the place `last`."""
    following = None if last is None else cursor_of(name, last)
    answer = web.json_response({name: discreet(request, list(lines)), "next": following})
    if following is not None:
        further = request.rel_url.update_query(cursor=following)
        answer.headers[hdrs.LINK] = f'<{further}>; rel="next"'
    return answer
