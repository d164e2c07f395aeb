import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from defacewatch.config.environment import Secrets, derived_token, ensure_secret_key, read_secrets
from defacewatch.errors import DefacewatchError


def lines(environ: dict[str, str]) -> list[str]:
    return [str(problem) for problem in read_secrets(environ)[1]]


def test_secrets_come_from_the_environment_or_from_files_it_names(tmp_path: Path) -> None:
    (tmp_path / "smtp").write_text("mật khẩu\n")
    found, problems = read_secrets(
        {
            "DEFACEWATCH_TELEGRAM_TOKEN": "1:abc",
            "DEFACEWATCH_SMTP_PASSWORD_FILE": str(tmp_path / "smtp"),
            "DEFACEWATCH_STORE_PASSWORD": "",
            "DEFACEWATCH_SECRET_KEY": "k" * 32,
            "HOME": "/root",
        }
    )
    assert not problems
    assert found == Secrets(telegram_token="1:abc", smtp_password="mật khẩu", secret_key="k" * 32)


def test_a_secret_given_twice_is_refused(tmp_path: Path) -> None:
    assert lines({"DEFACEWATCH_TELEGRAM_TOKEN": "x", "DEFACEWATCH_TELEGRAM_TOKEN_FILE": "/run/x"}) == [
        "DEFACEWATCH_TELEGRAM_TOKEN_FILE: expected DEFACEWATCH_TELEGRAM_TOKEN or"
        " DEFACEWATCH_TELEGRAM_TOKEN_FILE, not both"
    ]


@pytest.mark.parametrize("name", ["DEFACEWATCH_STATUS_TOKEN", "DEFACEWATCH_METRICS_TOKEN"])
def test_a_token_that_could_be_guessed_is_refused(name: str) -> None:
    assert lines({name: "t" * 20}) == []
    assert lines({name: "t" * 19}) == [
        f"{name}: expected at least 20 characters, such as `openssl rand -hex 32` prints"
    ]


def test_a_secret_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "long").write_text("x" * 9000)
    name = "DEFACEWATCH_STORE_PASSWORD_FILE"
    assert [lines({name: str(tmp_path / file)}) for file in ("gone", "empty", "binary", "long", ".")] == [
        [f"{name}: {tmp_path}/gone cannot be read (No such file or directory); expected a readable file"],
        [f"{name}: {tmp_path}/empty is empty; expected the secret in it"],
        [f"{name}: {tmp_path}/binary is not UTF-8; expected the secret as text"],
        [f"{name}: expected one line of printable text, at most 8192 characters"],
        [f"{name}: {tmp_path} cannot be read (Is a directory); expected a readable file"],
    ]


def test_a_secret_is_never_repeated_in_a_problem_or_shown() -> None:
    environ = {"DEFACEWATCH_SECRET_KEY": "hunter2", "DEFACEWATCH_TELEGRAM_TOKEN": "hunter2\nx"}
    assert len(lines(environ)) == 2
    assert "hunter2" not in "".join(lines(environ))
    shown = repr(Secrets(telegram_token="hunter2"))
    assert shown == "Secrets(given: telegram_token)"


def test_a_secret_key_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    path = tmp_path / "data" / "secret.key"
    with ThreadPoolExecutor(8) as threads:
        keys = set(threads.map(lambda _: ensure_secret_key(path), range(16)))
    assert len(keys) == 1
    assert len(keys.pop()) == 64
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_damaged_secret_key_is_said_and_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    path.write_text("")
    with pytest.raises(DefacewatchError, match=r"secret.key is too short; delete the file"):
        ensure_secret_key(path)
    assert path.read_text() == ""


def test_a_folder_that_cannot_hold_the_secret_key_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DefacewatchError, match="cannot be read or made"):
        ensure_secret_key(tmp_path / "file" / "secret.key")


def test_a_token_follows_from_the_key_and_its_purpose() -> None:
    token = derived_token("k" * 64, "status")
    assert token == derived_token("k" * 64, "status")
    assert len({token, derived_token("k" * 64, "metrics"), derived_token("l" * 64, "status")}) == 3


def test_a_webhook_secret_that_says_it_is_base64_and_is_none_is_refused() -> None:
    assert lines({"DEFACEWATCH_WEBHOOK_SECRET": "whsec_c2VjcmV0"}) == []
    (line,) = lines({"DEFACEWATCH_WEBHOOK_SECRET": "whsec_not base64!"})
    assert line.startswith(
        "DEFACEWATCH_WEBHOOK_SECRET: a webhook secret that starts with whsec_ must be base64"
    )
