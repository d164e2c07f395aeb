"""The audit log: who did what, in a chain that cannot be rewritten without the secret key.

Each entry holds the SHA-256 of the one before (`previous`), its own (`digest`, over everything it says and
`previous`), and an HMAC-SHA256 of that (`seal`) under a key that the database does not hold. Whoever may
write to the database alone can neither change an entry nor add one; the sealed head, which is there from the
beginning on, tells when the last ones are gone. What was found wrong when something was added is an entry of
its own, `log-broken`. Method: B. Schneier, J. Kelsey, "Secure Audit Logs to Support Computer Forensics"
(1999), with one key, since the host that writes is the host that verifies.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from defacewatch.language import N_

FIRST = "0" * 64  # what the first entry holds in place of the digest of the one before
PROGRAM = "program"
_ACCOUNT = re.compile(r"(?:console|api):\S* account (\S+)")  # as the console and the API say where from
WAS_BROKEN = N_("says that the log was found broken")


def account_in(source: str) -> str | None:
    """The account that `source`, from where somebody acted, names besides their officer; None where it names
    none (a command, a button in a message)."""
    found = _ACCOUNT.match(source)
    return found[1] if found else None


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
    IDENTITY_BOUND = "identity-bound"
    IDENTITY_UNBOUND = "identity-unbound"
    ROLE_KEPT = "role-kept"
    SESSIONS_ENDED = "sessions-ended"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    COMMENTED = "commented"
    ASSIGNED = "assigned"
    TICKED = "ticked"
    UNTICKED = "unticked"
    PROPOSED = "baseline-proposed"
    APPROVED = "baseline-approved"
    DECLINED = "baseline-declined"
    MASK_DRAWN = "mask-drawn"
    MASK_CONFIRMED = "mask-confirmed"
    MASK_ENDED = "mask-ended"
    MUTE_ENDED = "mute-ended"
    HANDOVER_CONFIRMED = "handover-confirmed"
    ABSENCE_ENTERED = "absence-entered"
    ABSENCE_WITHDRAWN = "absence-withdrawn"
    ANNOUNCED = "window-announced"
    CALLED_OFF = "window-called-off"
    ADDRESS_GIVEN = "address-given"
    ADDRESS_RENEWED = "address-renewed"
    CHANNEL_TESTED = "channel-tested"
    CHANNEL_RECEIVED = "channel-received"
    PORTAL_PAUSED = "portal-paused"
    PORTAL_RESUMED = "portal-resumed"
    PORTALS_IMPORTED = "portals-imported"
    PORTAL_CHANGED = "portal-changed"
    LEARNING_ASKED = "learning-asked-for"
    TEST_SENT = "test-alert-sent"
    CONFIGURED = "configuration-taken-over"
    RESTORED = "backup-restored"
    LOG_BROKEN = "log-broken"


@dataclass(frozen=True)
class Actor:
    """Who acts, and from where: an address, 'cli:root', 'telegram', …"""

    who: str
    source: str


@dataclass(frozen=True)
class Program:
    """What acts for somebody: a program through the API, for which account, from where, and with which token
    (its id); or a browser in the console."""

    actor: Actor
    token: int | None


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


START = Head()


@dataclass(frozen=True)
class Broken:
    """The first entry that is not as it was written, and why."""

    number: int
    why: str


def clean(text: str) -> str:
    """`text` as a database can hold it and a terminal can show it: without NUL and lone surrogates."""
    return text.replace("\0", "�").encode("utf-8", "replace").decode()


def facts_text(facts: Mapping[str, object] | None) -> str:
    """What was before, or after, as it is kept: JSON with sorted keys, in ASCII."""
    return json.dumps(_cleaned(facts), sort_keys=True, separators=(",", ":")) if facts is not None else ""


def facts_of(text: str) -> dict[str, object]:
    """What `facts_text` has made; what somebody else has made of it, as the fact 'unreadable'."""
    if not text:
        return {}
    try:
        facts = _cleaned(json.loads(text))
    except (ValueError, RecursionError):
        facts = None
    return facts if isinstance(facts, dict) else {"unreadable": clean(text)}


def head_text(head: Head) -> str:
    """A head as it is kept."""
    return json.dumps({"number": head.number, "digest": head.digest, "seal": head.seal})


def head_from(text: str | None) -> Head | None:
    """The head that is kept as `text`; None where it is none."""
    try:
        kept = json.loads(text or "")
    except (ValueError, RecursionError):
        return None
    if not isinstance(kept, dict) or kept.keys() != {"number", "digest", "seal"}:
        return None
    number, digest, seal = kept["number"], kept["digest"], kept["seal"]
    if type(number) is not int or number < 0 or not isinstance(digest, str) or not isinstance(seal, str):
        return None
    return Head(number, digest, seal)


def beginning(key: bytes) -> Head:
    """The head of a log that has no entry yet."""
    return _sealed(0, FIRST, key)


def is_sealed(head: Head, key: bytes) -> bool:
    return _same(head.seal, _sealed(head.number, head.digest, key).seal)


def is_entry_sealed(digest: str, seal: str, key: bytes) -> bool:
    return _same(seal, _mac(key, digest))


def chained(entry: Entry, head: Head, key: bytes) -> Entry:
    """`entry` as the one after `head`."""
    linked = replace(entry, number=head.number + 1, previous=head.digest)
    digest = _digest(linked)
    return replace(linked, digest=digest, seal=_mac(key, digest))


def head_of(entry: Entry, key: bytes) -> Head:
    return _sealed(entry.number, entry.digest, key)


def first_broken(
    entries: Iterable[Entry], head: Head | None, key: bytes, *, after: Head = START
) -> Broken | None:
    """What is wrong with a log, from its first entry on, or from the one that follows `after`; None when
    it is whole. That it was found broken before is said where nothing else is wrong."""
    last, found = after, None
    for entry in entries:
        if entry.number != last.number + 1:
            return Broken(last.number + 1, N_("is missing"))
        if entry.previous != last.digest:
            return Broken(entry.number, N_("does not follow from the one before"))
        if entry.digest != _digest(entry):
            return Broken(entry.number, N_("was changed"))
        if not is_entry_sealed(entry.digest, entry.seal, key):
            return Broken(entry.number, N_("was not sealed with this secret key"))
        if entry.act == Act.LOG_BROKEN and found is None:
            found = Broken(entry.number, WAS_BROKEN)
        last = Head(entry.number, entry.digest)
    return _ends_wrong(last, head, key) or found


def _ends_wrong(last: Head, head: Head | None, key: bytes) -> Broken | None:
    if head is None:
        return Broken(last.number, N_("has no head after it"))
    if head.number > last.number:
        return Broken(last.number + 1, N_("is missing"))
    if (head.number, head.digest) != (last.number, last.digest):
        return Broken(last.number, N_("is not what the sealed head says"))
    if not is_sealed(head, key):
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


def _sealed(number: int, digest: str, key: bytes) -> Head:
    return Head(number, digest, _mac(key, f"head {number} {digest}"))


def _mac(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), "sha256").hexdigest()


def _same(one: str, other: str) -> bool:
    """Compared as bytes: what stands in the database may be anything."""
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode())


def _cleaned(value: object) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {clean(str(name)): _cleaned(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(each) for each in value]
    return value
