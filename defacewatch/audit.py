"""The audit log: who did what, in a chain that cannot be rewritten without the secret key.

Each entry holds the SHA-256 of the one before (`previous`), its own (`digest`, over everything it says and
`previous`), and an HMAC-SHA256 of that (`seal`) under a key that the database does not hold. Whoever may
write to the database alone can neither change an entry nor add one; the sealed head tells when the last ones
are gone. Method: B. Schneier, J. Kelsey, "Secure Audit Logs to Support Computer Forensics" (1999), with one
key, since the host that writes is the host that verifies.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from defacewatch.language import N_

FIRST = "0" * 64  # what the first entry holds in place of the digest of the one before
PROGRAM = "program"


class Act(StrEnum):
    """What is written down."""

    ACCOUNT_ADDED = "account-added"
    ACCOUNT_CHANGED = "account-changed"
    ACCOUNT_DISABLED = "account-disabled"
    ACCOUNT_ENABLED = "account-enabled"
    PASSWORD_SET = "password-set"  # noqa: S105 - the name of an act
    LINK_GIVEN = "password-link-given"
    TOTP_ON = "totp-on"
    TOTP_OFF = "totp-off"
    CODES_MADE = "recovery-codes-made"
    CODE_USED = "recovery-code-used"
    TOKEN_MADE = "token-made"  # noqa: S105
    TOKEN_REVOKED = "token-revoked"  # noqa: S105
    SIGNED_IN = "signed-in"
    SIGN_IN_FAILED = "sign-in-failed"
    SIGNED_OUT = "signed-out"
    SESSIONS_ENDED = "sessions-ended"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    COMMENTED = "commented"
    TICKED = "ticked"
    UNTICKED = "unticked"
    PROPOSED = "baseline-proposed"
    APPROVED = "baseline-approved"
    HANDOVER_CONFIRMED = "handover-confirmed"
    ABSENCE_ENTERED = "absence-entered"
    ABSENCE_WITHDRAWN = "absence-withdrawn"
    ANNOUNCED = "window-announced"
    CALLED_OFF = "window-called-off"
    PORTAL_PAUSED = "portal-paused"
    PORTAL_RESUMED = "portal-resumed"
    PORTALS_IMPORTED = "portals-imported"
    CONFIGURED = "configuration-taken-over"


@dataclass(frozen=True)
class Actor:
    """Who acts, and from where: an address, 'cli:root', 'telegram', …"""

    who: str
    source: str


@dataclass(frozen=True)
class Entry:
    """One line of the log. `before` and `after` are JSON as text, empty where there is none."""

    number: int
    at: datetime
    who: str
    source: str
    act: str
    object: str
    before: str
    after: str
    previous: str = FIRST
    digest: str = ""
    seal: str = ""


@dataclass(frozen=True)
class Head:
    """The last entry there is: its number and digest, sealed."""

    number: int = 0
    digest: str = FIRST
    seal: str = ""


@dataclass(frozen=True)
class Broken:
    """The first entry that is not as it was written, and why."""

    number: int
    why: str


def facts_text(facts: Mapping[str, object] | None) -> str:
    """What was before, or after, as it is kept: JSON with sorted keys, in ASCII."""
    return json.dumps(facts, sort_keys=True, separators=(",", ":")) if facts is not None else ""


def chained(entry: Entry, head: Head, key: bytes) -> Entry:
    """`entry` as the one after `head`."""
    linked = replace(entry, number=head.number + 1, previous=head.digest)
    digest = _digest(linked)
    return replace(linked, digest=digest, seal=_mac(key, digest))


def head_of(entry: Entry, key: bytes) -> Head:
    return Head(entry.number, entry.digest, _mac(key, f"head {entry.number} {entry.digest}"))


def first_broken(entries: Iterable[Entry], head: Head, key: bytes) -> Broken | None:
    """What is wrong with a log, from its first entry on; None when it is whole."""
    last = Head()
    for entry in entries:
        if entry.number != last.number + 1:
            return Broken(last.number + 1, N_("is missing"))
        if entry.previous != last.digest:
            return Broken(entry.number, N_("does not follow from the one before"))
        if entry.digest != _digest(entry):
            return Broken(entry.number, N_("was changed"))
        if not hmac.compare_digest(entry.seal, _mac(key, entry.digest)):
            return Broken(entry.number, N_("was not sealed with this secret key"))
        last = Head(entry.number, entry.digest)
    if head.number > last.number:
        return Broken(last.number + 1, N_("is missing"))
    if (head.number, head.digest) != (last.number, last.digest):
        return Broken(last.number, N_("is not what the sealed head says"))
    if last.number and not hmac.compare_digest(head.seal, _mac(key, f"head {last.number} {last.digest}")):
        return Broken(last.number, N_("has a head that was not sealed with this secret key"))
    return None


def audit_key(secret_key: bytes) -> bytes:
    """The key of the seals, which follows from the secret key."""
    return hmac.digest(secret_key, b"defacewatch audit", "sha256")


def _digest(entry: Entry) -> str:
    parts = (
        entry.number,
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.who,
        entry.source,
        entry.act,
        entry.object,
        entry.before,
        entry.after,
        entry.previous,
    )
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _mac(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), "sha256").hexdigest()
