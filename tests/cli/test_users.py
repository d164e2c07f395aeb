"""Accounts and the audit log from the command line."""

import io
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from defacewatch.cli.common import user
from tests.cli.conftest import Shell

PASSWORD = "ba con mèo đen nhỏ"


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The password, on standard input."""
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n" * 3))


def test_an_account_is_added_listed_changed_and_disabled(shell: Shell, typed: None) -> None:
    assert shell.run("user", "add", "Root", "--role", "admin").code == 0
    assert shell.run("user", "add", "an1", "--role", "officer", "--officer", "an").code == 0
    lines = shell.run("user", "list", "--json").lines
    assert [(line["name"], line["role"], line["display"]) for line in lines] == [
        ("an1", "officer", "Nguyễn Văn An"),
        ("root", "admin", "root"),
    ]
    assert shell.run("user", "role", "an1", "approver").code == 0
    assert shell.run("user", "passwd", "an1").code == 0
    assert shell.run("user", "totp-off", "an1").code == 0
    assert "0 sessions" in shell.run("user", "sign-out", "an1").out
    assert shell.run("user", "disable", "an1").code == 0
    assert shell.run("user", "enable", "an1").code == 0
    last = shell.run("user", "disable", "root")
    assert (last.code, "last administrator" in last.err) == (3, True)
    acts = [line["act"] for line in shell.run("audit", "list", "--json").lines]
    assert acts[-1] == "configuration-taken-over"
    assert acts[::-1][1:4] == ["account-added", "account-added", "account-changed"]
    assert PASSWORD not in shell.run("audit", "list").out


def test_what_cannot_be_is_one_line(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert shell.run("user", "add", "an1").code == 2
    assert shell.run("user", "add", "an1").code == 2  # there is nothing left to read
    assert shell.run("user", "add", "Nguyễn", "--link").code == 2
    assert shell.run("user", "add", "an1", "--link", "--officer", "x").code == 3
    assert shell.run("user", "passwd", "nobody", "--link").code == 3
    assert shell.run("user", "token", "nobody", "--label", "x", "--expires", "soon").code == 2


def test_a_link_for_a_password_is_printed_and_noted(shell: Shell) -> None:
    added = shell.run("user", "add", "an1", "--link")
    assert added.out.startswith("http://127.0.0.1:8080/welcome/1/")
    assert shell.run("audit", "list", "--json").lines[0]["act"] == "password-link-given"


def test_a_token_is_printed_once_listed_without_its_secret_and_revoked(shell: Shell, typed: None) -> None:
    shell.run("user", "add", "an1")
    token = shell.run("user", "token", "an1", "--label", "SIEM", "--scope", "act", "--expires", "30d").out
    assert token.startswith("dw_")
    listed = shell.run("user", "tokens", "--json")
    assert (listed.lines[0]["label"], listed.lines[0]["scope"]) == ("SIEM", "act")
    assert token.strip() not in listed.out
    assert shell.run("user", "revoke-token", "an1", "1").code == 0
    assert shell.run("user", "tokens", "--json").lines == []
    assert shell.run("user", "revoke-token", "an1", "1").code == 0, "it is done already"
    assert shell.run("user", "revoke-token", "an1", "7").code == 3


def test_verify_says_that_the_log_is_whole_and_exits_3_with_the_first_broken_entry(
    shell: Shell, typed: None
) -> None:
    shell.run("user", "add", "an1")
    whole = shell.run("audit", "verify")
    assert (whole.code, "is whole: 2 entries" in whole.out) == (0, True)
    noted = whole.out.split()[-1]
    shell.run("user", "add", "binh")
    assert shell.run("audit", "verify", "--expect", noted).code == 0
    assert shell.run("audit", "verify", "--expect", f"2:{'0' * 64}").code == 3
    assert shell.run("audit", "verify", "--expect", "x").code == 2
    with closing(sqlite3.connect(Path("data/defacewatch.db"))) as db, db:
        db.execute("UPDATE audit SET who = 'nobody' WHERE number = 2")
    broken = shell.run("audit", "verify")
    assert (broken.code, broken.err) == (3, "defacewatch: the audit log is broken: entry 2 was changed\n")


def test_another_secret_key_does_not_verify_the_log(
    shell: Shell, typed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.run("user", "add", "an1")
    monkeypatch.setenv("DEFACEWATCH_SECRET_KEY", "x" * 40)
    broken = shell.run("audit", "verify")
    assert broken.code == 3
    assert "not sealed with this secret key" in broken.err


def test_whoever_acts_under_a_name_is_noted_with_the_user_of_the_system(learned: Shell) -> None:
    approved = learned.run("baseline", "approve", "--all-proposed", "--by", "binh")
    assert approved.code == 0, approved.err
    assert learned.run("portals", "pause", "tinh", "--by", "an").code == 0
    paused, baseline, proposed = learned.run("audit", "list", "--limit", "3", "--json").lines
    me = f"cli:{user()}"
    assert (paused["act"], paused["who"], paused["source"]) == ("portal-paused", "an", me)
    assert (baseline["act"], baseline["who"], baseline["source"]) == ("baseline-approved", "binh", me)
    assert (proposed["act"], proposed["who"]) == ("baseline-proposed", "an")


def test_a_subject_of_the_sign_in_service_is_bound_and_taken_away(shell: Shell, typed: None) -> None:
    assert shell.run("user", "add", "an1", "--role", "officer").code == 0
    assert "no provider is configured" in shell.run("user", "bind", "an1", "8f2c").err
    shell.general["web"] = {"oidc": {"issuer": "https://sso.example.gov.vn", "client_id": "defacewatch"}}
    shell.write()
    assert shell.run("user", "bind", "an1", "8f2c").code == 0
    assert shell.run("user", "unbind", "an1").code == 0
    again = shell.run("user", "unbind", "an1")
    assert (again.code, "no subject" in again.err) == (3, True)
    acts = [line["act"] for line in shell.run("audit", "list", "--json").lines]
    assert {"identity-bound", "identity-unbound"} <= set(acts)
