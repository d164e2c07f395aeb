"""The configuration: `config/*.yaml` and the environment's secrets, as typed settings.

Whatever is wrong is said at once, one line each, and nothing starts. docs/configuration.md has every key.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from defacewatch.config.documents import Problem, read_yaml, report
from defacewatch.config.duty import roster_in
from defacewatch.config.environment import (
    GATEWAY,
    Secrets,
    derived_token,
    ensure_secret_key,
    read_gateway_secrets,
    read_secrets,
)
from defacewatch.config.exchange import (
    Registrar,
    portals_from_csv,
    portals_from_yaml,
    portals_to_csv,
    portals_to_yaml,
    sheet_from,
)
from defacewatch.config.fields import read_listen
from defacewatch.config.general import Alerts, General, Report, Retention, Store, Watch, Web, cross_check
from defacewatch.config.hooks import FOLDER as HOOKS
from defacewatch.config.hooks import files as hook_files
from defacewatch.config.hooks import with_bodies
from defacewatch.config.problems import validate
from defacewatch.config.registry import places_in, portals_in
from defacewatch.config.runbooks import FOLDER, files, runbooks_in
from defacewatch.portals import Portal, Source
from defacewatch.roster import Roster
from defacewatch.runbooks import Runbook

__all__ = [
    "Registrar",
    "Settings",
    "derived_token",
    "ensure_secret_key",
    "fingerprint",
    "load",
    "portals_from_csv",
    "portals_from_yaml",
    "portals_to_csv",
    "portals_to_yaml",
    "sheet_from",
]

FILES = ("defacewatch.yaml", "portals.yaml", "roster.yaml")


@dataclass(frozen=True)
class Settings:
    """Everything that is configured. `fingerprint` is that of the files it was read from."""

    store: Store = field(default_factory=Store)
    watch: Watch = field(default_factory=Watch)
    alerts: Alerts = field(default_factory=Alerts)
    web: Web = field(default_factory=Web)
    retention: Retention = field(default_factory=Retention)
    report: Report = field(default_factory=Report)
    portals: tuple[Portal, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict, compare=False)  # of portals, by key
    roster: Roster = field(default_factory=Roster)
    runbooks: Mapping[str, Runbook] = field(default_factory=dict)
    secrets: Secrets = field(default_factory=Secrets)
    gateway_secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    browser: str | None = None
    fingerprint: str = field(default="", compare=False)

    @property
    def secret_key_file(self) -> Path:
        """Where the secret key is kept that is made when none is given."""
        return self.store.evidence.parent / "secret.key"

    def needs_restart(self, old: "Settings") -> list[str]:
        """The keys whose change takes effect at the next start only."""
        fixed = ("allow_networks", "browsers", "timeout", "canaries", "timezone")
        stale = [f"watch.{k}" for k in fixed if getattr(self.watch, k) != getattr(old.watch, k)]
        return stale + [s for s in ("store", "web") if getattr(self, s) != getattr(old, s)]

    @property
    def channels_off(self) -> dict[str, str]:
        """The channels that are off, each with what it lacks."""
        lacks = {}
        if self.secrets.telegram_token is None:
            lacks["telegram"] = "DEFACEWATCH_TELEGRAM_TOKEN is not given"
        if self.alerts.email.host is None:
            lacks["email"] = "alerts.email.host is not given"
        elif self.alerts.email.user is not None and self.secrets.smtp_password is None:
            lacks["email"] = "alerts.email.user is given without DEFACEWATCH_SMTP_PASSWORD"
        for webhook in self.alerts.webhooks:
            missing = sorted(webhook.secrets - self.gateway_secrets.keys())
            if missing:
                names = ", ".join(f"{GATEWAY}{name}" for name in missing)
                lacks[webhook.channel] = f"{names} {'is' if len(missing) == 1 else 'are'} not given"
            elif webhook.body is None and self.secrets.webhook_secret is None:
                lacks[webhook.channel] = "DEFACEWATCH_WEBHOOK_SECRET is not given"
        return lacks


def load(folder: Path, environ: Mapping[str, str]) -> Settings:
    """The settings in `folder` and `environ`. Raises ConfigError with every problem, one line each."""
    problems: list[Problem] = []
    stamp = fingerprint(folder)
    general_file = read_yaml(folder / "defacewatch.yaml", needed=False)
    general, found = validate(general_file, General)
    web, listening = _listening(general.web if general else Web(), environ)
    problems += found + cross_check(general_file)
    portals_file = read_yaml(folder / "portals.yaml")
    portals, found = portals_in(portals_file, Source.FILE)
    problems += found
    zone = general.watch.timezone if general else ZoneInfo("Asia/Ho_Chi_Minh")
    roster, found = roster_in(read_yaml(folder / "roster.yaml", needed=False), zone)
    problems += found
    runbooks, found = runbooks_in(folder)
    problems += found
    secrets, found = read_secrets(environ)
    problems += found + listening
    gateway_secrets, found = read_gateway_secrets(environ)
    problems += found
    hooks, found = with_bodies(general.alerts.webhooks if general else (), folder, general_file)
    problems += found
    if general is None or problems:
        raise report(problems)
    return Settings(
        store=general.store,
        watch=general.watch,
        alerts=general.alerts.model_copy(update={"webhooks": hooks}),
        web=web,
        retention=general.retention,
        report=general.report,
        portals=portals,
        places=places_in(portals_file),
        roster=roster.with_gateways(hook.channel for hook in hooks if hook.per == "officer"),
        runbooks=runbooks,
        secrets=secrets,
        gateway_secrets=gateway_secrets,
        browser=environ.get("DEFACEWATCH_BROWSER") or None,
        fingerprint=stamp,
    )


def _listening(web: Web, environ: Mapping[str, str]) -> tuple[Web, list[Problem]]:
    """`web` with DEFACEWATCH_LISTEN in place of web.listen, for containers."""
    given = environ.get("DEFACEWATCH_LISTEN")
    if not given:
        return web, []
    try:
        return web.model_copy(update={"listen": read_listen(given)}), []
    except ValueError as error:
        return web, [Problem("DEFACEWATCH_LISTEN", 0, str(error))]


def fingerprint(folder: Path) -> str:
    """A digest of the configuration files as they are now: it differs when one of them was changed, came
    or went. Reads the files, so it is exact, and cheap enough for every few seconds."""
    digest = hashlib.sha256()
    beside = [f"{FOLDER}/{file.name}" for file in files(folder)]
    beside += [f"{HOOKS}/{file.name}" for file in hook_files(folder)]
    for name in (*FILES, *beside):
        try:
            content = (folder / name).read_bytes()
        except OSError as error:
            content = f"\0{error.errno}".encode()
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()
