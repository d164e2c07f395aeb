"""Secrets that the store keeps encrypted, under a key that follows from the secret key."""

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from defacewatch.errors import DefacewatchError


def sealed(secret_key: bytes, purpose: str, text: str) -> str:
    """`text`, encrypted and authenticated for one purpose (Fernet: AES-128-CBC and HMAC-SHA256)."""
    return _box(secret_key, purpose).encrypt(text.encode()).decode()


def opened(secret_key: bytes, purpose: str, box: str, *, within: int | None = None) -> str:
    """What was sealed, at most `within` seconds ago. Raises DefacewatchError when the key is another one, or
    somebody has changed it."""
    try:
        return _box(secret_key, purpose).decrypt(box.encode(), ttl=within).decode()
    except InvalidToken:
        raise DefacewatchError("what is kept cannot be read with this secret key") from None


def _box(secret_key: bytes, purpose: str) -> Fernet:
    derived = HKDF(SHA256(), 32, salt=None, info=f"defacewatch {purpose}".encode()).derive(secret_key)
    return Fernet(base64.urlsafe_b64encode(derived))
