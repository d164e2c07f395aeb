"""Who acts through the API, as what they do is signed and as the audit log names it; and on what."""

from aiohttp import web

from defacewatch.audit import Actor, Program
from defacewatch.errors import Conflict, NotFound
from defacewatch.portals import Portal
from defacewatch.web.console import console_of
from defacewatch.web.desk import officer_of, roster_of
from defacewatch.web.rota import NO_OFFICER
from defacewatch.web.visitors import actor_of, owner_of, visitor_of

VIA = "api"


def signs_as(request: web.Request) -> str:
    """Under which what is done stands: the officer whose account it is, or the account. Raises HTTPForbidden
    for the shared token."""
    return owner_of(request).signs_as


async def watched(request: web.Request) -> Portal:
    """The portal that the address names. Raises NotFound where there is none, or it is disabled."""
    portal = await console_of(request).store.portals.get(request.match_info["portal"])
    if not portal.enabled:
        raise NotFound(f"portal {portal.key} is disabled")
    return portal


async def officer(request: web.Request) -> str:
    """The officer of the roster, by key, whose account it is: an account's name is none, even where it is
    the same. Raises Conflict where there is none."""
    me = officer_of(request, await roster_of(request))
    if me is None:
        raise Conflict(NO_OFFICER)
    return me.key


def program(request: web.Request) -> Program:
    """The account, where the request came from, and the token."""
    by, token = actor_of(request), visitor_of(request).token
    return Program(Actor(by.who, f"{VIA}:{by.source}"), token)


def actor(request: web.Request) -> Actor:
    """Who acts, for what notes the account itself: with the token, in one line."""
    by = program(request)
    return Actor(by.actor.who, f"{by.actor.source}{_with(by.token)}")


def source(request: web.Request) -> str:
    """The same in one line, where the log has the officer's key for who."""
    by = program(request)
    return f"{by.actor.source} account {by.actor.who}{_with(by.token)}"


def _with(token: int | None) -> str:
    return f" token {token}" if token is not None else ""
