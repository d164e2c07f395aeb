"""Secrets, which come from the environment alone: NAME, or NAME_FILE for a file that holds it."""

import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from defacewatch.config.documents import Problem
from defacewatch.errors import DefacewatchError
from defacewatch.notify.webhook import secret_key

PREFIX = "DEFACEWATCH_"
GATEWAY = "DEFACEWATCH_GATEWAY_"  # of the secrets that gateways want, which have names of their own
_LONGEST = 8192
_SHORTEST = {"secret_key": 32, "status_token": 20, "metrics_token": 20}  # too long to be guessed


@dataclass(frozen=True, repr=False)
class Secrets:
    """Each is DEFACEWATCH_<NAME> in the environment; None where it is not given. Never shown."""

    telegram_token: str | None = None
    smtp_password: str | None = None
    webhook_secret: str | None = None
    store_password: str | None = None
    secret_key: str | None = None
    status_token: str | None = None
    oidc_client_secret: str | None = None
    metrics_token: str | None = None

    def __repr__(self) -> str:
        given = [field.name for field in fields(self) if getattr(self, field.name) is not None]
        return f"Secrets(given: {', '.join(given) or 'none'})"


def read_secrets(environ: Mapping[str, str]) -> tuple[Secrets, list[Problem]]:
    """The secrets of an environment, and what is wrong with them; an empty variable is not given."""
    found: dict[str, str] = {}
    problems: list[Problem] = []
    for field in fields(Secrets):
        _read(PREFIX + field.name.upper(), field.name, environ, found, problems)
    return Secrets(**found), problems


def read_gateway_secrets(environ: Mapping[str, str]) -> tuple[dict[str, str], list[Problem]]:
    """The secrets that templates of webhooks call secret.NAME, by that name, and what is wrong with them."""
    names = {name.removesuffix("_FILE") for name in environ if name.startswith(GATEWAY)}
    found: dict[str, str] = {}
    problems: list[Problem] = []
    for name in sorted(names - {GATEWAY}):
        _read(name, name.removeprefix(GATEWAY), environ, found, problems)
    return found, problems


def _read(
    name: str, kept: str, environ: Mapping[str, str], found: dict[str, str], problems: list[Problem]
) -> None:
    """Read one variable, or the file that it names, into `found`."""
    value, file = environ.get(name, ""), environ.get(f"{name}_FILE", "")
    try:
        if value and file:
            raise ValueError(f"expected {name} or {name}_FILE, not both")
        if file:
            value = _from_file(Path(file))
        if value:
            found[kept] = _checked(kept, value)
    except ValueError as error:
        problems.append(Problem(f"{name}_FILE" if file else name, 0, str(error)))


def _from_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            text = file.read(_LONGEST + 1).decode().rstrip("\r\n")
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror}); expected a readable file") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8; expected the secret as text") from error
    if not text:
        raise ValueError(f"{path} is empty; expected the secret in it")
    return text


def _checked(name: str, value: str) -> str:
    if len(value) > _LONGEST or not value.isprintable():
        raise ValueError(f"expected one line of printable text, at most {_LONGEST} characters")
    if len(value) < (shortest := _SHORTEST.get(name, 0)):
        raise ValueError(f"expected at least {shortest} characters, such as `openssl rand -hex 32` prints")
    if name == "webhook_secret":
        secret_key(value)
    return value


def ensure_secret_key(path: Path) -> str:
    """The secret key kept at `path`, made there with mode 0600 when there is none yet.

    Two processes that start at once get the same key. Raises DefacewatchError.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make_key(path)
        key = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise DefacewatchError(f"the secret key in {path} cannot be read or made: {error}") from error
    if len(key) < 32:
        raise DefacewatchError(
            f"the secret key in {path} is too short; delete the file and a new one is made"
        )
    return key


def _make_key(path: Path) -> None:
    """Write a key aside and link it into place, so that nobody reads half a key or replaces another's."""
    aside = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_hex(32) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(aside, path)
    except FileExistsError:
        return
    finally:
        aside.unlink()


def derived_token(secret_key: str, purpose: str) -> str:
    """A token for one purpose ('status', 'metrics') that follows from the secret key: HMAC-SHA-256, hex."""
    return hmac.new(secret_key.encode(), f"defacewatch {purpose}".encode(), hashlib.sha256).hexdigest()[:40]
