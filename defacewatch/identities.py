"""People as a sign-in service outside (OpenID Connect) knows them, and what its word is worth here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from defacewatch.accounts import Role
from defacewatch.errors import UsageError
from defacewatch.language import N_

LONGEST_SUBJECT = 255  # characters; OpenID Connect Core 1.0, 2


@dataclass(frozen=True)
class Identity:
    """Who somebody is at a provider: its `issuer` and a `subject` that it gives to nobody else."""

    issuer: str
    subject: str


@dataclass(frozen=True)
class Trust:
    """A provider and what is believed of it. `bind_by_email`: a verified address that is an officer's in the
    roster binds their account; `second_factor` are values of amr or acr that stand for a second factor;
    `roles` gives roles for values of `role_claim`, `most` at the most; to whom none of them gives one is a
    viewer, or is not let in (`deny_unmatched`)."""

    issuer: str
    client_id: str
    name: str = "SSO"
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    bind_by_email: bool = False
    second_factor: tuple[str, ...] = ()
    role_claim: str | None = None
    roles: Mapping[str, Role] = field(default_factory=dict)
    most: Role = Role.OFFICER
    deny_unmatched: bool = False


@dataclass(frozen=True)
class Claimed:
    """What a checked ID token says. `strong`: that a second factor was used, as far as that is believed.
    `role` None: nothing is believed of roles. `unmatched`: nothing that was said gives one."""

    identity: Identity
    email: str | None = None
    strong: bool = False
    role: Role | None = None
    unmatched: bool = False


def checked_subject(text: str) -> str:
    """A subject as somebody typed it. Raises UsageError."""
    found = text.strip()
    if not found or len(found) > LONGEST_SUBJECT or not found.isprintable():
        raise UsageError(N_("a subject has 1 to 255 characters on one line"))
    return found


def address(email: str) -> str | None:
    """An e-mail address as two are compared, None where it is not of ASCII alone: other letters have twins
    that folding makes the same."""
    return email.lower() if email.isascii() else None


def claimed(claims: Mapping[str, Any], trust: Trust) -> Claimed:
    """What the claims of a token whose signature, issuer and audience were checked mean here."""
    email = claims.get("email") if claims.get("email_verified") is True else None
    said = {*_texts(claims.get("amr")), *_texts(claims.get("acr"))}
    role = _role(claims, trust)
    return Claimed(
        Identity(trust.issuer, claims["sub"]),
        address(email) if isinstance(email, str) and trust.bind_by_email else None,
        bool(said & set(trust.second_factor)),
        role or (Role.VIEWER if trust.role_claim is not None else None),
        unmatched=role is None and trust.role_claim is not None,
    )


def _role(claims: Mapping[str, Any], trust: Trust) -> Role | None:
    """The highest role that was said, never above the most that is believed; None where none was. Services
    leave a claim out that would be empty, so one that is not there says the same as one that is empty."""
    if trust.role_claim is None:
        return None
    given = [trust.roles[value] for value in _texts(claims.get(trust.role_claim)) if value in trust.roles]
    ladder = list(Role)
    highest = max(given, key=ladder.index, default=None)
    return min(highest, trust.most, key=ladder.index) if highest is not None else None


def _texts(value: object) -> Sequence[str]:
    if isinstance(value, str):
        return (value,)
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else ()
