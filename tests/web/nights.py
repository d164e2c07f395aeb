"""The night of the stage, which happens once for all tests of a module; import `night` to use it."""

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.web.stage import Night, spent


@pytest.fixture(scope="session")
def night(blank: Path, tmp_path_factory: pytest.TempPathFactory) -> Night:
    folder = tmp_path_factory.mktemp("night")
    shutil.copyfile(blank, folder / "store.db")
    return asyncio.run(spent(folder))
