"""Accounts, tokens and the audit log. Making accounts and tokens needs a password, and stays with the console
and the command line."""

from typing import Annotated

import structlog
from aiohttp import web
from pydantic import Field

from defacewatch import shapes
from defacewatch.accountlines import account_line, audit_line, token_line
from defacewatch.accounts import Account, Role, Scope, Session, checked_language
from defacewatch.language import N_
from defacewatch.web.api import peoplelines as lines
from defacewatch.web.api.acting import actor
from defacewatch.web.api.cursors import number, part
from defacewatch.web.api.described import get, post
from defacewatch.web.api.shared import Body, Number, Pages, Word
from defacewatch.web.auditing import VERIFIED
from defacewatch.web.console import console_of
from defacewatch.web.problems import Refused
from defacewatch.web.visitors import owner_of, visitor_of

TAG = "people"
LIMIT = 200  # entries, as before there were cursors
LESS = N_("This token may do less than its owner.")

log = structlog.get_logger(__name__)


class OfAudit(Pages):
    limit: Annotated[int, Field(ge=1, le=1000)] = LIMIT
    before: Annotated[Number | None, Field(description="Entries older than this number; as `cursor`.")] = None


class Choosing(Body):
    language: Annotated[Word | None, Field(description="vi, en.")]


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
    """End one of one's own tokens. A token ends itself; others need all that their owner may, and more than
    `read`."""
    wanted = int(request.match_info["id"])
    owner = owner_of(request) if wanted == visitor_of(request).token else await _owner(request)
    return await _revoked(request, owner, wanted)


@get("/me/sessions", lines.Sessions, tag=TAG)
async def sessions(request: web.Request) -> shapes.Line:
    """Where one has signed in with a browser, the one used last first. A token needs all that its owner may,
    and more than `read`."""
    console, owner, visitor = console_of(request), await _owner(request), visitor_of(request)
    running = await console.store.sessions.running(
        owner.id, idle=console.idle, longest=console.longest, now=console.clock()
    )
    return {"sessions": [_session(one, visitor.session) for one in running]}


@post("/me/sessions/end", lines.SessionsEnded, tag=TAG, also=())
async def end_sessions(request: web.Request) -> shapes.Line:
    """Sign out everywhere, but for the browser that asks. A token needs all that its owner may, and more than
    `read`."""
    return await _ended(request, await _owner(request), besides=visitor_of(request).session)


@post("/me/sessions/{id}/end", lines.SessionsEnded, tag=TAG, also=())
async def end_session(request: web.Request) -> shapes.Line:
    """End one session of one's own. A token needs all that its owner may, and more than `read`."""
    return await _ended(request, await _owner(request), session=int(request.match_info["id"]))


@post("/me/language", lines.AccountLine, tag=TAG, also=())
async def language(request: web.Request, body: Choosing) -> shapes.Line:
    """Choose the language in which one is told and shown things; null: the configured one. A token needs all
    that its owner may, and more than `read`."""
    console, owner = console_of(request), await _owner(request)
    changed = await console.store.accounts.change(
        owner.id, language=checked_language(body.language or ""), actor=actor(request), now=console.clock()
    )
    return account_line(changed)


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


@post("/accounts/{id}/sign-out", lines.SessionsEnded, tag=TAG, also=())
async def sign_out(request: web.Request) -> shapes.Line:
    """Sign somebody out everywhere. Their tokens go on working."""
    return await _ended(request, await _account(request))


@get("/identities", lines.Identities, tag=TAG)
async def identities(request: web.Request) -> shapes.Line:
    """By which subjects of the provider outside people sign in."""
    console = console_of(request)
    trust = None if console.provider is None else console.provider.trust
    bound = {} if trust is None else await console.store.identities.of(trust.issuer)
    return {
        "provider": None if trust is None else trust.name,
        "issuer": None if trust is None else trust.issuer,
        "identities": [{"account": account, "subject": bound[account]} for account in sorted(bound)],
    }


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


async def _owner(request: web.Request) -> Account:
    """Whose account it is. Raises Refused for a token that may less than its owner, or was made to read
    alone, which the role of a viewer does not tell."""
    owner, visitor = owner_of(request), visitor_of(request)
    own = await console_of(request).store.api_tokens.of(owner.id) if visitor.token is not None else ()
    reads = any(token.id == visitor.token and token.scope is Scope.READ for token in own)
    if reads or visitor.role is not owner.role:
        log.warning(
            "refused: a token that may less than its owner",
            who=owner.name,
            token=visitor.token,
            path=request.path,
            remote=request.remote,
        )
        raise Refused(LESS)
    return owner


async def _ended(
    request: web.Request, owner: Account, *, session: int | None = None, besides: int | None = None
) -> shapes.Line:
    console = console_of(request)
    ended = await console.store.sessions.end(
        owner, session=session, besides=besides, actor=actor(request), now=console.clock()
    )
    return {"ended": ended}


def _session(one: Session, current: int | None) -> shapes.Line:
    return {
        "id": one.id,
        "begun_at": shapes.moment(one.begun_at),
        "seen_at": shapes.moment(one.seen_at),
        "address": one.address,
        "agent": one.agent,
        "current": one.id == current,
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
    sessions,
    end_sessions,
    end_session,
    language,
    accounts,
    account,
    tokens_of,
    disable,
    enable,
    sign_out,
    identities,
    revoke_of,
    audit,
    verification,
)
