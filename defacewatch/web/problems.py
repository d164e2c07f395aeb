"""Errors of /api/v1 in the form of RFC 9457, application/problem+json."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus

from aiohttp import web

from defacewatch.errors import DefacewatchError, UsageError

CONTENT_TYPE = "application/problem+json"


@dataclass(frozen=True)
class Wrong:
    """What is wrong with one thing that was given: its name, where it stands ('query', 'body') and why."""

    field: str
    where: str
    detail: str

    def __str__(self) -> str:
        return f"{self.field}: {self.detail}" if self.field else self.detail


class Invalid(UsageError):
    """What was given cannot be used: 400 for what is no question at all, 422 for a body that says the wrong
    thing."""

    def __init__(self, wrong: Iterable[Wrong], status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        self.wrong, self.status = tuple(wrong), status
        super().__init__("; ".join(str(each) for each in self.wrong))


class Refused(UsageError):
    """What is asked for is another's to do."""


class Unavailable(DefacewatchError):
    """What is asked for cannot be done just now; `later`, in seconds, it may be asked for again."""

    def __init__(self, text: str, *, later: int | None = None, **facts: object) -> None:
        super().__init__(text, **facts)
        self.later = later


def problem(status: int, detail: str, wrong: Sequence[Wrong] = ()) -> web.Response:
    """An error as programs read it. What is wrong with which field is in `errors`."""
    said: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
    }
    said["detail"] = detail
    if wrong:
        said["errors"] = [asdict(each) for each in wrong]
    text = json.dumps(said, ensure_ascii=False)
    return web.Response(text=text, status=status, content_type=CONTENT_TYPE)
