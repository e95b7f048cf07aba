"""What the pages for people say exists: commands, options, make words, settings, files and links."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from app.cli import app
from app.settings import SETTINGS
from app.usage import EVERYWHERE
from tests.conftest import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/*.md")])
IDS = [page.relative_to(ROOT).as_posix() for page in PAGES]
COMMANDS: Any = get_command(app)
# Options of other programs that a page names: mypy's, then in docs/deploy.md those of docker, useradd and systemctl.
NOT_OURS = {
    *(
        "--strict",
        "--build",
        "--build-arg",
        "--cap-add",
        "--cap-drop",
        "--cgroupns",
        "--init",
        "--memory",
        "--memory-swap",
    ),
    *("--pids-limit", "--privileged", "--publish", "--read-only", "--security-opt", "--shm-size", "--tmpfs", "--user"),
    *("--volume", "--system", "--user-group", "--now"),
}


def words(text: str) -> list[str]:
    """Everything set as code: spans between backticks and indented or fenced lines."""
    fenced = re.findall(r"(?ms)^```.*?\n(.*?)^```", text)
    text = re.sub(r"(?ms)^```.*?^```", "", text)
    indented = re.findall(r"(?m)^(?: {4,}|\t)(.+)$", text)
    lines = [line for block in fenced for line in block.splitlines()]
    return re.findall(r"`([^`\n]+)`", text) + indented + lines


def options(command: Any) -> set[str]:
    """Every spelling of a command's options."""
    everywhere = {"--help", *(f"--{name}" for name in EVERYWHERE)}
    return everywhere | {name for parameter in command.params for name in parameter.opts if name.startswith("-")}


def make_words() -> set[str]:
    """The targets of the Makefile that a person may type."""
    found = re.search(r"(?m)^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert found is not None
    return set(found[1].split())


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_command_in_a_page_exists_with_its_options(page: Path) -> None:
    for code in words(page.read_text(encoding="utf-8")):
        for line in re.findall(r"(?:^|[ /])torchkata (.+?)(?: {3,}|  #|$|；|，)", code):
            first, *rest = line.split()
            if first.startswith("-"):
                assert first in options(COMMANDS), f"{page.name}: {code}"
            elif re.fullmatch(r"[a-z]+", first):
                assert first in COMMANDS.commands, f"{page.name}: {code}"
                known = options(COMMANDS.commands[first])
                unknown = [word for word in rest if re.match(r"-{1,2}[a-z]", word) and word.split("=")[0] not in known]
                assert unknown == [], f"{page.name}: {code}"


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_option_in_a_page_exists_somewhere(page: Path) -> None:
    known = NOT_OURS.union(options(COMMANDS), *(options(command) for command in COMMANDS.commands.values()))
    for code in words(page.read_text(encoding="utf-8")):
        for option in re.findall(r"(?:^|[\s(])(--[a-z][a-z-]+)", code):
            assert option in known, f"{page.name}: {code}"


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_make_word_in_a_page_exists(page: Path) -> None:
    for code in words(page.read_text(encoding="utf-8")):
        for word in re.findall(r"(?:^|\s)make ([a-z][a-z-]*)\b", code):
            assert word in make_words(), f"{page.name}: {code}"


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_setting_in_a_page_exists(page: Path) -> None:
    known = {setting.variable for setting in SETTINGS}
    assert set(re.findall(r"\bTORCHKATA_[A-Z_]+\b", page.read_text(encoding="utf-8"))) <= known


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_the_table_of_settings_in_a_readme_is_that_of_the_program(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert re.findall(r"(?m)^\|[^|]*\| `(TORCHKATA_[A-Z_]+)` \|", text) == [setting.variable for setting in SETTINGS]


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_link_in_a_page_leads_to_a_file(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if not target.startswith(("https://", "mailto:", "#")):
            assert (page.parent / target.split("#")[0]).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_path_in_a_page_exists(page: Path) -> None:
    roots = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
    for code in re.findall(r"`([^`\n]+)`", page.read_text(encoding="utf-8")):
        if re.fullmatch(r"[\w./-]+", code) and code.split("/")[0] in roots and "/" in code and "my_kata" not in code:
            assert (ROOT / code).exists(), f"{page.name}: {code}"


def test_both_readmes_name_the_same_commands() -> None:
    english, chinese = (
        {
            line.split("#")[0].strip()
            for line in words((ROOT / name).read_text(encoding="utf-8"))
            if "torchkata " in line
        }
        for name in ("README.md", "README.zh.md")
    )
    assert {line for line in english if line.startswith(".venv")} == {
        line for line in chinese if line.startswith(".venv")
    }


def test_contributing_says_why_each_dependency_is_there() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = project["dependencies"] + project["optional-dependencies"]["dev"]
    names = {re.split(r"[<>=!~\[ ]", line)[0] for line in declared}
    front = json.loads((ROOT / "frontend" / "package.json").read_text(encoding="utf-8"))
    names |= {*front["dependencies"], *front["devDependencies"]}
    table = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("## Dependencies")[1]
    explained = {name.strip() for row in re.findall(r"(?m)^\| ([\w@/*., -]+) \|", table) for name in row.split(",")}
    families = {name.removesuffix("*") for name in explained if name.endswith("/*")}
    assert {name for name in names if not name.startswith(tuple(families))} == {
        name for name in explained - {"package"} if not name.endswith("/*")
    }
    assert all(any(name.startswith(family) for name in names) for family in families)


def test_every_declared_dependency_has_an_exact_version_in_the_constraints() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", pin) for pin in pins)
    pinned = {pin.split("==")[0].lower().replace("_", "-") for pin in pins}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = project["dependencies"] + project["optional-dependencies"]["dev"]
    assert {re.split(r"[<>=!~\[ ]", line)[0].lower() for line in declared} <= pinned
