"""The login form: a token for a session."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import hdrs, web

from defacewatch.web.console import console_of, words_of
from defacewatch.web.security import RETURN_TO, session_cookie, set_session, too_many

WITHIN = 10.0  # seconds for a form to arrive


async def form(request: web.Request) -> web.Response:
    return _form(request, request.query.get("next", "/"))


async def fields_of(request: web.Request) -> Mapping[str, object]:
    """What a form brings; it has `WITHIN` to arrive."""
    try:
        async with asyncio.timeout(WITHIN):
            return await request.post()
    except TimeoutError:
        raise web.HTTPBadRequest from None


async def login(request: web.Request) -> web.Response:
    """Open a session for the right token, and go on to where the reader wanted to go."""
    console = console_of(request)
    fields = await fields_of(request)
    token, back = str(fields.get("token", "")), str(fields.get("next", "/"))
    wait = console.access.wait(request.remote)
    if not console.access.admits(token.strip(), request.remote):
        return _form(request, back, wrong=True) if wait is None else too_many(request, wait)
    answer = web.Response(status=HTTPStatus.SEE_OTHER, headers={hdrs.LOCATION: _local(back)})
    set_session(console, answer, console.access.open_session())
    return answer


async def logout(request: web.Request) -> web.Response:
    answer = web.Response(status=HTTPStatus.SEE_OTHER, headers={hdrs.LOCATION: "/login"})
    name, secure = session_cookie(console_of(request))
    answer.del_cookie(name, path="/", secure=secure, httponly=True, samesite="Strict")
    return answer


def _form(request: web.Request, back: str, *, wrong: bool = False) -> web.Response:
    status = HTTPStatus.FORBIDDEN if wrong else HTTPStatus.OK
    renderer = console_of(request).renderer
    return renderer.page("login.html", words_of(request), status=status, back=_local(back), wrong=wrong)


def _local(back: str) -> str:
    """`back` if it is one of our own pages, else the front page."""
    return back if RETURN_TO.fullmatch(back) else "/"
