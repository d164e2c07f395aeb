"""The audit log from the command line: who a command says it is, and under which key it writes."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from defacewatch.audit import Act, Actor, audit_key
from defacewatch.cli.common import user, via
from defacewatch.store import Store
from tests.cli.conftest import Shell
from tests.store.samples import NOW


def changed(statement: str) -> None:
    with closing(sqlite3.connect(Path("data/defacewatch.db"))) as db, db:
        db.execute(statement)


def test_the_environment_does_not_say_who_acts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUDO_USER", raising=False)
    me = user()
    monkeypatch.setenv("LOGNAME", "somebody")
    monkeypatch.setenv("USER", "somebody")
    assert (user(), via()) == (me, f"cli:{me}")
    monkeypatch.setenv("SUDO_USER", "an")
    assert via() == f"cli:{me} (SUDO_USER=an)"


def test_a_command_with_another_key_adds_nothing_and_says_what_to_do(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shell.run("user", "add", "an1", "--link").code == 0
    with monkeypatch.context() as other:
        other.setenv("DEFACEWATCH_SECRET_KEY", "x" * 40)
        refused = shell.run("user", "add", "lan", "--link")
        assert (refused.code, "as DEFACEWATCH_SECRET_KEY" in refused.err) == (3, True)
        assert len(refused.err.splitlines()) == 1
        assert shell.run("audit", "list").code == 0
    assert shell.run("audit", "verify").code == 0


def test_a_spoiled_head_keeps_nobody_from_acting_and_is_told_for_ever(shell: Shell) -> None:
    assert shell.run("user", "add", "an1", "--link").code == 0
    changed("UPDATE meta SET value = '{}' WHERE key = 'audit:head'")
    assert shell.run("audit", "verify").code == 3
    assert shell.run("user", "add", "lan", "--link").code == 0
    assert "says that the log was found broken" in shell.run("audit", "verify").err


def test_verify_keeps_the_head_beside_the_secret_key(shell: Shell) -> None:
    assert shell.run("user", "add", "an1", "--link").code == 0
    whole = shell.run("audit", "verify")
    kept = Path("data/audit.head")
    assert kept.read_text().strip() == whole.out.split()[-1]
    kept.write_text(f"2:{'0' * 64}\n")
    broken = shell.run("audit", "verify")
    assert (broken.code, "kept beside the secret key" in broken.err) == (3, True)


def test_a_restored_backup_is_what_is_kept_from_then_on(shell: Shell) -> None:
    assert shell.run("user", "add", "an1", "--link").code == 0
    assert shell.run("db", "backup", "saved.tar").code == 0
    assert shell.run("user", "add", "lan", "--link").code == 0
    assert shell.run("audit", "verify").code == 0
    assert shell.run("db", "restore", "saved.tar", "--force").code == 0
    assert shell.run("audit", "verify").code == 0
    (last,) = shell.run("audit", "list", "--limit", "1", "--json").lines
    assert (last["act"], last["who"]) == ("backup-restored", f"{user()} (system)")


def test_what_cannot_be_encoded_does_not_break_the_list(shell: Shell) -> None:
    assert shell.run("user", "add", "an1", "--link").code == 0

    async def note() -> None:
        key = audit_key(Path("data/secret.key").read_text().strip().encode())
        url, folder = "sqlite+aiosqlite:///data/defacewatch.db", Path("data")
        store = await Store.open(url, baselines=folder, evidence=folder, audit_key=key)
        await store.audit.note(Actor("an", "api"), Act.COMMENTED, at=NOW, after={"text": "\ud800"})
        await store.close()

    asyncio.run(note())
    listed = shell.run("audit", "list", "--limit", "1", "--json")
    assert (listed.code, listed.lines[0]["after"]) == (0, {"text": "?"})
    changed("UPDATE audit SET after = '\"\\ud800\"' WHERE number = 1")
    assert shell.run("audit", "list", "--json").code == 0
