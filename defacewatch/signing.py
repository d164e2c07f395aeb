"""Addresses that are secrets: what they name, signed."""

import hmac


def signature(secret_key: bytes, purpose: str, *parts: object) -> str:
    """HMAC-SHA256 (RFC 2104) of a purpose and its parts under the secret key: the first 160 bits, in hex. No
    two lists of parts sign as the same, and nothing signed for one purpose passes for another."""
    said = "\0".join((f"defacewatch {purpose}", *(f"{len(str(part))}:{part}" for part in parts)))
    return hmac.new(secret_key, said.encode(), "sha256").hexdigest()[:40]
