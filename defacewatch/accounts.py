"""People who sign in: their accounts, what each role may do, and the scopes of tokens for programs."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from defacewatch.errors import UsageError
from defacewatch.language import LANGUAGES, N_

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,31}", re.ASCII)
RESERVED = frozenset({"nobody", "program", "token"})  # as logs name those without an account
SOMEBODY_ELSE = N_("this user name is the key of another officer in the roster")
LONGEST = 100  # characters of a display name, or of what a token is for


class Role(StrEnum):
    """Each may do what those before it may."""

    VIEWER = "viewer"
    OFFICER = "officer"
    APPROVER = "approver"
    ADMIN = "admin"

    def covers(self, needed: "Role") -> bool:
        return _ORDER.index(self) >= _ORDER.index(needed)


_ORDER = tuple(Role)


class Scope(StrEnum):
    """What a token for a program is for. It never gives more than its owner's role."""

    READ = "read"
    ACT = "act"
    ADMIN = "admin"


_CEILINGS = {Scope.READ: Role.VIEWER, Scope.ACT: Role.APPROVER, Scope.ADMIN: Role.ADMIN}


def allowed(role: Role, scope: Scope) -> Role:
    """The role with which a token of this scope acts for an owner of that role."""
    return min(role, _CEILINGS[scope], key=_ORDER.index)


@dataclass(frozen=True)
class Account:
    """Somebody who may sign in. `officer` is their key in the roster, where they have one; `language` None
    means the configured one; `has_password` is False until they have chosen one."""

    id: int
    name: str
    display: str
    role: Role
    officer: str | None = None
    language: str | None = None
    disabled: bool = False
    has_password: bool = True
    has_totp: bool = False
    created_at: datetime | None = None
    signed_in_at: datetime | None = None

    @property
    def signs_as(self) -> str:
        """The name under which they act: an officer's key, as everywhere else, or the account's name."""
        return self.officer or self.name


@dataclass(frozen=True)
class Session:
    """One browser in which somebody has signed in; `strong`: a provider has seen a second factor."""

    id: int
    account: int
    begun_at: datetime
    seen_at: datetime
    address: str
    agent: str
    strong: bool = False


@dataclass(frozen=True)
class ApiToken:
    """A token for a program, without its secret."""

    id: int
    account: int
    label: str
    scope: Scope
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None


def checked_name(name: str) -> str:
    """A user name as it is kept. Raises UsageError."""
    found = name.strip().lower()
    if not _NAME.fullmatch(found):
        raise UsageError(
            N_("a user name has 2 to 32 lower-case letters, digits, dots, dashes or underscores")
        )
    if found in RESERVED:
        raise UsageError(N_("this user name is reserved"))
    return found


def checked_label(text: str) -> str:
    """A display name, or what a token is for: one line. Raises UsageError."""
    found = " ".join(text.split())
    if not found or len(found) > LONGEST or not found.isprintable():
        raise UsageError(N_("a name has 1 to 100 characters on one line"))
    return found


def checked_language(language: str) -> str | None:
    """A language, or None for the configured one. Raises UsageError."""
    if language and language not in LANGUAGES:
        raise UsageError(N_("this language is not known"))
    return language or None
