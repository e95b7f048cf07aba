"""Landlock, tried in a process of its own."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from graders.sandbox import landlock, syscalls


def answer_of(work: Callable[[], object]) -> str:
    """What `work` gave or raised in a forked process."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            text = str(work())
        except OSError as error:
            text = f"errno {error.errno}"
        os.write(writer, text.encode())
        os._exit(0)
    os.close(writer)
    with open(reader) as file:
        text = file.read()
    os.waitpid(pid, 0)
    return text


def restricted(readable: list[str], writable: list[str]) -> None:
    syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)
    landlock.restrict(readable, writable)


def test_only_what_is_allowed_can_be_read_and_written(tmp_path: Path) -> None:
    for name in ("open", "closed", "free"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)

    def tried(name: str, mode: str) -> Callable[[], object]:
        def work() -> object:
            restricted([str(tmp_path / "open"), str(tmp_path / "missing")], [str(tmp_path / "free")])
            with open(tmp_path / name / "file", mode) as file:
                return file.read() if mode == "r" else file.write("new")

        return work

    assert answer_of(tried("open", "r")) == "open"
    assert answer_of(tried("open", "w")) == "errno 13"
    assert answer_of(tried("closed", "r")) == "errno 13"
    assert answer_of(tried("free", "w")) == "3"


def test_a_single_file_can_be_allowed(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("text")

    def work() -> str:
        restricted([str(file)], [])
        return file.read_text()

    assert answer_of(work) == "text"


def test_a_process_outside_gets_no_signal() -> None:
    def work() -> None:
        parent = os.getppid()
        restricted([], [])
        os.kill(parent, 0)

    # Kernels before ABI 6 cannot forbid it; there the pid namespace does.
    assert answer_of(work) == ("errno 1" if syscalls.landlock_abi() >= 6 else "None")


@pytest.mark.parametrize(("abi", "size"), [(1, 8), (3, 8), (4, 16), (5, 16), (6, 24), (7, 24)])
def test_every_version_is_asked_for_no_more_than_it_knows(abi: int, size: int) -> None:
    files, net, scopes, known = landlock.handled(abi)
    assert known == size
    assert bool(net) == (abi >= 4)
    assert bool(scopes) == (abi >= 6)
    assert bool(files & landlock.IOCTL_DEV) == (abi >= 5)
