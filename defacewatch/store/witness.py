"""The head of the audit log outside of the database: a file beside the secret key, so that who has the
database alone cannot put an older log back unseen. A disk that refuses to keep it holds up no act."""

import asyncio
import os
import secrets
from pathlib import Path

import structlog

from defacewatch.audit import Broken, Head
from defacewatch.language import N_

log = structlog.get_logger(__name__)


def kept_outside(file: Path) -> Head | None:
    """The head in `file`, without a seal; number 0 where there is no file yet, None where it is no head."""
    try:
        number, _, digest = file.read_text("ascii").strip().partition(":")
    except FileNotFoundError:
        return Head()
    except (OSError, ValueError):
        return None
    if not (number.isdigit() and len(number) <= 18 and digest):
        return None
    return Head(int(number), digest)


def differs(noted: Head | None, digest: str | None) -> Broken | None:
    """What is wrong where the entry that was `noted` outside has this digest in the log."""
    if noted is None:
        return Broken(0, N_("cannot be compared: the head that is kept beside the secret key cannot be read"))
    if digest is None:
        return Broken(noted.number, N_("is missing, and is the one that is kept beside the secret key"))
    if digest != noted.digest:
        return Broken(noted.number, N_("is not the one that is kept beside the secret key"))
    return None


async def keep_outside(file: Path, head: Head) -> None:
    """Put `head` into `file`, mode 0600; a log line where that cannot be."""
    try:
        await asyncio.to_thread(_write, file, f"{head.number}:{head.digest}\n")
    except OSError as error:
        log.warning("the head of the audit log is not kept outside", file=str(file), error=str(error))


def _write(file: Path, text: str) -> None:
    aside = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    try:
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as opened:
            if os.geteuid() == 0:  # a command of root leaves the daemon able to read it
                place = file.parent.stat()
                os.fchown(handle, place.st_uid, place.st_gid)
            opened.write(text)
            opened.flush()
            os.fsync(handle)
        aside.replace(file)
    finally:
        aside.unlink(missing_ok=True)
