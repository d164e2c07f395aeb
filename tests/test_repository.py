"""What the repository promises outside of its Python: the container's bounds, the layers, the set-up."""

import json
import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
NEW_MOUNT, NEW_CGROUP, NEW_UTS, NEW_IPC = 0x00020000, 0x02000000, 0x04000000, 0x08000000
NEW_USER, NEW_PID, NEW_NETWORK = 0x10000000, 0x20000000, 0x40000000


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def rules() -> list[dict[str, Any]]:
    return list(json.loads(read("deploy/seccomp-chromium.json"))["syscalls"])


def is_addition(rule: dict[str, Any]) -> bool:
    return str(rule.get("comment", "")).startswith("ADDED")


def allows(rule: dict[str, Any], name: str, first_argument: int) -> bool:
    """Whether a rule lets the syscall through, as libseccomp reads the three operators used here."""
    if name not in rule["names"] or rule["action"] != "SCMP_ACT_ALLOW":
        return False
    for test in rule.get("args", []):
        value, operator = test["value"], test["op"]
        fits = {
            "SCMP_CMP_EQ": first_argument == value,
            "SCMP_CMP_NE": first_argument != value,
            "SCMP_CMP_MASKED_EQ": first_argument & value == test.get("valueTwo", 0),
        }[operator]
        if not fits:
            return False
    return True


def allowed(name: str, first_argument: int = 0) -> bool:
    return any(allows(rule, name, first_argument) for rule in rules())


def test_the_seccomp_profile_refuses_what_it_does_not_name() -> None:
    profile = json.loads(read("deploy/seccomp-chromium.json"))
    assert profile["defaultAction"] == "SCMP_ACT_ERRNO"
    assert {each["architecture"] for each in profile["archMap"]} == {"SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"}


def test_the_seccomp_profile_adds_three_syscalls_and_each_is_documented() -> None:
    added = [name for rule in rules() if is_addition(rule) for name in rule["names"]]
    assert sorted(added) == ["chroot", "clone", "unshare"]
    documented = re.findall(r"^\| `(\w+)` \|", read("docs/deployment.md"), flags=re.MULTILINE)
    assert sorted(documented) == sorted(added)


def test_without_its_additions_the_profile_allows_no_namespace_and_no_chroot() -> None:
    rest = [rule for rule in rules() if not is_addition(rule)]
    for flag in (NEW_MOUNT, NEW_CGROUP, NEW_UTS, NEW_IPC, NEW_USER, NEW_PID, NEW_NETWORK):
        assert not any(allows(rule, "clone", flag) for rule in rest)
    assert not any({"unshare", "chroot", "setns", "mount"} & set(rule["names"]) for rule in rest)


@pytest.mark.parametrize("flags", [NEW_USER, NEW_PID, NEW_USER | NEW_PID | NEW_NETWORK])
def test_chromium_may_make_the_namespaces_of_its_sandbox(flags: int) -> None:
    assert allowed("clone", flags | 17)  # 17: SIGCHLD, which shares the argument


@pytest.mark.parametrize("flag", [NEW_MOUNT, NEW_CGROUP, NEW_UTS, NEW_IPC])
def test_no_other_namespace_can_be_made(flag: int) -> None:
    assert not allowed("clone", flag)
    assert not allowed("clone", flag | NEW_USER)
    assert not allowed("unshare", flag)
    assert not allowed("unshare", flag | NEW_USER)


@pytest.mark.parametrize(
    "name",
    ["mount", "umount2", "setns", "pivot_root", "bpf", "keyctl", "add_key", "kexec_load", "init_module",
     "io_uring_setup", "open_by_handle_at", "perf_event_open", "userfaultfd", "clone3"],
)  # fmt: skip
def test_what_a_namespace_is_usually_broken_out_with_stays_refused(name: str) -> None:
    assert not allowed(name)


def compose() -> dict[str, Any]:
    return dict(yaml.safe_load(read("docker-compose.yml")))


@pytest.mark.parametrize("name", ["defacewatch", "postgres"])
def test_each_service_is_bounded_and_has_no_privileges(name: str) -> None:
    service = compose()["services"][name]
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["read_only"] is True
    assert service["restart"] == "unless-stopped"
    assert {"mem_limit", "pids_limit", "shm_size", "stop_grace_period"} <= set(service)
    assert not {"privileged", "cap_add", "network_mode", "pid", "ipc"} & set(service)


def test_the_watch_runs_with_the_seccomp_profile_of_the_repository() -> None:
    options = compose()["services"]["defacewatch"]["security_opt"]
    (profile,) = [option.removeprefix("seccomp=") for option in options if option.startswith("seccomp=")]
    assert (ROOT / profile).is_file()


def test_the_configuration_is_mounted_read_only_and_the_two_stores_are_volumes() -> None:
    volumes = compose()["services"]["defacewatch"]["volumes"]
    assert "./config:/app/config:ro" in volumes
    assert {"baselines:/app/baselines", "data:/app/data"} <= set(volumes)
    assert {"baselines", "data"} <= set(compose()["volumes"])


def test_the_page_is_published_on_loopback_only() -> None:
    assert all(port.startswith("127.0.0.1:") for port in compose()["services"]["defacewatch"]["ports"])
    assert "ports" not in compose()["services"]["postgres"]


def test_postgresql_is_only_there_with_its_profile() -> None:
    services = compose()["services"]
    assert services["postgres"]["profiles"] == ["postgres"]
    assert services["defacewatch"]["depends_on"]["postgres"]["required"] is False


def test_the_image_runs_unprivileged_and_its_health_check_asks_the_program() -> None:
    text = read("Dockerfile")
    assert re.search(r"^USER 10001:10001$", text, flags=re.MULTILINE)
    assert '["defacewatch", "doctor", "--container"]' in text
    assert "--no-sandbox" not in text
    assert text.rindex("USER ") > text.rindex("RUN ")


def test_the_build_context_holds_all_that_the_image_copies() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", read("Dockerfile"), flags=re.MULTILINE)
    sources = {source for line in copied for source in line.split()}
    let_in = {line[1:] for line in read(".dockerignore").splitlines() if line.startswith("!")}
    assert sources == let_in
    assert all((ROOT / source).exists() for source in sources)


def test_the_image_has_the_oldest_python_that_the_lock_is_for() -> None:
    project = tomllib.loads(read("pyproject.toml"))["project"]
    (version,) = re.findall(r"^ARG PYTHON=python:(\d+\.\d+)-slim", read("Dockerfile"), flags=re.MULTILINE)
    assert project["requires-python"] == f">={version}"


def test_the_pinned_uv_builds_the_package_itself_so_that_nothing_comes_without_a_hash() -> None:
    (version,) = re.findall(r"^uv==(\S+)", read("scripts/uv.txt"), flags=re.MULTILINE)
    assert read("scripts/uv.txt").count("--hash=sha256:") > 1
    (required,) = tomllib.loads(read("pyproject.toml"))["build-system"]["requires"]
    assert required.startswith(f"uv_build>={version},<")


def test_the_layers_are_a_contract_that_every_module_is_in() -> None:
    (contract,) = tomllib.loads(read("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    assert contract["type"] == "layers"
    assert contract["containers"] == ["defacewatch"]
    assert contract["exhaustive"] is True
    order = [re.split(r" [|:] ", layer) for layer in contract["layers"]]
    height = {name: -i for i, layer in enumerate(order) for name in layer}
    path = [
        "cli",
        "daemon",
        "config",
        "check",
        "store",
        "incidents",
        "verdicts",
        "signals",
        "portals",
        "errors",
    ]
    assert sorted(path, key=height.__getitem__, reverse=True) == path
    siblings = next(layer for layer in contract["layers"] if "compare |" in layer)
    assert siblings.count("|") == 4  # independent of one another, not only in one layer


@pytest.mark.parametrize("target", ["demo", "run", "test", "check", "bench", "format"])
def test_make_has_the_targets_others_rely_on(target: str) -> None:
    assert re.search(rf"^{target}:", read("Makefile"), flags=re.MULTILINE)


def test_ci_runs_the_checks_and_the_tests() -> None:
    text = read(".ci/run")
    assert "make check" in text
    assert "make test" in text
    assert os.access(ROOT / ".ci/run", os.X_OK)


@pytest.mark.parametrize("script", ["scripts/setup", "scripts/uv", ".ci/run"])
def test_scripts_are_bash_that_parses(script: str) -> None:
    subprocess.run(["bash", "-n", ROOT / script], check=True)


@pytest.mark.parametrize(
    ("part", "environment", "said"),
    [
        ("browser", {"DEFACEWATCH_BROWSER": "/nowhere/chromium"}, "/nowhere/chromium does not start"),
        ("kitchen", {}, "unknown part 'kitchen'"),
    ],
)
def test_what_setup_cannot_bring_is_one_line_and_exit_3(
    part: str, environment: dict[str, str], said: str
) -> None:
    run = subprocess.run(
        [ROOT / "scripts/setup", part],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 3
    assert said in run.stderr
    assert run.stderr.count("\n") == 1
