"""Dockerfile, compose.yaml and units promise what docs/deploy.md says; they are read, since no engine runs in the tests."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from tests.conftest import ROOT
from tests.deploy.containers import USER

UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICE: dict[str, Any] = COMPOSE["services"]["torchkata"]
SHIPPED = ("Dockerfile", ".dockerignore", "compose.yaml", "deploy/entrypoint", "deploy/seccomp.json")


def instructions() -> list[tuple[str, str]]:
    """(word, rest) of every instruction of the Dockerfile."""
    text = re.sub(r"(?m)^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    lines = text.replace("\\\n", " ").splitlines()
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in lines if line.strip()]


def values(word: str) -> list[str]:
    """What stands behind every instruction of this name."""
    return [rest for name, rest in instructions() if name == word]


def sent(path: str) -> bool:
    """Whether .dockerignore lets a path of the checkout through; as in Docker, the last line that fits decides."""
    kept = True
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        pattern = line.removeprefix("!")
        if not line or line.startswith("#"):
            continue
        parts = path.split("/")
        prefixes = ["/".join(parts[: n + 1]) for n in range(len(parts))]
        bare = pattern.removeprefix("**/")
        named = any(fnmatch(part, bare) for part in parts) if bare != pattern else False
        if pattern == "*" or named or any(fnmatch(prefix, pattern) for prefix in prefixes):
            kept = line.startswith("!")
    return kept


def copied() -> list[str]:
    """The paths of the checkout that the Dockerfile copies."""
    sources = [shlex.split(rest)[:-1] for rest in values("COPY") if "--from=" not in rest]
    return [source for line in sources for source in line]


def test_every_copied_path_exists_and_is_sent_to_the_builder() -> None:
    assert "frontend/package-lock.json" in copied()
    for source in copied():
        assert (ROOT / source).exists(), source
        assert sent(source.rstrip("/")), source


def test_the_builder_is_sent_neither_the_environment_nor_what_was_built() -> None:
    kept_out = (
        ".git/config .venv/bin/python tests/conftest.py frontend/node_modules/x/index.js app/static/dist/page.js"
        " app/__pycache__/cli.pyc torchkata.db .env"
    )
    assert [path for path in kept_out.split() if sent(path)] == []


def test_all_packages_of_the_wheel_are_copied() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]
    assert set(wheel["wheel"]["packages"]) <= {source.rstrip("/") for source in copied()}


def test_the_image_runs_as_a_user_that_is_not_root() -> None:
    assert values("USER") == ["torchkata"]
    words = [word for word, _ in instructions()]
    assert words.index("USER") > max(n for n, word in enumerate(words) if word == "RUN")  # nothing is root's afterwards
    assert any(f"--uid {USER} " in rest for rest in values("RUN"))
    assert f"id={USER}\n" in (ROOT / "deploy" / "entrypoint").read_text(encoding="utf-8")


def test_the_image_serves_and_asks_after_its_own_health() -> None:
    assert values("CMD") == ['["torchkata", "serve"]']
    assert values("ENTRYPOINT") == ['["torchkata-entrypoint"]']
    (check,) = values("HEALTHCHECK")
    assert "(os.environ.get('TORCHKATA_PORT') or '8000') + '/api/health'" in check
    assert "/api/health" in (ROOT / "app" / "routes" / "health.py").read_text(encoding="utf-8")
    assert any("TORCHKATA_HOST=0.0.0.0" in rest and "TORCHKATA_DATA=/data" in rest for rest in values("ENV"))


def test_indexes_and_the_build_of_torch_are_build_arguments_without_a_host() -> None:
    arguments = dict(rest.split("=", 1) for rest in values("ARG"))
    assert {"NPM_REGISTRY", "PIP_INDEX_URL", "TORCH_INDEX_URL", "PYTHON_IMAGE", "NODE_IMAGE"} <= set(arguments)
    assert {arguments[name] for name in ("NPM_REGISTRY", "PIP_INDEX_URL", "TORCH_INDEX_URL")} == {""}
    for name in SHIPPED:
        hosts = set(re.findall(r"https?://([^/:\s'\"]+)", (ROOT / name).read_text(encoding="utf-8")))
        assert hosts <= {"127.0.0.1"}, name


def test_versions_come_from_the_constraints_and_the_lock() -> None:
    installs = [line for rest in values("RUN") for line in rest.split("&&") if "bin/pip install" in line]
    assert any("hatchling" in line for line in installs)
    assert all("-c constraints.txt" in line or "--no-deps --no-index" in line for line in installs)
    assert any(rest.startswith("npm ci --ignore-scripts") for rest in values("RUN"))


def test_compose_has_the_least_privileges() -> None:
    assert SERVICE["cap_drop"] == ["ALL"]
    assert set(SERVICE["cap_add"]) == {"CHOWN", "SETUID", "SETGID"}  # of deploy/entrypoint, which gives them up
    assert {"no-new-privileges:true", "seccomp:deploy/seccomp.json", "writable-cgroups=true"} <= set(
        SERVICE["security_opt"]
    )
    assert SERVICE["read_only"] is True
    assert SERVICE["cgroup"] == "private"
    assert SERVICE["init"] is True
    assert int(SERVICE["pids_limit"]) > 0
    assert SERVICE["mem_limit"] == SERVICE["memswap_limit"]
    assert {line.split(":")[0] for line in SERVICE["tmpfs"]} == {"/tmp", "/run"}
    for word in ("privileged", "network_mode", "pid", "ipc", "devices", "userns_mode"):
        assert word not in SERVICE


def test_compose_publishes_on_this_machine_alone() -> None:
    assert all(line.startswith("127.0.0.1:") for line in SERVICE["ports"])


@pytest.mark.parametrize("name", SHIPPED)
def test_nothing_asks_for_privileges_or_the_engine_s_socket(name: str) -> None:
    text = re.sub(r"(?m)^\s*#.*$", "", (ROOT / name).read_text(encoding="utf-8"))
    assert not re.search(r"privileged: *true|--privileged|docker\.sock|SYS_ADMIN|unconfined", text)


def test_compose_mounts_no_folder_of_the_host() -> None:
    assert [line.split(":")[0] for line in SERVICE["volumes"]] == list(COMPOSE["volumes"])


def test_compose_hands_on_settings_that_exist() -> None:
    from app.settings import SETTINGS

    assert set(SERVICE["environment"]) <= {setting.variable for setting in SETTINGS}
    arguments = {rest.split("=")[0] for rest in values("ARG")}
    assert set(SERVICE["build"]["args"]) <= arguments


def unit(path: Path) -> dict[str, list[str]]:
    """The settings of a unit."""
    found: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            name, value = line.split("=", 1)
            found.setdefault(name, []).append(value)
    return found


def test_there_are_units_for_all_and_for_each_part() -> None:
    commands = {path.stem: unit(path)["ExecStart"][0].split(" ", 1)[1] for path in UNITS}
    assert commands == {"torchkata": "serve", "torchkata-web": "serve --no-worker", "torchkata-worker": "worker"}


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_a_unit_has_the_least_privileges(path: Path) -> None:
    found = unit(path)
    assert found["User"] == ["torchkata"]
    assert found["CapabilityBoundingSet"] == [""]
    for word in (
        "NoNewPrivileges",
        "ProtectHome",
        "PrivateTmp",
        "PrivateDevices",
        "RestrictSUIDSGID",
        "LockPersonality",
    ):
        assert found[word] == ["yes"], word
    assert found["ProtectSystem"] == ["strict"]


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_a_unit_with_a_worker_forbids_nothing_that_a_jail_does(path: Path) -> None:
    found = unit(path)
    if path.stem == "torchkata-web":
        assert found["RestrictNamespaces"] == ["yes"]
        return
    assert found["Delegate"] == ["memory pids cpu"]
    assert found["OOMPolicy"] == ["continue"]
    assert set(found["RestrictNamespaces"][0].split()) == {"user", "pid", "mnt", "net", "ipc", "uts"}
    for word in ("ProtectControlGroups", "ProtectHostname", "MemoryDenyWriteExecute", "PrivateUsers", "ProcSubset"):
        assert word not in found


def test_the_worker_s_unit_has_no_network() -> None:
    found = unit(ROOT / "deploy" / "systemd" / "torchkata-worker.service")
    assert found["PrivateNetwork"] == ["yes"]
    assert found["RestrictAddressFamilies"] == ["AF_UNIX"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_finds_no_fault_in_the_units(tmp_path: Path) -> None:
    for path in UNITS:
        text = path.read_text(encoding="utf-8").replace("/opt/torchkata/bin/torchkata", "/bin/true")
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    command = ["systemd-analyze", "verify", *(str(tmp_path / path.name) for path in UNITS)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(shutil.which("apparmor_parser") is None, reason="apparmor_parser is not installed")
def test_the_apparmor_profile_can_be_parsed(tmp_path: Path) -> None:
    text = (ROOT / "deploy" / "apparmor" / "torchkata").read_text(encoding="utf-8")
    version = subprocess.run(["apparmor_parser", "--version"], capture_output=True, text=True, check=True).stdout
    number = re.search(r"version (\d+)", version)
    assert number is not None
    if int(number[1]) < 4:  # they know neither the rule nor its edition
        text = re.sub(r"(?m)^abi .*$|^  userns,$", "", text)
    (tmp_path / "profile").write_text(text, encoding="utf-8")
    command = ["apparmor_parser", "--skip-kernel-load", "--skip-cache", str(tmp_path / "profile")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_apparmor_profile_says_that_it_is_untested() -> None:
    text = (ROOT / "deploy" / "apparmor" / "torchkata").read_text(encoding="utf-8")
    assert "NOT TESTED" in text
    assert all(f"\n  {rule},\n" in text for rule in ("userns", "mount", "umount", "pivot_root"))
