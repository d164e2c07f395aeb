"""Gateways that do not take our own JSON: SMS, Zalo, what else wants a body of its own (docs/webhooks.md).

With `per_officer` a gateway is a channel of every officer who has a telephone number, as e-mail is of those
who have an address: it escalates, fails over and has receipts. Otherwise each alert is posted once.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import aiohttp

from defacewatch.alerts import DeliveryError, Notice
from defacewatch.gathering import Gathered
from defacewatch.notify import bodies, posting
from defacewatch.notify.hostile import safe

PREFIX = "gateway:"  # of the names of channels that are posted to once an officer
LARGEST = 64 * 1024  # bytes of an answer that are read
SHOWN = 80  # characters of what an answer says
SHORT_SECRET = 4  # characters below which a secret would hide half of every text


@dataclass(frozen=True)
class Success:
    """What tells from an answer of 2xx whether the message was taken: the value at `pointer` (RFC 6901) is
    one of `values`. One of `refused` is final; any other is tried again."""

    pointer: str
    values: frozenset[str]
    refused: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Request:
    """How a message is posted. `body` and the values of `headers` are templates; `receipt` points to the
    gateway's own id of the message in its answer."""

    url: str
    body: str
    content_type: str = "application/json"
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    success: Success | None = None
    receipt: str | None = None


class GatewayChannel:
    """Posts to one gateway. `secrets` fill in what the templates name as secret.NAME, and are struck out of
    whatever is told of an answer."""

    def __init__(
        self, name: str, request: Request, *, secrets: Mapping[str, str], per_officer: bool = True
    ) -> None:
        self._name, self.request, self.per_officer = name, request, per_officer
        self._body = bodies.parse(request.body)
        self._headers = {key: bodies.parse(value) for key, value in request.headers.items()}
        self._secrets = dict(secrets)
        self._client = posting.Client()

    @property
    def name(self) -> str:
        return f"{PREFIX if self.per_officer else 'webhook:'}{self._name}"

    @property
    def editable(self) -> bool:
        return False

    async def send(self, notice: Notice) -> str:
        """Post, and return 'HTTP 200' with the gateway's own id where its answer has one. Raises
        DeliveryError."""
        return await self._post(bodies.fields_of(notice))

    async def send_gathered(self, gathered: Gathered) -> str:
        """Post what carries several alerts, as `send` does one."""
        return await self._post(bodies.gathered_fields(gathered))

    async def _post(self, fields: Mapping[str, str]) -> str:
        if self.per_officer and not fields["phone"]:
            raise DeliveryError(f"{self._name}: the officer has no phone in the roster", permanent=True)
        request, body = self.request, self._body.render(fields, self._secrets)
        headers = {"Content-Type": f"{request.content_type}; charset=utf-8", **self._filled(fields)}
        try:
            async with self._client.session().request(
                request.method, request.url, data=body.encode(), headers=headers, allow_redirects=False
            ) as answer:
                return self._told(posting.accepted(answer), await _read(answer))
        except posting.NOT_ANSWERED as error:
            raise DeliveryError(self._hidden(str(posting.not_answered(error)))) from None

    async def reachable(self) -> str:
        """What the gateway answers to a request that carries no message. Raises DeliveryError."""
        try:
            return await self._client.reachable(self.request.url)
        except DeliveryError as error:
            raise DeliveryError(self._hidden(str(error))) from None

    async def close(self) -> None:
        await self._client.close()

    def _filled(self, fields: Mapping[str, str]) -> dict[str, str]:
        """The headers, each on one line whatever its fields hold."""
        made = {name: template.render(fields, self._secrets) for name, template in self._headers.items()}
        return {name: " ".join(value.split()) for name, value in made.items()}

    def _told(self, status: str, content: bytes) -> str:
        """The receipt in an answer. Raises DeliveryError where it says that the message was not taken."""
        success, receipt = self.request.success, self.request.receipt
        if success is None and receipt is None:
            return status
        try:
            answer = json.loads(content)
        except (ValueError, RecursionError):
            if success is None:
                return status
            raise DeliveryError(f"{self._name}: {status}, but its answer is no JSON") from None
        if success is not None:
            said = pointed(answer, success.pointer)
            if said not in success.values:
                shown = "nothing" if said is None else self._shown(said)
                raise DeliveryError(
                    f"{self._name}: {status}, but {success.pointer} says {shown}",
                    permanent=said in success.refused,
                )
        number = None if receipt is None else pointed(answer, receipt)
        return status if number is None else f"{status}, {self._shown(number)}"

    def _shown(self, text: str) -> str:
        return safe(self._hidden(text), SHOWN)

    def _hidden(self, text: str) -> str:
        for secret in sorted(self._secrets.values(), key=len, reverse=True):
            if len(secret) >= SHORT_SECRET:
                text = text.replace(secret, "<secret>")
        return text


def pointed(document: object, pointer: str) -> str | None:
    """The scalar that a JSON pointer (RFC 6901) points to, as JSON writes it and strings as they are; None
    where there is none."""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(document, dict) and name in document:
            document = document[name]
        elif isinstance(document, list) and name.isascii() and name.isdigit() and int(name) < len(document):
            document = document[int(name)]
        else:
            return None
    if isinstance(document, (dict, list)) or document is None:
        return None
    return document if isinstance(document, str) else json.dumps(document)


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    """The beginning of an answer."""
    content = b""
    async for chunk in answer.content.iter_chunked(8192):
        content += chunk
        if len(content) > LARGEST:
            break
    return content[:LARGEST]
