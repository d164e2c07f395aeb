"""A sign-in service on loopback, over HTTP: codes, PKCE, keys and ID tokens as OpenID Connect has them. What
it says wrongly, a test decides."""

import base64
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from tests.conftest import Clock

CLIENT, SECRET = "defacewatch", "bí-mật: của/máy khách"


@cache
def a_key(kid: str) -> RSAKey:
    """Made once for all tests."""
    return RSAKey.generate_key(2048, {"kid": kid})


@dataclass
class SignInService:
    """Signs in whoever `subject` is, without asking. `says` are claims in place of the usual, `sign` makes
    the token of them."""

    clock: Clock
    subject: str = "8f2c-an"
    says: dict[str, Any] = field(default_factory=dict)
    sign: Callable[[dict[str, Any]], str] | None = None
    secret: str | None = SECRET
    key: RSAKey = field(default_factory=lambda: a_key("one"))
    issuer: str = ""
    asked: list[str] = field(default_factory=list)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    async def start(self) -> None:
        app = web.Application()
        app.add_routes(
            [
                web.get("/.well-known/openid-configuration", self._configuration),
                web.get("/authorize", self._authorize),
                web.post("/token", self._token),
                web.get("/keys", self._keys),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.issuer = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        await self._runner.cleanup()

    def usual(self, nonce: str) -> dict[str, Any]:
        now = int(self.clock().timestamp())
        claims = {"iss": self.issuer, "sub": self.subject, "aud": CLIENT, "nonce": nonce}
        return {**claims, "iat": now, "exp": now + 300, **self.says}

    def signed(self, claims: dict[str, Any]) -> str:
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.key)

    async def _configuration(self, request: web.Request) -> web.Response:
        self.asked.append("configuration")
        ends = {
            "authorization_endpoint": "authorize",
            "token_endpoint": "token",
            "jwks_uri": "keys",
        }
        return web.json_response(
            {"issuer": self.issuer, **{name: f"{self.issuer}/{path}" for name, path in ends.items()}}
        )

    async def _authorize(self, request: web.Request) -> web.Response:
        given = dict(request.query)
        assert given["client_id"] == CLIENT
        assert given["response_type"] == "code"
        assert given["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self._codes[code] = given
        back = f"{given['redirect_uri']}?{urlencode({'code': code, 'state': given['state']})}"
        return web.Response(status=302, headers={"Location": back})

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        given = self._codes.pop(str(form["code"]), None)
        proof = hashlib.sha256(str(form["code_verifier"]).encode()).digest()
        challenge = base64.urlsafe_b64encode(proof).rstrip(b"=").decode()
        right = self.secret is None or request.headers.get("Authorization") == _basic(self.secret)
        if given is None or given["code_challenge"] != challenge or not right:
            return web.json_response({"error": "invalid_grant"}, status=400)
        token = (self.sign or self.signed)(self.usual(given["nonce"]))
        return web.json_response({"access_token": "x", "token_type": "Bearer", "id_token": token})

    async def _keys(self, request: web.Request) -> web.Response:
        self.asked.append("keys")
        return web.json_response(KeySet([self.key]).as_dict())


def _basic(secret: str) -> str:
    pair = urlencode({"": CLIENT})[1:] + ":" + urlencode({"": secret})[1:].replace("+", "%20")
    return f"Basic {base64.b64encode(pair.encode()).decode()}"
