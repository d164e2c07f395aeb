"""Passwords: which are refused (NIST SP 800-63B section 5.1.1.2), how they are kept (Argon2id, RFC 9106)."""

import unicodedata
from functools import cache
from importlib import resources
from itertools import pairwise

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from defacewatch.errors import UsageError
from defacewatch.language import N_

SHORTEST, LONGEST = 12, 256  # characters
TOO_SHORT = N_("a password has at least 12 characters; several words are easy to remember")
TOO_LONG = N_("a password has at most 256 characters")
TOO_COMMON = N_("this password is among the first that anybody would try")
OWN_NAME = N_("a password must not be made of the user name")

# 46 MiB and two passes: above what OWASP asks for, and a tenth of a second on a small host.
_hasher = PasswordHasher(time_cost=2, memory_cost=47104, parallelism=1)


def checked(password: str, *names: str) -> str:
    """A password as it is hashed (composed, NFC). Raises UsageError for one that is too short, too common, or
    little more than one of `names`."""
    found = unicodedata.normalize("NFC", password)
    if len(found) < SHORTEST:
        raise UsageError(TOO_SHORT)
    if len(found) > LONGEST:
        raise UsageError(TOO_LONG)
    bare = found.casefold()
    if bare in common() or len(set(bare)) < 4 or _counts(bare):
        raise UsageError(TOO_COMMON)
    for name in names:
        if len(name) > 3 and len(bare.replace(name.casefold(), "")) < SHORTEST // 2:
            raise UsageError(OWN_NAME)
    return found


def hashed(password: str) -> str:
    """Blocks for a tenth of a second."""
    return _hasher.hash(password)


def verified(kept: str | None, password: str) -> bool:
    """Whether this is the password. Without one to compare with, as for a name that nobody has, it takes as
    long and is False."""
    composed = unicodedata.normalize("NFC", password[: LONGEST + 1])
    try:
        _hasher.verify(kept or _nobody(), composed)
    except (VerifyMismatchError, VerificationError, InvalidHashError):
        return False
    return kept is not None


def is_dated(kept: str) -> bool:
    """Whether a password was hashed with other parameters than today's."""
    return _hasher.check_needs_rehash(kept)


@cache
def common() -> frozenset[str]:
    """The passwords that are refused, in lower case."""
    text = (resources.files("defacewatch") / "data" / "passwords.txt").read_text("utf-8")
    lines = (line.strip().casefold() for line in text.splitlines())
    return frozenset(line for line in lines if line and not line.startswith("#"))


@cache
def _nobody() -> str:
    return _hasher.hash("nobody has this password")


def _counts(text: str) -> bool:
    """Whether each character follows the one before it, as in 123456789012 or abcdefghijkl."""
    steps = {(ord(b) - ord(a)) for a, b in pairwise(text)}
    return steps <= {1, -9} or steps <= {-1, 9}
