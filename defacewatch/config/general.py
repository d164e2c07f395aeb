"""defacewatch.yaml: the store, the watch, the alerts, the status page, how long evidence is kept, reports."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, PlainValidator, model_validator
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from defacewatch.accounts import Role
from defacewatch.config.documents import Document, Problem
from defacewatch.config.fields import (
    NOBODY,
    AccountRole,
    Address,
    Amount,
    BaseUrl,
    CodeFor,
    ConfirmAfter,
    Email,
    Flag,
    Interval,
    Language,
    Listen,
    Network,
    Port,
    ProbeEvery,
    Proxy,
    RenderEvery,
    Section,
    Security,
    Text,
    Url,
    Zone,
    whole,
)
from defacewatch.config.hooks import Webhook
from defacewatch.identities import Trust
from defacewatch.reports.form import Issuer


def _store_url(value: object) -> str:
    """Never shown in an error: somebody may have put a password into it."""
    try:
        url = make_url(str(value))
    except (ArgumentError, ValueError):
        url = None
    if url is not None and (url.password or "password" in url.query):
        raise ValueError("carries a password; expected it in DEFACEWATCH_STORE_PASSWORD")
    file = (
        url is not None
        and url.drivername == "sqlite+aiosqlite"
        and url.database not in (None, "", ":memory:")
    )
    server = url is not None and url.drivername == "postgresql+psycopg" and url.database
    if not file and not server:
        raise ValueError(
            "expected sqlite+aiosqlite:///FILE or postgresql+psycopg://USER@HOST/DATABASE as the store's URL"
        )
    return str(value)


def _folder(value: object) -> Path:
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise ValueError("expected the path of a folder")
    return Path(value)


Folder = Annotated[Path, PlainValidator(_folder)]


class Store(Section):
    """Where everything is kept. Relative paths resolve from the working directory."""

    url: Annotated[str, PlainValidator(_store_url)] = "sqlite+aiosqlite:///data/defacewatch.db"
    baselines: Folder = Path("baselines")
    evidence: Folder = Path("data/evidence")

    @model_validator(mode="after")
    def _apart(self) -> "Store":
        one, other = self.baselines.resolve(), self.evidence.resolve()
        if one.is_relative_to(other) or other.is_relative_to(one):
            raise ValueError("expected baselines and evidence in two folders, neither inside the other")
        return self


class Watch(Section):
    """How often pages are looked at, and where a look may go."""

    timezone: Zone = ZoneInfo("Asia/Ho_Chi_Minh")
    probe_every: ProbeEvery = timedelta(seconds=30)
    revalidate_every: Interval = timedelta(minutes=10)
    render_every: RenderEvery = timedelta(minutes=30)
    confirm_after: ConfirmAfter = timedelta(seconds=10)
    timeout: Interval = timedelta(seconds=30)
    browsers: Annotated[int, whole(1, 32)] = 2
    allow_networks: tuple[Network, ...] = ()
    canaries: tuple[Url, ...] = ()


class Telegram(Section):
    api_url: BaseUrl = "https://api.telegram.org"
    proxy: Proxy | None = Field(default=None, repr=False)


class Mail(Section):
    """The SMTP server; without `host` no e-mail is sent."""

    host: Text | None = None
    port: Port = 25
    security: Security = "none"
    user: Text | None = None
    sender: Email = "defacewatch@example.gov.vn"


class Heartbeat(Section):
    """An address outside that is told every minute that the watch is alive; without `url` none is."""

    url: Url | None = Field(default=None, repr=False)


class Alerts(Section):
    language: Language = "vi"
    heartbeat: Heartbeat = Heartbeat()
    telegram: Telegram = Telegram()
    email: Mail = Mail()
    webhooks: tuple[Webhook, ...] = ()


class Metrics(Section):
    enabled: Flag = True


class Sessions(Section):
    """How long somebody who has signed in stays in."""

    idle: Interval = timedelta(hours=1)
    longest: Interval = timedelta(hours=12)
    token_sign_in: Flag = True
    code_for: CodeFor = "admin"


def _issuer(value: object) -> str:
    """As the provider writes it: it is compared with what its tokens say."""
    text = value.strip() if isinstance(value, str) else ""
    parts = urlsplit(text)
    local = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")
    if not (parts.scheme == "https" or local) or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("expected the provider's issuer, an https:// URL")
    return text


class Oidc(Section):
    """A provider (OpenID Connect) that signs people in; the secret comes from the environment."""

    issuer: Annotated[str, PlainValidator(_issuer)]
    client_id: Text
    name: Text = "SSO"
    scopes: tuple[Text, ...] = ("openid", "profile", "email")
    bind_by_email: Flag = False
    second_factor: tuple[Text, ...] = ()
    role_claim: Text | None = None
    roles: dict[Text, AccountRole] = Field(default_factory=dict)
    most: AccountRole = Role.OFFICER
    deny_unmatched: Flag = False

    @model_validator(mode="after")
    def _both(self) -> "Oidc":
        if (self.role_claim is None) != (not self.roles):
            raise ValueError("expected role_claim and roles together, or neither")
        return self

    def trust(self) -> Trust:
        return Trust(**self.model_dump())


class Web(Section):
    listen: Address = Listen("127.0.0.1", 8080)
    public_url: BaseUrl = "http://127.0.0.1:8080"
    metrics: Metrics = Metrics()
    sessions: Sessions = Sessions()
    proxies: tuple[Network, ...] = ()
    oidc: Oidc | None = None

    def for_app(self) -> dict[str, Any]:
        """What the web application takes of this."""
        given: dict[str, Any] = {"public_url": self.public_url, "metrics_enabled": self.metrics.enabled}
        least = self.sessions.code_for
        code_for = None if least == NOBODY else Role(least)
        given |= {"code_for": code_for, "proxies": self.proxies}
        return {**self.sessions.model_dump(), **given, "oidc": self.oidc.trust() if self.oidc else None}


class Retention(Section):
    """How long evidence, checks, deliveries and closed incidents' events are kept."""

    evidence_days: Annotated[int, whole(1, 36500)] = 365
    evidence_max_gb: Amount = 20.0

    @property
    def max_age(self) -> timedelta:
        return timedelta(days=self.evidence_days)

    @property
    def max_bytes(self) -> int:
        return round(self.evidence_max_gb * 1_000_000_000)


class Report(Section):
    """Who issues reports and records of handovers; what is left out is left blank in them."""

    authority: Text | None = None
    issuer: Text | None = None
    place: Text | None = None
    symbol: Text | None = None
    signer_title: Text | None = None
    signer: Text | None = None
    recipients: tuple[Text, ...] = ()

    def issued(self) -> Issuer:
        return Issuer(
            self.authority or "",
            self.issuer or "",
            self.place or "",
            self.symbol or "",
            self.signer_title or "",
            self.signer or "",
            self.recipients,
        )


class General(Section):
    store: Store = Store()
    watch: Watch = Watch()
    alerts: Alerts = Alerts()
    web: Web = Web()
    retention: Retention = Retention()
    report: Report = Report()


def cross_check(document: Document) -> list[Problem]:
    """Problems that lie between values: webhooks of the same name."""
    return document.repeated("name", "alerts", "webhooks")
