"""The scripts of the pages: what needs no browser, under Node's own test runner; and what the build leaves behind."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

FRONTEND = ROOT / "frontend"
BUILT = ROOT / "app" / "static" / "dist"
KIB = 1024


def test_what_needs_no_browser_passes() -> None:
    done = subprocess.run(["node", "build.mjs", "test"], cwd=FRONTEND, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# fail 0" in done.stdout


def test_no_page_loads_more_than_its_share() -> None:
    pages = json.loads((BUILT / "sizes.json").read_text())
    assert pages["kata"]["bytes"] <= 200 * KIB, pages["kata"]  # the page itself and style.css want some of 250
    assert pages["submission"]["bytes"] <= 50 * KIB
    assert pages["every"]["bytes"] <= 30 * KIB


def test_what_is_wanted_on_demand_is_not_loaded_at_once() -> None:
    files = json.loads((BUILT / "sizes.json").read_text())["kata"]["files"]
    for part in ("vim", "compare", "math"):
        assert list(BUILT.glob(f"{part}-*.js")), part
        assert not any(name.startswith(f"{part}-") for name in files), part


@pytest.mark.parametrize("name", ["page.js", "kata.js", "result.js", "kata.css"])
def test_every_bundle_has_its_map_and_its_packed_forms(name: str) -> None:
    raw = (BUILT / name).read_bytes()
    assert (BUILT / f"{name}.map").is_file()
    assert gzip.decompress((BUILT / f"{name}.gz").read_bytes()) == raw
    assert 0 < len((BUILT / f"{name}.br").read_bytes()) < len(raw)


def test_the_licences_of_what_is_bundled_lie_beside_it() -> None:
    text = (BUILT / "LICENSES.txt").read_text()
    for package in ("@codemirror/view", "@replit/codemirror-vim", "htmx.org", "katex"):
        assert f"{package} " in text


def test_no_registry_is_named() -> None:
    lock = json.loads((FRONTEND / "package-lock.json").read_text())
    assert not [path for path, package in lock["packages"].items() if "resolved" in package]
    assert all(package.get("integrity") for path, package in lock["packages"].items() if path)


def test_every_package_is_pinned() -> None:
    package = json.loads((FRONTEND / "package.json").read_text())
    for kind in ("dependencies", "devDependencies"):
        for name, version in package[kind].items():
            assert version[0].isdigit(), f"{name}: {version}"


def test_set_up_without_node_says_what_to_install(tmp_path: Path) -> None:
    for word in ("bash", "dirname"):
        (tmp_path / word).symlink_to(str(shutil.which(word)))
    (tmp_path / "id").write_text("#!/bin/sh\necho 1000\n".replace("#!/bin/sh", f"#!{shutil.which('bash')}"))
    (tmp_path / "id").chmod(0o755)
    done = subprocess.run([ROOT / ".ci" / "frontend"], env={"PATH": str(tmp_path)}, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "apt-get install nodejs npm" in done.stderr
