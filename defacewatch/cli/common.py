"""What the commands share: the configuration, the store, and ways to print."""

import asyncio
import json
import os
import pwd
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from defacewatch import config
from defacewatch.approving import is_stranger, known_as
from defacewatch.audit import audit_key
from defacewatch.compare import VERSION
from defacewatch.config import Settings
from defacewatch.errors import Conflict
from defacewatch.language import Translate, translator
from defacewatch.portals import Portal
from defacewatch.roster import Roster
from defacewatch.rostering import with_absences
from defacewatch.shifts import Absence
from defacewatch.store import Store

T = TypeVar("T")

Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
By = Annotated[
    str,
    typer.Option(
        "--by",
        help="Who does this: an officer's key, name or e-mail; the operating system's user by default.",
    ),
]


@dataclass(frozen=True)
class Settled:
    """What stood before the command: the configuration's folder, and the environment."""

    folder: Path
    environ: Mapping[str, str]

    def settings(self) -> Settings:
        return config.load(self.folder, self.environ)


@dataclass(frozen=True)
class Session:
    """An open store under the current configuration. `entered` is the leave, and the swaps, that it holds."""

    settings: Settings
    store: Store
    environ: Mapping[str, str]
    entered: tuple[Absence, ...] = ()

    @property
    def roster(self) -> Roster:
        """The roster of the file, with leave and swaps."""
        return with_absences(self.settings.roster, self.entered)

    @property
    def secret_key(self) -> str:
        """The configured secret key, or the one that is made at the first start."""
        return secret_key(self.settings)

    async def issue(self, name: str, *, renew: bool) -> int:
        """Which issue of a secret address holds; a new one to `renew` it."""
        links = self.store.links
        return await (links.renew(name) if renew else links.issue(name))

    @property
    def translate(self) -> Translate:
        return translator(self.settings.alerts.language)


def secret_key(settings: Settings) -> str:
    """The configured secret key, or the one that is made at the first start."""
    return settings.secrets.secret_key or config.ensure_secret_key(settings.secret_key_file)


def utc_now() -> datetime:
    return datetime.now(UTC)


def user() -> str:
    """The operating system's user, or its number where it has no name (in a container). The environment is
    not asked: anybody may write a name there."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def via() -> str:
    """From where somebody acts who uses commands, for the record; with who is said to have used sudo."""
    before = os.environ.get("SUDO_USER", "")
    return f"cli:{user()} (SUDO_USER={before})" if before else f"cli:{user()}"


def who(by: str) -> str:
    return by.strip() or user()


def officer_or_name(by: str, roster: Roster) -> str:
    """Who acts: an officer's key where `by` is one's key, name or e-mail, otherwise `by` as it is given."""
    return known_as(who(by), roster)


def signatory(by: str, roster: Roster, portal: Portal) -> str:
    """Who proposes or approves a baseline of `portal`, like `officer_or_name`. Raises Conflict where that
    has to be an officer and is none."""
    name = officer_or_name(by, roster)
    if is_stranger(name, roster, portal):
        raise Conflict(
            f"portal {portal.key} is critical: --by must name an officer of the roster (key, name or e-mail),"
            f" and {name!r} is none"
        )
    return name


def now_or(at: str | None, settings: Settings) -> datetime:
    """`at` as a moment (local time of the configuration where it names no zone), else now."""
    if at is None:
        return utc_now()
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        raise typer.BadParameter(
            f"{at!r} is not a time such as 2026-09-02T02:00", param_hint="--at"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=settings.watch.timezone)


async def open_store(settings: Settings) -> Store:
    """The store, migrated; not yet told of the configuration's portals."""
    return await Store.open(
        settings.store.url,
        baselines=settings.store.baselines,
        evidence=settings.store.evidence,
        password=settings.secrets.store_password,
        version=VERSION,
        audit_key=audit_key(secret_key(settings).encode()),
        outside=settings.secret_key_file.with_name("audit.head"),
    )


@asynccontextmanager
async def session(settled: Settled, *, any_key: bool = False) -> AsyncIterator[Session]:
    """The store under the current configuration: migrated, and the portals of the files applied.

    Raises Conflict where the audit log has another secret key, but for the daemon (`any_key`), which goes on
    watching whatever happens.
    """
    settings = settled.settings()
    store = await open_store(settings)
    try:
        if not any_key:
            await store.audit.refuse_another_key()
        await store.portals.apply(settings.portals, now=utc_now())
        yield Session(settings, store, settled.environ, await store.absences.standing())
    finally:
        await store.close()


def with_session(context: typer.Context, work: Callable[[Session], Awaitable[T]]) -> T:
    """Run `work` with an open session, on an event loop of its own."""

    async def run() -> T:
        async with session(context.obj) as opened:
            return await work(opened)

    return asyncio.run(run())


def print_json(lines: Iterable[Mapping[str, Any]]) -> None:
    for line in lines:
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table on a terminal, tab-separated lines in a pipe. What a page sent is text, never markup."""
    if not sys.stdout.isatty():
        for row in rows:
            sys.stdout.write("\t".join(_cell(value) for value in row) + "\n")
        return
    table = Table(*columns, box=None, header_style="bold")
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row))
    Console().print(table)


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _cell(value: object) -> str:
    text = "–" if value is None or value == "" else str(value)
    return "".join(c if c.isprintable() else " " for c in text)
