"""Who acts through the API, as what they do is signed and as the audit log names it."""

from aiohttp import web

from defacewatch.audit import Actor, Program
from defacewatch.web.visitors import actor_of, owner_of, visitor_of

VIA = "api"


def signs_as(request: web.Request) -> str:
    """Under which what is done stands: the officer whose account it is, or the account. Raises HTTPForbidden
    for the shared token."""
    return owner_of(request).signs_as


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
