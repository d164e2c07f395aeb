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
