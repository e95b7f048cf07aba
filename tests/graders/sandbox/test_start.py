"""Starting, and what is said when it does not work."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from graders.sandbox import Isolation, IsolationRefused, Limits, Sandbox, SandboxFault, root, start


def failed(script: str = "", python: str | None = None) -> tuple[str, str]:
    """(part, cause) of a launcher with a changed layout and an own script in the zygote's place."""
    layout = replace(root.layout(), staged={"/torchkata/script.py": script}, python=python or root.base_python())
    config = start.configure(layout, isolated=True, locked=True, script="/torchkata/script.py")
    started = start.spawn(root.base_python(), config, {}, namespaces=True)
    try:
        found = start.find_failure(started, None)
        assert found is not None
        return found[0].name, found[0].cause
    finally:
        started.stop()


def test_a_python_that_is_not_there_is_named() -> None:
    part, cause = failed(python="/nowhere/python")
    assert part == "zygote_start"
    assert "/nowhere/python" in cause


def test_a_zygote_that_fails_tells_its_last_line() -> None:
    assert failed("raise RuntimeError('no libtorch here')") == (
        "zygote",
        "it ended while it started: RuntimeError: no libtorch here",
    )


def test_a_launcher_that_cannot_be_started_is_a_fault(tmp_path: Path) -> None:
    config = start.configure(root.layout(), isolated=True, locked=True, script="x")
    with pytest.raises(SandboxFault) as caught:
        start.spawn(str(tmp_path / "python"), config, {}, namespaces=True)
    assert caught.value.part == "launcher"


def test_a_step_of_the_lock_down_that_fails_is_our_fault_and_names_the_step() -> None:
    with Sandbox.start(limits=Limits(tmp=-1)) as sandbox:
        with pytest.raises(SandboxFault) as caught:
            sandbox.lane().take()
        assert not isinstance(caught.value, IsolationRefused)
        assert caught.value.part == "private_tmp"
        assert sandbox.alive()


def test_waiting_has_a_deadline() -> None:
    with Sandbox.start(Isolation.FULL) as sandbox, pytest.raises(SandboxFault, match="in time"):
        sandbox.wait_ready(timeout=0.001)


def test_a_fault_is_said_in_one_line_with_its_cure() -> None:
    assert str(SandboxFault("part", "it broke", "mend it")) == "part: it broke; mend it"
    assert str(SandboxFault("part", "it broke")) == "part: it broke"
