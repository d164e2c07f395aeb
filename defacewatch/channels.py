"""Building the channels that the configuration turns on."""

from defacewatch.config import Settings
from defacewatch.gathering import Channel
from defacewatch.notify.email import EmailChannel
from defacewatch.notify.gateway import GatewayChannel
from defacewatch.notify.telegram import TelegramChannel
from defacewatch.notify.webhook import WebhookChannel


def kinds_taken(settings: Settings) -> dict[str, frozenset[str]]:
    """The channels that are for some kinds of alerts alone, and which those are."""
    return {hook.channel: frozenset(hook.kinds) for hook in settings.alerts.webhooks if hook.kinds}


def build_channels(settings: Settings) -> dict[str, Channel]:
    """The channels that have what they need (a secret, a host); the others are off."""
    alerts, secrets, off = settings.alerts, settings.secrets, settings.channels_off
    channels: list[Channel] = []
    if secrets.telegram_token is not None:
        channels.append(
            TelegramChannel(
                secrets.telegram_token, api_url=alerts.telegram.api_url, proxy=alerts.telegram.proxy
            )
        )
    mail = alerts.email
    if mail.host is not None and "email" not in off:
        channels.append(
            EmailChannel(
                host=mail.host,
                port=mail.port,
                security=mail.security,
                user=mail.user,
                password=secrets.smtp_password,
                sender=mail.sender,
            )
        )
    for hook in (hook for hook in alerts.webhooks if hook.channel not in off):
        if hook.body is None:
            channels.append(WebhookChannel(hook.name, hook.url, secrets.webhook_secret))
            continue
        wanted = {name: settings.gateway_secrets[name] for name in hook.secrets}
        per_officer = hook.per == "officer"
        channels.append(GatewayChannel(hook.name, hook.request(), secrets=wanted, per_officer=per_officer))
    return {channel.name: channel for channel in channels}
