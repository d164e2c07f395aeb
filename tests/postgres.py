"""A PostgreSQL cluster of the tests' own, in a temporary folder, on a socket in it and on nothing else.

PostgreSQL refuses to run as root, so there it runs as `postgres` or `nobody`. Durability is off, which
changes speed and nothing that a test can see.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql

_DEBIAN = Path("/usr/lib/postgresql")
_SETTINGS = (
    "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200"
    " -c shared_buffers=32MB -c jit=off -c listen_addresses='' -c unix_socket_directories={socket}"
)

GUARDED = "guarded"  # the only user who needs a password


class Cluster:
    """A running cluster. `database` makes a new one, whose SQLAlchemy URL `url` gives."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="defacewatch-pg-"))
        self.data = self.folder / "data"
        self._user = _unprivileged()
        self._numbers = count(1)

    def start(self) -> None:
        if self._user is not None:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
        encoding = ("--encoding=UTF8", "--locale=C")
        self._run("initdb", "--auth=trust", "--username=defacewatch", *encoding, "--no-sync")
        hba = f"local all {GUARDED} scram-sha-256\nlocal all all trust\n"
        (self.data / "pg_hba.conf").write_text(hba)
        settings = _SETTINGS.format(socket=self.folder)
        self._run("pg_ctl", "start", "--wait", "--silent", "--log", f"{self.folder}/log", "-o", settings)

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "--wait", "--silent", "--mode", "immediate")
        shutil.rmtree(self.folder)

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://defacewatch@/{database}?host={self.folder}"

    def database(self) -> str:
        """Make an empty database; its name."""
        name = f"test_{next(self._numbers)}"
        self.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return name

    def execute(self, statement: sql.SQL | sql.Composed) -> None:
        with psycopg.connect(
            host=str(self.folder), user="defacewatch", dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(statement)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(_binaries() / program), "--pgdata", str(self.data), *arguments]
        if self._user is not None:
            ids = [f"--reuid={self._user.pw_uid}", f"--regid={self._user.pw_gid}", "--clear-groups"]
            command = ["setpriv", *ids, *command]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stdout}{done.stderr}")


def _binaries() -> Path:
    """Where the server's programs are: on the PATH, or where Debian puts them, the newest version."""
    if found := shutil.which("initdb"):
        return Path(found).parent
    versions = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda file: float(file.parent.parent.name))
    if not versions:
        raise RuntimeError("the tests need PostgreSQL: install the package `postgresql` (or `postgresql-17`)")
    return versions[-1].parent


def _unprivileged() -> pwd.struct_passwd | None:
    """Who runs the server when we are root; None when we are not."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]
