"""The wheel, and what it brings along."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("packaging")]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree, built without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an environment with the wheel in it; torch and the like are lent by this one, being large."""
    home = tmp_path_factory.mktemp("installed")
    venv.create(home, with_pip=False)
    python = home / "bin" / "python"
    install = ["-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index", "--quiet", str(wheel)]
    subprocess.run([sys.executable, *install], check=True, capture_output=True)
    packages = next((home / "lib").glob("python*/site-packages"))
    # A folder named in a .pth file is searched, but its own .pth files are not read: the source tree stays out.
    (packages / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return home / "bin"


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A PATH with the few words that the set-up script needs, and neither a Python nor a package manager."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for word in ("bash", "dirname", "id"):
        (folder / word).symlink_to(str(shutil.which(word)))
    return folder


def set_up(path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """What `make setup` does, with `path` alone to find programs on, and an environment folder that does not exist."""
    command = [str(ROOT / ".ci" / "setup"), str(path / "venv")]
    return subprocess.run(command, env={"PATH": str(path), **environment}, capture_output=True, text=True)


def test_set_up_without_a_python_says_what_to_install(bare: Path) -> None:
    done = set_up(bare)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "no Python 3.11 or newer was found" in done.stderr
    assert "make setup PYTHON=" in done.stderr


def test_set_up_refuses_a_python_that_is_too_old(bare: Path) -> None:
    (bare / "old").write_text("#!/bin/sh\nexit 1\n")
    (bare / "old").chmod(0o755)
    done = set_up(bare, PYTHON=str(bare / "old"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"setup: PYTHON={bare / 'old'} is not a Python 3.11 or newer.\n"


def test_set_up_without_the_venv_module_says_what_to_install(bare: Path) -> None:
    script = f'#!/bin/sh\ncase "$*" in *ensurepip*) exit 1;; *) exec {sys.executable} "$@";; esac\n'
    (bare / "python3").write_text(script)
    (bare / "python3").chmod(0o755)
    done = set_up(bare)
    assert done.returncode == 1
    assert "cannot make virtual environments. Install its venv module" in done.stderr
    assert f"python3.{sys.version_info.minor}-venv" in done.stderr


def test_the_wheel_holds_every_file_of_every_kata(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    needed = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "katas").rglob("*")
        if path.suffix in {".py", ".toml", ".md"} and "__pycache__" not in path.parts
    }
    assert needed - inside == set()


def test_the_wheel_holds_every_template_and_what_the_front_ends_build_left(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    folders = (ROOT / "templates", ROOT / "app" / "static")
    needed = {path.relative_to(ROOT).as_posix() for folder in folders for path in folder.rglob("*") if path.is_file()}
    assert "app/static/dist/kata.js.br" in needed
    assert needed - inside == set()


def test_the_wheel_holds_nothing_but_the_packages_and_the_templates(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {
        "app",
        "graders",
        "katas",
        "reference",
        "templates",
    }
    assert not any("__pycache__" in name for name in zipfile.ZipFile(wheel).namelist())


def test_the_installed_command_does_not_run_from_the_source_tree(installed: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [installed / "python", "-c", "import app, katas; print(app.__file__, katas.__file__)"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=True,
    )
    assert all(file.startswith(str(installed.parent)) for file in done.stdout.split())


def test_the_installed_command_lists_the_katas(installed: Path, tmp_path: Path) -> None:
    done = subprocess.run([installed / "torchkata", "list", "--json"], capture_output=True, cwd=tmp_path, check=True)
    rows = json.loads(done.stdout)
    assert {path.parent.name for path in (ROOT / "katas").glob("*/kata.toml")} == {row["id"] for row in rows}


def test_the_installed_command_grades(installed: Path, tmp_path: Path) -> None:
    sample = ROOT / "examples" / "multi_head_attention.py"
    done = subprocess.run(
        [installed / "torchkata", "grade", "--format", "json", str(sample)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["verdict"] == "passed"
