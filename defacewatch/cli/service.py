"""`run` and `demo`."""

import asyncio
import gc
import os
import resource
import signal
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import structlog
import typer

from defacewatch import config
from defacewatch.cli.common import Session, Settled, session, utc_now
from defacewatch.config import Settings
from defacewatch.config.fields import Listen
from defacewatch.daemon import Daemon
from defacewatch.demo.story import tell
from defacewatch.errors import DefacewatchError, UsageError
from defacewatch.usage import spare_memory
from defacewatch.web.welcome import setup_url

OPEN_FILES = 65536  # what the daemon asks for, as far as it may: connections, the browser's pipes, evidence

# When the collector of garbage looks through the young objects, the older, and all (usually 700, 10, 10):
# captures and probes make many that live for seconds, and it looked through all that there is every ten.
COLLECTING = (5_000, 5, 20)

log = structlog.get_logger(__name__)


def run(
    context: typer.Context,
    listen: Annotated[str | None, typer.Option(help="HOST:PORT instead of web.listen.")] = None,
) -> None:
    """The daemon: schedule, alerts, bot, status page. SIGTERM finishes what is in flight and exits 0."""
    raise_file_limit()
    asyncio.run(_run(context.obj, listen))


def raise_file_limit() -> None:
    """Raise the soft limit of open files to the hard one, at most OPEN_FILES."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _run(settled: Settled, listen: str | None) -> None:
    spare_memory()
    gc.set_threshold(*COLLECTING)
    async with session(settled, any_key=True) as opened:
        _tell_token(opened.settings)
        await _tell_setup(opened)
        daemon = make_daemon(opened, settled.folder, listen)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, daemon.stop)
        await daemon.run()


def _tell_token(settings: Settings) -> None:
    """Where the status page's token is kept, when none was given."""
    if settings.secrets.status_token is None:
        log.info("status page", url=settings.web.public_url, token_in=str(token_file(settings, "status")))
    if settings.web.metrics.enabled and settings.secrets.metrics_token is None:
        log.info("metrics", token_in=str(token_file(settings, "metrics")))


async def _tell_setup(opened: Session) -> None:
    """The link by which the first administrator is made, as long as there is no account."""
    url = await setup_url(opened.store, opened.settings.web.public_url, opened.secret_key.encode(), utc_now())
    if url is not None:
        log.warning("no account yet: make the first administrator here, within a day", open=url)


def token_file(settings: Settings, purpose: str) -> Path:
    """The file with a token ('status', 'metrics') that follows from the secret key; its mode is 0600."""
    key = settings.secrets.secret_key or config.ensure_secret_key(settings.secret_key_file)
    file = settings.secret_key_file.with_name(f"{purpose}.token")
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as opened:
        os.fchmod(handle, 0o600)  # also where the file was there with another mode
        opened.write(config.derived_token(key, purpose) + "\n")
    return file


def make_daemon(opened: Session, folder: Path, listen: str | None = None) -> Daemon:
    """A daemon over an open session; its tokens come from the environment or follow from the secret key."""
    settings = opened.settings
    if listen is not None:
        settings = replace(settings, web=settings.web.model_copy(update={"listen": _listen(listen)}))
    secrets = settings.secrets
    key = opened.secret_key
    return Daemon(
        settings,
        opened.store,
        folder=folder,
        environ=opened.environ,
        clock=utc_now,
        secret_key=key.encode(),
        status_token=secrets.status_token or config.derived_token(key, "status"),
        metrics_token=secrets.metrics_token or config.derived_token(key, "metrics"),
        browser=settings.browser,
    )


def _listen(text: str) -> Listen:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise UsageError(f"--listen {text!r} is not HOST:PORT, e.g. 0.0.0.0:8080")
    return Listen(host.strip("[]"), int(port))


def demo(
    context: typer.Context,
    keep: Annotated[bool, typer.Option("--keep", help="Stay up, and print the page's address.")] = False,
    out: Annotated[Path, typer.Option(help="Where pictures and the e-mail are left.")] = Path("demo-out"),
    language: Annotated[str, typer.Option(help="'vi' or 'en'.")] = "vi",
) -> None:
    """See it work: a portal on this machine is updated, then defaced, and the alert arrives."""
    settled: Settled = context.obj
    ok = asyncio.run(
        tell(out, language=language, keep=keep, browser=settled.environ.get("DEFACEWATCH_BROWSER"))
    )
    if not ok:
        raise DefacewatchError("the demo did not end as it should; see above")
