"""An OpenID Connect provider: where it is asked, and what its tokens say once they were checked."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import aiohttp
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry

from defacewatch.errors import DefacewatchError
from defacewatch.identities import LONGEST_SUBJECT, Claimed, Trust, claimed

ALGORITHMS = ("RS256", "PS256", "ES256", "ES384", "ES512")  # none that a shared secret signs
KEY_TYPES = ("RSA", "EC", "OKP")
WITHIN = aiohttp.ClientTimeout(total=10)
LARGEST = 256 * 1024  # bytes of an answer
KNOWN_FOR = timedelta(minutes=10)  # before its addresses and keys are asked for again
AGAIN_AFTER = timedelta(seconds=10)  # before a provider that has failed, or lacks a key, is asked again
LEEWAY = 60  # seconds by which two clocks may differ
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class ProviderError(DefacewatchError):
    """The provider does not answer, or says what it must not. Never carries a token or a code."""


@dataclass(frozen=True)
class Known:
    """What a provider says of itself: its endpoints and keys."""

    authorize: str
    token: str
    by_post: bool
    keys: KeySet
    at: datetime


class Provider:
    """Asks one provider. `secret` None: a public client, which PKCE alone protects."""

    def __init__(self, trust: Trust, secret: str | None, *, back: str, clock: Callable[[], datetime]) -> None:
        self.trust = trust
        self._secret = secret
        self._back = back
        self._clock = clock
        self._known: Known | None = None
        self._failed: tuple[datetime, str] | None = None
        self._lock = asyncio.Lock()

    async def address(self, *, state: str, nonce: str, verifier: str) -> str:
        """Where somebody signs in. Raises ProviderError."""
        known = await self.known()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
        asked = {
            "response_type": "code",
            "client_id": self.trust.client_id,
            "redirect_uri": self._back,
            "scope": " ".join(dict.fromkeys(("openid", *self.trust.scopes))),
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge.decode(),
            "code_challenge_method": "S256",
        }
        return f"{known.authorize}{'&' if '?' in known.authorize else '?'}{urlencode(asked)}"

    async def redeem(self, code: str, *, nonce: str, verifier: str) -> Claimed:
        """Whom a code is for, by an ID token that was checked. Raises ProviderError."""
        known = await self.known()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._back,
            "client_id": self.trust.client_id,
            "code_verifier": verifier,
        }
        headers = {}
        if self._secret is not None and known.by_post:
            form["client_secret"] = self._secret
        elif self._secret is not None:
            pair = f"{quote(self.trust.client_id, safe='')}:{quote(self._secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        answer = await _asked("POST", known.token, data=form, headers=headers)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise ProviderError("the provider's answer has no ID token")
        return claimed(await self._checked(token, nonce), self.trust)

    async def known(self, *, fresh: bool = False) -> Known:
        """What the provider says of itself, asked for at most every few seconds. Raises ProviderError."""
        async with self._lock:
            now = self._clock()
            if self._known is not None and now - self._known.at < (AGAIN_AFTER if fresh else KNOWN_FOR):
                return self._known
            if self._failed is not None and now - self._failed[0] < AGAIN_AFTER:
                raise ProviderError(self._failed[1])
            try:
                self._known = await self._discover(now)
            except ProviderError as error:
                self._failed = now, str(error)
                raise
            return self._known

    async def _discover(self, now: datetime) -> Known:
        issuer = self.trust.issuer
        said = await _asked("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if said.get("issuer", "").rstrip("/") != issuer.rstrip("/"):
            raise ProviderError("the provider calls itself by another issuer than web.oidc.issuer")
        methods = said.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        keys = await _asked("GET", _endpoint(said, "jwks_uri", issuer))
        return Known(
            _endpoint(said, "authorization_endpoint", issuer),
            _endpoint(said, "token_endpoint", issuer),
            "client_secret_basic" not in methods and "client_secret_post" in methods,
            _key_set(keys),
            now,
        )

    async def _checked(self, token: str, nonce: str) -> Mapping[str, Any]:
        """The claims of an ID token: signed by the provider, for us, now, and for this sign-in (OpenID
        Connect Core 1.0, 3.1.3.7)."""
        try:
            try:
                found = jwt.decode(token, (await self.known()).keys, algorithms=ALGORITHMS)
            except InvalidKeyIdError:
                found = jwt.decode(token, (await self.known(fresh=True)).keys, algorithms=ALGORITHMS)
            said, ours = found.claims, self.trust.client_id
            JWTClaimsRegistry(
                now=int(self._clock().timestamp()),
                leeway=LEEWAY,
                iss={"essential": True},
                sub={"essential": True},
                aud={"essential": True, "value": ours},
                exp={"essential": True},
                iat={"essential": True},
            ).validate(said)
        except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise ProviderError(f"the ID token is not right ({type(error).__name__})") from None
        if said["iss"].rstrip("/") != self.trust.issuer.rstrip("/"):
            raise ProviderError("the ID token is of another issuer")
        if not isinstance(said.get("nonce"), str) or not hmac.compare_digest(
            said["nonce"].encode(), nonce.encode()
        ):
            raise ProviderError("the ID token is of another sign-in")
        if said.get("azp", ours) != ours or (isinstance(said["aud"], list) and set(said["aud"]) != {ours}):
            raise ProviderError("the ID token is for others, too")
        if not 0 < len(said["sub"]) <= LONGEST_SUBJECT:
            raise ProviderError("the subject of the ID token is empty or too long")
        return said


def is_safe(url: str) -> bool:
    """Whether secrets may go there: over TLS, or to this host."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def _endpoint(said: Mapping[str, Any], name: str, issuer: str) -> str:
    url = said.get(name)
    if not isinstance(url, str) or not is_safe(url) or (issuer.startswith("https:") and url[:6] != "https:"):
        raise ProviderError(f"the provider's {name} is missing, or not over TLS")
    return url


def _key_set(said: Mapping[str, Any]) -> KeySet:
    """Its public keys; a shared secret among them is left out."""
    keys = said.get("keys")
    usable = [key for key in keys if isinstance(key, dict)] if isinstance(keys, list) else []
    usable = [key for key in usable if key.get("kty") in KEY_TYPES and key.get("use", "sig") == "sig"]
    try:
        return KeySet.import_key_set({"keys": usable})
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise ProviderError(f"the provider's keys cannot be read ({type(error).__name__})") from None


async def _asked(method: str, url: str, **given: Any) -> dict[str, Any]:
    """A JSON object from the provider; it is not followed elsewhere. Raises ProviderError."""
    try:
        async with (
            aiohttp.ClientSession(timeout=WITHIN) as client,
            client.request(method, url, allow_redirects=False, **given) as answer,
        ):
            body = await answer.content.read(LARGEST + 1)
            while len(body) <= LARGEST and (more := await answer.content.read(LARGEST + 1)):
                body += more
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise ProviderError(f"{urlsplit(url).netloc} does not answer ({type(error).__name__})") from None
    if answer.status != 200 or len(body) > LARGEST:
        raise ProviderError(f"{urlsplit(url).netloc} answered {answer.status}")
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ProviderError(f"{urlsplit(url).netloc} did not answer with a JSON object")
    return found
