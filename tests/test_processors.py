import os
from pathlib import Path

import pytest

from defacewatch.processors import processors

VERSION_2 = "0::/system.slice/defacewatch.service\n"
VERSION_1 = "3:cpuset:/\n2:cpu,cpuacct:/docker/abc\n0::/\n"


@pytest.fixture(autouse=True)
def eight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 64)


def counted(folder: Path, own: str, **files: str) -> float:
    """With these files of control groups."""
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (folder / "own").write_text(own)
    return processors(cgroups=folder, own=folder / "own")


def test_without_a_quota_those_count_that_the_process_may_run_on_not_those_of_the_host(
    tmp_path: Path,
) -> None:
    assert counted(tmp_path, VERSION_2, **{"cpu.max": "max 100000\n"}) == 8
    assert processors(cgroups=tmp_path / "none", own=tmp_path / "none") == 8


def test_a_quota_of_the_group_counts_and_may_be_a_part_of_a_processor(tmp_path: Path) -> None:
    group = "system.slice/defacewatch.service/cpu.max"
    assert counted(tmp_path, VERSION_2, **{group: "150000 100000\n"}) == 1.5
    assert counted(tmp_path, VERSION_2, **{group: "1600000 100000\n"}) == 8, "no more than it may run on"


def test_the_smallest_quota_of_the_groups_above_holds(tmp_path: Path) -> None:
    files = {
        "system.slice/defacewatch.service/cpu.max": "400000 100000\n",
        "system.slice/cpu.max": "50000 100000\n",
    }
    assert counted(tmp_path, VERSION_2, **files) == 0.5


def test_a_container_that_sees_its_group_as_the_root_reads_it_there(tmp_path: Path) -> None:
    assert counted(tmp_path, "0::/\n", **{"cpu.max": "200000 100000\n"}) == 2
    assert counted(tmp_path, VERSION_2, **{"cpu.max": "200000 100000\n"}) == 2


def test_a_quota_of_version_1_counts_also_under_its_short_name(tmp_path: Path) -> None:
    quota = {"cpu/cpu.cfs_quota_us": "300000\n", "cpu/cpu.cfs_period_us": "100000\n"}
    assert counted(tmp_path / "short", VERSION_1, **quota) == 3
    quota = {f"cpu,cpuacct/docker/abc{key.removeprefix('cpu')}": text for key, text in quota.items()}
    assert counted(tmp_path / "full", VERSION_1, **quota) == 3
    none = {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}
    assert counted(tmp_path / "none", VERSION_1, **none) == 8


def test_files_that_say_nothing_that_can_be_read_are_passed_over(tmp_path: Path) -> None:
    assert counted(tmp_path, "0::/\nnonsense\n", **{"cpu.max": "many\n"}) == 8
