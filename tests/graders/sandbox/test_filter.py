"""The filter's bytes and their cache; what it refuses is tried in test_lockdown.py."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from graders.sandbox import filter as seccomp

FULL = seccomp.Profile(own_pids=True, memory_cgroup=True)
BARE = seccomp.Profile(own_pids=False, memory_cgroup=False)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "torchkata"


def test_a_filter_is_whole_instructions_within_the_kernels_limit() -> None:
    for profile in (FULL, BARE):
        program = seccomp.build(profile)
        assert len(program) % 8 == 0
        assert 0 < len(program) // 8 < 4096


def test_the_profile_without_a_pid_namespace_refuses_more() -> None:
    assert len(seccomp.build(BARE)) > len(seccomp.build(FULL))


def test_the_second_load_comes_from_the_cache_and_is_the_same(cache: Path) -> None:
    first = seccomp.load(FULL)
    (file,) = cache.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert seccomp.load(FULL) == first == seccomp.build(FULL)


@pytest.mark.parametrize("damage", [b"", b"x", b"\0" * 999])
def test_a_damaged_cache_is_built_anew(cache: Path, damage: bytes) -> None:
    first = seccomp.load(FULL)
    (file,) = cache.iterdir()
    file.write_bytes(damage)
    assert seccomp.load(FULL) == first
    assert len(file.read_bytes()) == len(first) + 32


def test_a_cache_that_others_could_write_is_not_believed(cache: Path) -> None:
    first = seccomp.load(FULL)
    (file,) = cache.iterdir()
    forged = seccomp.build(BARE)
    seccomp._write_own(file, forged)
    assert seccomp.load(FULL) == forged  # what the user wrote himself is his own
    seccomp._write_own(file, forged)
    os.chmod(file, 0o666)
    assert seccomp.load(FULL) == first
    seccomp._write_own(file, forged)
    os.chmod(cache, 0o777)
    assert seccomp.load(FULL) == first


def test_a_link_in_the_cache_is_not_followed(cache: Path, tmp_path: Path) -> None:
    first = seccomp.load(FULL)
    (file,) = cache.iterdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(file.read_bytes())
    file.unlink()
    file.symlink_to(elsewhere)
    assert seccomp.load(FULL) == first
    assert not file.is_symlink()


def test_a_user_without_a_home_only_loses_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert seccomp.load(FULL) == seccomp.build(FULL)


def test_profiles_are_kept_apart(cache: Path) -> None:
    assert seccomp.load(FULL) != seccomp.load(BARE)
    assert len(list(cache.iterdir())) == 2
