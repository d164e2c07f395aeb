"""Building the channels that the configuration turns on."""

from defacewatch.config import Settings
from defacewatch.gathering import Channel
from defacewatch.notify.email import EmailChannel
from defacewatch.notify.telegram import TelegramChannel
from defacewatch.notify.webhook import WebhookChannel


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
    if secrets.webhook_secret is not None:
        channels += [WebhookChannel(hook.name, hook.url, secrets.webhook_secret) for hook in alerts.webhooks]
    return {channel.name: channel for channel in channels}
