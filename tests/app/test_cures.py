"""Every cure that `doctor` may name is there in Chinese, and leads to files that exist."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cures import CHINESE, cure_in
from graders.sandbox import parts
from tests.conftest import ROOT


def written(node: ast.expr) -> str:
    """A string as it is when it is said; what is filled in is an X."""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)
    assert isinstance(node, ast.Constant)
    return str(node.value)


def cures() -> Iterator[str]:
    """All of parts.py, and whatever is assigned to `cure` elsewhere."""
    yield from (cure for cure in parts._CURES.values())
    for file in ("graders/sandbox/cgroup.py", "app/doctor.py"):
        for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "cure":
                yield written(node.value)
    yield "repair user_namespaces first"


@pytest.mark.parametrize("cure", sorted(set(cures())))
def test_a_cure_is_there_in_chinese(cure: str) -> None:
    chinese = cure_in("zh", cure)
    assert re.search("[\u4e00-\u9fff]", chinese), cure
    assert not re.search(r"\b(the|with|into|first|or)\b", chinese), chinese
    assert cure_in("en", cure) == cure


@pytest.mark.parametrize("text", sorted({*cures(), *CHINESE.values()}))
def test_a_file_that_a_cure_names_exists(text: str) -> None:
    for path in re.findall(r"(?<![/\w])(?:deploy|docs)/[\w./]*\w", text):
        assert Path(ROOT, path).exists(), path


def test_part_of_a_sandbox_that_a_container_lacks_leads_to_the_container_s_files() -> None:
    assert "deploy/seccomp.json" in parts.cure_for("user_namespaces", 1)
    assert "deploy/apparmor/torchkata" in parts.cure_for("user_map", 13)
    assert "deploy/apparmor/torchkata" in parts.cure_for("mounts", 13)
    assert "deploy/entrypoint" in (ROOT / "graders/sandbox/cgroup.py").read_text(encoding="utf-8")


def test_a_cure_that_nobody_translated_is_said_as_it_is() -> None:
    assert cure_in("zh", "do what the kernel says") == "do what the kernel says"
