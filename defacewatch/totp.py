"""Codes of an authenticator app (RFC 6238 over RFC 4226: SHA-1, six digits, thirty seconds), and the codes
that stand in for a lost one."""

import base64
import hashlib
import hmac
import secrets
import struct
from datetime import datetime
from urllib.parse import quote

STEP = 30  # seconds
DIGITS = 6
DRIFT = 1  # steps that the clock of a phone may be off, either way
ISSUER = "defacewatch"
RECOVERY = 10  # codes
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is read as something else


def new_secret() -> str:
    """160 random bits in Base32, as apps take them."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def code_at(secret: str, step: int) -> str:
    """The code of a time step."""
    mac = hmac.digest(base64.b32decode(secret), struct.pack(">Q", step), hashlib.sha1)
    offset = mac[-1] & 15
    (number,) = struct.unpack(">I", mac[offset : offset + 4])
    return f"{(number & 0x7FFFFFFF) % 10**DIGITS:0{DIGITS}d}"


def step_at(now: datetime) -> int:
    return int(now.timestamp()) // STEP


def matching_step(secret: str, code: str, now: datetime, *, used: int | None = None) -> int | None:
    """The step for which `code` is right, later than the one that was `used` last; None when there is none.
    Takes the same time whatever the code is."""
    given = "".join(code.split()).encode("utf-8", "replace")
    found = None
    for step in range(step_at(now) - DRIFT, step_at(now) + DRIFT + 1):
        right = hmac.compare_digest(code_at(secret, step).encode(), given)
        if right and (used is None or step > used):
            found = step
    return found


def address(secret: str, name: str) -> str:
    """What the QR code says to an app."""
    label = quote(f"{ISSUER}:{name}")
    return (
        f"otpauth://totp/{label}?secret={secret}&issuer={ISSUER}&algorithm=SHA1&digits={DIGITS}&period={STEP}"
    )


def recovery_codes() -> list[str]:
    """Codes of 59 bits each, in two groups of six."""
    codes = ("".join(secrets.choice(_ALPHABET) for _ in range(12)) for _ in range(RECOVERY))
    return [f"{code[:6]}-{code[6:]}" for code in codes]


def recovery_hash(secret_key: bytes, account: int, code: str) -> str:
    """How a recovery code is kept: it is random, so a keyed hash needs no stretching."""
    plain = "".join(c for c in code.lower() if c.isalnum())
    return hmac.new(secret_key, f"defacewatch recovery\0{account}\0{plain}".encode(), "sha256").hexdigest()
