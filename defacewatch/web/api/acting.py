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
    actor = actor_of(request)
    return Program(Actor(actor.who, f"{VIA}:{actor.source}"), visitor_of(request).token)


def source(request: web.Request) -> str:
    """The same in one line, where the log has the officer's key for who."""
    actor, token = actor_of(request), visitor_of(request).token
    with_it = f" token {token}" if token is not None else ""
    return f"{VIA}:{actor.source} account {actor.who}{with_it}"
