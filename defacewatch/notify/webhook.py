"""Alerts to another system: signed JSON over HTTP, as docs/webhooks.md describes it.

Signature and headers follow the Standard Webhooks specification 1.0.0
(https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
"""

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime

from defacewatch.alerts import Notice
from defacewatch.gathering import Gathered
from defacewatch.language import translator
from defacewatch.notify import message, posting
from defacewatch.notify.content import campaign_code, incident_code, sign

SECRET_PREFIX = "whsec_"  # noqa: S105  (the mark of a base64 secret, not a secret)


class WebhookChannel:
    """Posts alerts to one address. Redirects are not followed: the address is what was configured."""

    def __init__(
        self, name: str, url: str, secret: str | None = None, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._name, self.url, self._clock = name, url, clock
        self._key = None if secret is None else secret_key(secret)
        self._client = posting.Client()

    @property
    def name(self) -> str:
        return f"webhook:{self._name}"

    @property
    def editable(self) -> bool:
        return False

    async def send(self, notice: Notice) -> str:
        """Post, and return 'HTTP 200'. Raises DeliveryError; 408, 425, 429 and 5xx are tried again."""
        return await self._post(payload(notice), f"alert_{notice.alert.id}")

    async def send_gathered(self, gathered: Gathered) -> str:
        """Post what carries several alerts, as `send` does one."""
        return await self._post(gathered_payload(gathered), gathered.name)

    async def _post(self, content: dict[str, object], message_id: str) -> str:
        body = json.dumps(content, ensure_ascii=False, default=_plain).encode()
        headers = {"Content-Type": "application/json", **self._headers(message_id, body)}
        try:
            async with self._client.session().post(
                self.url, data=body, headers=headers, allow_redirects=False
            ) as answer:
                return posting.accepted(answer)
        except posting.NOT_ANSWERED as error:
            raise posting.not_answered(error) from error

    async def reachable(self) -> str:
        """What the address answers to a request that carries no alert. Raises DeliveryError."""
        return await self._client.reachable(self.url)

    async def close(self) -> None:
        await self._client.close()

    def _headers(self, message_id: str, body: bytes) -> dict[str, str]:
        stamp = str(int(self._clock()))
        headers = {"webhook-id": message_id, "webhook-timestamp": stamp}
        if self._key is not None:
            headers["webhook-signature"] = signature(self._key, message_id, stamp, body)
        return headers


def secret_key(secret: str) -> bytes:
    """The key of a secret: 'whsec_' and base64, or any other text as its UTF-8 bytes.

    Raises ValueError for base64 that is none.
    """
    if not secret.startswith(SECRET_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError(
            f"a webhook secret that starts with {SECRET_PREFIX} must be base64: {error}"
        ) from None


def signature(key: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    """'v1,' and the base64 HMAC-SHA256 of 'id.timestamp.body'."""
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def payload(notice: Notice) -> dict[str, object]:
    """The JSON object that is posted (docs/webhooks.md). Evidence is passed on as it was seen: a receiver
    must treat it as hostile; `summary` and `text` are cleaned and defanged."""
    alert, incident, portal, page = notice.alert, notice.incident, notice.portal, notice.page
    translate = translator(notice.language)
    return {
        "type": f"alert.{alert.kind}",
        "timestamp": _utc(alert.at),
        "data": {
            "alert": {
                "id": alert.id,
                "kind": str(alert.kind),
                "urgency": str(alert.urgency),
                "at": _utc(alert.at),
                "subject": message.subject(notice),
                "text": message.text(notice),
            },
            "incident": incident
            and {
                "id": incident.id,
                "code": incident_code(incident.id),
                "state": str(incident.state),
                "verdict": str(incident.verdict),
                "opened_at": _utc(incident.opened_at),
                "acknowledged_by": incident.acknowledged_by,
                "resolved_as": incident.resolved_as and str(incident.resolved_as),
                "previous": incident.previous,
                "capture": notice.capture,
                "campaign": notice.campaign and campaign_code(notice.campaign.id),
            },
            "incidents": notice.alert.facts.get("incidents", [incident.id] if incident else []),
            "portal": portal
            and {
                "key": portal.key,
                "name": portal.name,
                "owner": portal.owner,
                "operator": portal.operator,
                "level": portal.level,
                "critical": portal.critical,
            },
            "page": page and {"id": page.id, "url": page.url},
            "verdict": notice.verdict
            and {
                "kind": str(notice.verdict.kind),
                "score": notice.verdict.score,
                "intermittent": notice.verdict.intermittent,
                "confirmed_at": notice.confirmed_at and _utc(notice.confirmed_at),
            },
            "signals": [
                {
                    "kind": str(signal.kind),
                    "severity": str(signal.severity),
                    "points": signal.points,
                    "summary": sign(signal, translate).sentence,
                    "evidence": dict(signal.evidence),
                }
                for signal in (notice.verdict.signals if notice.verdict else ())
            ],
            "urls": {"evidence": notice.evidence_url},
        },
    }


def gathered_payload(gathered: Gathered) -> dict[str, object]:
    """The JSON object of a message that carries several alerts."""
    incidents = [
        {
            "id": entry.incident.id,
            "code": incident_code(entry.incident.id),
            "state": str(entry.incident.state),
            "verdict": str(entry.incident.verdict),
            "portal": entry.portal.key,
            "url": entry.page.url,
        }
        for entry in gathered.entries
        if entry.incident is not None
    ]
    return {
        "type": "alerts.gathered",
        "timestamp": _utc(gathered.at),
        "data": {
            "subject": message.subject(gathered),
            "text": message.text(gathered),
            "campaign": gathered.campaign and campaign_code(gathered.campaign.id),
            "incidents": incidents,
            "urls": {"evidence": gathered.url},
        },
    }


def _plain(value: object) -> object:
    """Evidence that JSON has no form for: sets as sorted lists, all else as text."""
    return sorted(map(str, value)) if isinstance(value, (set, frozenset)) else str(value)


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
