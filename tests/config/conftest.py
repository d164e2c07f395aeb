from collections.abc import Callable
from pathlib import Path

import pytest

from defacewatch.config import load
from defacewatch.errors import ConfigError

PORTALS = """\
portals:
  - key: hungyen
    name: Cổng Thông tin điện tử tỉnh Hưng Yên
    pages:
      - url: https://hungyen.gov.vn/
"""

Problems = Callable[..., list[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A configuration folder with one portal and nothing else."""
    (tmp_path / "portals.yaml").write_text(PORTALS)
    return tmp_path


@pytest.fixture
def problems(folder: Path) -> Problems:
    """The problems that loading finds, without the folder, once the files named (`roster=…`) are written."""

    def of(environ: dict[str, str] | None = None, **files: str) -> list[str]:
        for name, text in files.items():
            (folder / f"{name}.yaml").write_text(text)
        with pytest.raises(ConfigError) as caught:
            load(folder, environ or {})
        assert caught.value.exit_code == 2
        assert all("\n" not in problem for problem in caught.value.problems)
        assert str(caught.value) == "\n".join(caught.value.problems)
        return [problem.replace(f"{folder}/", "") for problem in caught.value.problems]

    return of
