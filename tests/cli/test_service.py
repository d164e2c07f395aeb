import resource
import stat
from collections.abc import Iterator

import pytest

from defacewatch.cli.common import Settled
from defacewatch.cli.service import raise_file_limit, token_file
from tests.cli.conftest import Shell


@pytest.fixture
def few_files() -> Iterator[int]:
    """This process with a low soft limit of open files; gives the hard one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))
    yield hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_the_daemon_may_open_as_many_files_as_the_system_lets_it(few_files: int) -> None:
    for _ in range(2):
        raise_file_limit()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        assert hard == few_files
        assert soft == (min(hard, 65536) if hard != resource.RLIM_INFINITY else 65536)


def test_a_token_file_is_for_its_owner_alone_even_where_it_was_open_to_all(shell: Shell) -> None:
    settings = Settled(shell.folder / "config", {}).settings()
    file = settings.secret_key_file.with_name("status.token")
    file.parent.mkdir(parents=True)
    file.write_text("an older token")
    file.chmod(0o644)
    assert token_file(settings, "status") == file
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "older" not in file.read_text()


def test_what_a_command_writes_is_for_its_user_alone(shell: Shell) -> None:
    assert shell.run("db", "backup", "saved.tar.gz").code == 0
    written = [shell.folder / "saved.tar.gz", *(shell.folder / "data").rglob("*")]
    assert len(written) > 1
    assert all(stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 for path in written), written
