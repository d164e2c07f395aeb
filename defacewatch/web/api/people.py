"""Accounts, tokens and the audit log. Making accounts and tokens needs a password, and stays with the console
and the command line."""

from typing import Annotated

from aiohttp import web
from pydantic import Field

from defacewatch import shapes
from defacewatch.accountlines import account_line, audit_line, token_line
from defacewatch.accounts import Account, Role
from defacewatch.web.api import peoplelines as lines
from defacewatch.web.api.acting import actor
from defacewatch.web.api.cursors import number, part
from defacewatch.web.api.described import get, post
from defacewatch.web.api.shared import Number, Pages
from defacewatch.web.auditing import VERIFIED
from defacewatch.web.console import console_of
from defacewatch.web.visitors import owner_of, visitor_of

TAG = "people"


LIMIT = 200  # entries, as before there were cursors


class OfAudit(Pages):
    limit: Annotated[int, Field(ge=1, le=1000)] = LIMIT
    before: Annotated[Number | None, Field(description="Entries older than this number; as `cursor`.")] = None


@get("/me", lines.Me, tag=TAG)
async def me(request: web.Request) -> shapes.Line:
    """Who asks, and what they may do."""
    visitor = visitor_of(request)
    account = None if visitor.account is None else account_line(visitor.account)
    return {"account": account, "role": (visitor.role or Role.VIEWER).value}


@get("/me/tokens", lines.Tokens, tag=TAG)
async def tokens(request: web.Request) -> shapes.Line:
    """One's own tokens, newest first."""
    return await _tokens(request, owner_of(request))


@post("/me/tokens/{id}/revoke", lines.Revoked, tag=TAG, also=())
async def revoke(request: web.Request) -> shapes.Line:
    """End one of one's own tokens."""
    return await _revoked(request, owner_of(request), int(request.match_info["id"]))


@get("/accounts", lines.Accounts, tag=TAG)
async def accounts(request: web.Request) -> shapes.Line:
    """Everybody who may sign in, by name."""
    return {"accounts": [account_line(one) for one in await console_of(request).store.accounts.every()]}


@get("/accounts/{id}", lines.AccountLine, tag=TAG)
async def account(request: web.Request) -> shapes.Line:
    """One account."""
    return account_line(await _account(request))


@get("/accounts/{id}/tokens", lines.Tokens, tag=TAG)
async def tokens_of(request: web.Request) -> shapes.Line:
    """The tokens of an account, newest first."""
    return await _tokens(request, await _account(request))


@post("/accounts/{id}/disable", lines.AccountLine, tag=TAG)
async def disable(request: web.Request) -> shapes.Line:
    """Keep somebody out: signed out at once, their tokens revoked. 409 for the last administrator."""
    return await _disabled(request, True)


@post("/accounts/{id}/enable", lines.AccountLine, tag=TAG)
async def enable(request: web.Request) -> shapes.Line:
    """Let somebody in again, with a password as before; their tokens stay revoked."""
    return await _disabled(request, False)


@post("/accounts/{account}/tokens/{id}/revoke", lines.Revoked, tag=TAG, also=())
async def revoke_of(request: web.Request) -> shapes.Line:
    """End a token of an account."""
    owner = await console_of(request).store.accounts.get(int(request.match_info["account"]))
    return await _revoked(request, owner, int(request.match_info["id"]))


@get("/audit", lines.Audit, tag=TAG)
async def audit(request: web.Request, query: OfAudit) -> web.Response:
    """Who did what, the latest first."""
    before = number("audit", query.cursor) or query.before
    found = await console_of(request).store.audit.list(limit=query.limit + 1, before=before)
    return part(request, "audit", query, found, audit_line, lambda entry: (entry.number,))


@get("/audit/verification", lines.Verified, tag=TAG)
async def verification(request: web.Request) -> shapes.Line:
    """Whether the last 5,000 entries of the audit log are whole; `audit verify` reads all."""
    broken, head = await console_of(request).store.audit.verify(VERIFIED)
    return {
        "whole": broken is None,
        "number": head.number,
        "digest": head.digest,
        "entry": None if broken is None else broken.number,
        "why": None if broken is None else broken.why,
    }


async def _account(request: web.Request) -> Account:
    return await console_of(request).store.accounts.get(int(request.match_info["id"]))


async def _tokens(request: web.Request, owner: Account) -> shapes.Line:
    found = await console_of(request).store.api_tokens.of(owner.id)
    return {"tokens": [token_line(token, owner.name) for token in found]}


async def _revoked(request: web.Request, owner: Account, token: int) -> shapes.Line:
    console = console_of(request)
    await console.store.api_tokens.revoke(owner, token, actor=actor(request), now=console.clock())
    return {"revoked": token}


async def _disabled(request: web.Request, disabled: bool) -> shapes.Line:
    console, wanted = console_of(request), int(request.match_info["id"])
    changed = await console.store.accounts.change(
        wanted, actor=actor(request), now=console.clock(), disabled=disabled
    )
    return account_line(changed)


OPERATIONS = (
    me,
    tokens,
    revoke,
    accounts,
    account,
    tokens_of,
    disable,
    enable,
    revoke_of,
    audit,
    verification,
)
