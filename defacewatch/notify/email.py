"""Alerts by e-mail: text and HTML, the pictures inside the message, one thread an incident."""

import asyncio
import ssl
from email.headerregistry import Address
from email.message import EmailMessage, MIMEPart
from email.utils import formatdate
from socket import gethostname

import aiosmtplib

from defacewatch.alerts import DeliveryError, Notice
from defacewatch.gathering import Gathered
from defacewatch.notify import message
from defacewatch.notify.hostile import clean
from defacewatch.portals import Urgency
from defacewatch.roster import Officer

SECURITY = ("none", "starttls", "tls")
ANSWER = 15.0  # seconds for each step of the dialogue
SEND_WITHIN = 40.0  # seconds for the whole of it, below the outbox's limit for one message
TOO_LARGE = 552
AUTHENTICATION = frozenset({530, 534, 535})  # RFC 4954: put right in the configuration, so tried on


class EmailChannel:
    """Hands messages to one SMTP server. `security` is 'none', 'starttls' or 'tls'; both verify the server's
    certificate, against `cafile` (PEM) instead of the system's authorities where it is given."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        security: str = "none",
        user: str | None = None,
        password: str | None = None,
        sender: str,
        cafile: str | None = None,
    ) -> None:
        if security not in SECURITY:
            raise ValueError(f"security {security!r} is not one of {', '.join(SECURITY)}")
        self.host, self.port, self.security = host, port, security
        self.user, self.password, self.sender = user, password, sender
        self._tls = None if security == "none" else ssl.create_default_context(cafile=cafile)

    @property
    def name(self) -> str:
        return "email"

    @property
    def editable(self) -> bool:
        return False

    async def send(self, notice: Notice) -> str:
        """Send, and return the server's reply ('2.0.0 Ok: queued as …'). Raises DeliveryError.

        A server that refuses the content gets it once more without the pictures.
        """
        if notice.to is None or not notice.to.email:
            raise DeliveryError("SMTP: the officer has no email in the roster", permanent=True)
        try:
            async with asyncio.timeout(SEND_WITHIN), self._client() as server:
                return await _hand_over(server, notice, self.sender)
        except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError) as error:
            raise _delivery_error(error) from error

    async def send_gathered(self, gathered: Gathered) -> str:
        """Send, and return the server's reply. Raises DeliveryError."""
        if not gathered.to.email:
            raise DeliveryError("SMTP: the officer has no email in the roster", permanent=True)
        try:
            async with asyncio.timeout(SEND_WITHIN), self._client() as server:
                _, reply = await server.send_message(compose_gathered_mail(gathered, self.sender))
                return _line(reply)
        except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError) as error:
            raise _delivery_error(error) from error

    async def reachable(self) -> str:
        """Connect, secure, log in and say NOOP. Raises DeliveryError."""
        try:
            async with asyncio.timeout(SEND_WITHIN), self._client() as server:
                reply = await server.noop()
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise _delivery_error(error) from error
        return f"{self.host}:{self.port} {reply.code} {reply.message}"

    async def close(self) -> None:
        """Nothing is kept open between messages."""

    def _client(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            username=self.user,
            password=self.password if self.user else None,
            local_hostname=gethostname(),
            timeout=ANSWER,
            use_tls=self.security == "tls",
            start_tls=self.security == "starttls",
            tls_context=self._tls,
        )


async def _hand_over(server: aiosmtplib.SMTP, notice: Notice, sender: str) -> str:
    try:
        _, reply = await server.send_message(compose_mail(notice, sender))
    except (aiosmtplib.SMTPDataError, aiosmtplib.SMTPSenderRefused) as error:
        refused = isinstance(error, aiosmtplib.SMTPDataError) or error.code == TOO_LARGE
        pictures = notice.before is not None or notice.after is not None
        if not refused or not pictures or error.code < 500:
            raise
        _, reply = await server.send_message(compose_mail(notice, sender, pictures=False))
        return f"{_line(reply)}, without pictures: {error.code} {_line(error.message)}"
    return _line(reply)


def compose_mail(notice: Notice, sender: str, *, pictures: bool = True) -> EmailMessage:
    """The e-mail for `notice.to`: text and HTML alternatives, the HTML with the pictures related to it.

    Raises ValueError for an address that is none.
    """
    assert notice.to is not None
    domain = sender.rpartition("@")[2]
    mail = _addressed(notice, notice.to, sender)
    mail["Message-ID"] = f"<{_message_name(notice)}@{domain}>"
    if notice.alert.urgency is Urgency.HIGH:
        mail["Importance"] = "high"
        mail["X-Priority"] = "1"
    if notice.incident is not None:
        thread = f"<incident-{notice.incident.id}@{domain}>"
        mail["X-Defacewatch-Incident"] = str(notice.incident.id)
        mail["In-Reply-To"] = thread
        campaign = f"<campaign-{notice.campaign.id}@{domain}> " if notice.campaign else ""
        mail["References"] = campaign + thread
    mail.set_content(message.text(notice), cte="base64")
    _add_html(mail, notice, domain, pictures=pictures)
    return mail


def compose_gathered_mail(gathered: Gathered, sender: str) -> EmailMessage:
    """The e-mail that carries several alerts; those of one campaign are one thread.

    Raises ValueError for an address that is none.
    """
    domain = sender.rpartition("@")[2]
    mail = _addressed(gathered, gathered.to, sender)
    mail["Message-ID"] = f"<{gathered.name}@{domain}>"
    mail["Importance"] = "high"
    mail["X-Priority"] = "1"
    if gathered.campaign is not None:
        thread = f"<campaign-{gathered.campaign.id}@{domain}>"
        mail["In-Reply-To"] = thread
        mail["References"] = thread
    mail.set_content(message.text(gathered), cte="base64")
    mail.add_alternative(message.html(gathered), subtype="html", cte="base64")
    return mail


def _addressed(said: message.Said, to: Officer, sender: str) -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = message.subject(said)
    mail["From"] = Address("defacewatch", addr_spec=sender)
    mail["To"] = Address(clean(to.name), addr_spec=to.email or "")
    mail["Date"] = formatdate(localtime=True)
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    return mail


def _add_html(mail: EmailMessage, notice: Notice, domain: str, *, pictures: bool) -> None:
    shown = {
        label: data
        for label, data in (("before", notice.before), ("after", notice.after))
        if pictures and data is not None
    }
    ids = {label: f"{label}.{_message_name(notice)}@{domain}" for label in shown}
    body = message.html(notice, before=ids.get("before"), after=ids.get("after"))
    mail.add_alternative(body, subtype="html", cte="base64")
    page = list(mail.iter_parts())[1]
    assert isinstance(page, MIMEPart)
    for label, data in shown.items():
        page.add_related(
            data, "image", "jpeg", cid=f"<{ids[label]}>", filename=f"{label}.jpg", disposition="inline"
        )


def _message_name(notice: Notice) -> str:
    """The same for every attempt of one delivery, so that a duplicate is recognised as one."""
    if notice.delivery is not None:
        return f"delivery-{notice.delivery.id}"
    return f"alert-{notice.alert.id}-{notice.to.key if notice.to else 'all'}"


def _delivery_error(error: Exception) -> DeliveryError:
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        refusals = error.recipients
        words = "; ".join(f"{r.code} {_line(r.message)}" for r in refusals)
        return DeliveryError(f"SMTP: {words}", permanent=all(_is_final(r.code) for r in refusals))
    if isinstance(error, aiosmtplib.SMTPResponseException):
        words = f"SMTP: {error.code} {_line(error.message)}"
        return DeliveryError(words, permanent=_is_final(error.code))
    if isinstance(error, ValueError):
        return DeliveryError(f"SMTP: {error}", permanent=True)
    return DeliveryError(f"SMTP: {_line(str(error)) or type(error).__name__}")


def _is_final(code: int) -> bool:
    return code >= 500 and code not in AUTHENTICATION


def _line(reply: str) -> str:
    return clean(reply)[:200]
