"""The models of accounts, tokens and the audit log."""

from typing import Annotated

from pydantic import Field

from defacewatch.accounts import Role, Scope
from defacewatch.web.api.shared import Facts, Listed, Moment, Shape


class AccountLine(Shape):
    id: int
    name: str
    display: str
    role: Role
    officer: str | None
    language: str | None
    disabled: bool
    password: Annotated[bool, Field(description="Whether one was chosen.")]
    totp: bool
    created_at: Moment | None
    signed_in_at: Moment | None


class TokenLine(Shape):
    id: int
    account: str
    label: str
    scope: Scope
    created_at: Moment
    expires_at: Moment
    used_at: Moment | None


class AuditLine(Shape):
    number: int
    at: Moment
    who: str
    source: str
    act: str
    object: str
    before: Facts | None
    after: Facts | None
    previous: str
    digest: str


class Me(Shape):
    """Who asks, and as what: `account` null for the shared token; `role` is what this token or session may
    do."""

    account: AccountLine | None
    role: Role


class SessionLine(Shape):
    """One browser in which somebody has signed in; `current`: it is the one that asks."""

    id: int
    begun_at: Moment
    seen_at: Moment
    address: str
    agent: str
    current: bool


class Sessions(Shape):
    sessions: list[SessionLine]


class SessionsEnded(Shape):
    """How many have ended."""

    ended: int


class IdentityLine(Shape):
    """Under which subject the provider outside knows the owner of an account."""

    account: int
    subject: str


class Identities(Shape):
    """`provider` is its name, null where nobody signs in from outside."""

    provider: str | None
    issuer: str | None
    identities: list[IdentityLine]


class Accounts(Shape):
    accounts: list[AccountLine]


class Tokens(Shape):
    tokens: list[TokenLine]


class Revoked(Shape):
    revoked: int


class Audit(Listed):
    audit: list[AuditLine]


class Verified(Shape):
    """Whether the log is whole; the head to be written down elsewhere as NUMBER:DIGEST. `entry` is the first
    that is wrong, and `why`."""

    whole: bool
    number: int
    digest: str
    entry: int | None
    why: str | None
