"""Leaves, and where they may be made: real groups here, and written records of other machines for what this one has not."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from graders.sandbox import Limits, cgroup


def record(folder: Path, mountinfo: str, groups: str) -> Path:
    """A folder as /proc/self would say it."""
    proc = folder / "proc"
    proc.mkdir()
    (proc / "mountinfo").write_text(mountinfo)
    (proc / "cgroup").write_text(groups)
    return proc


def test_version_2_is_found_in_its_own_folder(tmp_path: Path) -> None:
    own = tmp_path / "fs" / "user.slice" / "run.scope"
    own.mkdir(parents=True)
    line = f"30 23 0:26 / {tmp_path}/fs rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
    (found,) = cgroup.mounted(record(tmp_path, line, "0::/user.slice/run.scope\n"))
    assert (found.own, found.unified, found.controllers) == (own, True, ("unified",))


def test_a_container_that_binds_a_part_of_the_tree_is_understood(tmp_path: Path) -> None:
    own = tmp_path / "fs" / "inner"
    own.mkdir(parents=True)
    line = f"30 23 0:26 /docker/abc {tmp_path}/fs rw - cgroup cgroup rw,memory\n"
    (found,) = cgroup.mounted(record(tmp_path, line, "4:memory:/docker/abc/inner\n"))
    assert (found.own, found.unified, found.controllers) == (own, False, ("memory",))


def test_hierarchies_of_version_1_that_share_a_mount_are_one(tmp_path: Path) -> None:
    (tmp_path / "fs").mkdir()
    line = f"30 23 0:26 / {tmp_path}/fs rw - cgroup cgroup rw,pids,memory\n"
    (found,) = cgroup.mounted(record(tmp_path, line, "4:pids,memory:/\n"))
    assert set(found.controllers) == {"pids", "memory"}


def test_a_leaf_bounds_counts_and_goes() -> None:
    group = cgroup.Group.open(Limits(memory=64 << 20, pids=5))
    try:
        leaf = group.leaf()
        files = leaf.open_procs()
        code = "import os, sys\nfor fd in sys.argv[1:]: os.write(int(fd), b'0')\nkept = bytearray(1 << 30)"
        done = subprocess.run([sys.executable, "-I", "-c", code, *map(str, files)], pass_fds=files, check=False)
        for fd in files:
            os.close(fd)
        assert done.returncode == -9
        assert leaf.out_of_memory()
        peak = leaf.peak()
        assert peak is not None
        assert peak <= (64 << 20) + cgroup.OVERHEAD
        assert not leaf.occupied()
        assert leaf.remove()
        assert leaf.peak() == peak
    finally:
        group.close()
    assert group.folders == []


def test_leaves_of_a_killed_owner_are_swept_and_those_of_a_living_one_stay() -> None:
    living = cgroup.Group.open(Limits())
    try:
        base = living.folders[0].parent
        left = base / f"{cgroup.PREFIX}left-over-{os.getpid()}"
        (left / "jail-1-1").mkdir(parents=True)
        old = time.time() - 3600
        for folder in (left, *living.folders):
            os.utime(folder, (old, old))
        cgroup.sweep(base)
        assert not left.exists()
        assert all(folder.exists() for folder in living.folders)
    finally:
        living.close()


def tree(folder: Path, **files: str) -> Path:
    """A folder with the files of a version 2 cgroup."""
    folder.mkdir()
    for name, text in files.items():
        (folder / name.replace("_", ".", 1)).write_text(text)
    return folder


def unified(root: Path, own: Path) -> cgroup.Mounted:
    return cgroup.Mounted(root, own, ("unified",), True)


def test_version_2_makes_leaves_beside_a_supervisor_in_a_delegated_parent(tmp_path: Path) -> None:
    parent = tree(tmp_path / "unit", cgroup_procs="", cgroup_controllers="cpu memory pids", cgroup_subtree_control="")
    own = tree(parent / "supervisor", cgroup_procs="1\n", cgroup_controllers="memory pids", cgroup_subtree_control="")
    assert cgroup._delegated(unified(tmp_path, own)) == parent
    assert (parent / "cgroup.subtree_control").read_text() == "+memory +pids"


def test_version_2_moves_its_processes_down_at_the_top_of_a_container(tmp_path: Path) -> None:
    own = tree(tmp_path / "top", cgroup_procs="1\n7\n", cgroup_controllers="memory pids", cgroup_subtree_control="")
    assert cgroup._delegated(unified(own, own)) == own
    assert (own / "torchkata-host" / "cgroup.procs").read_text() == "7"  # each pid is one write
    assert (own / "cgroup.subtree_control").read_text() == "+memory +pids"


def test_version_2_without_controllers_names_them(tmp_path: Path) -> None:
    own = tree(tmp_path / "top", cgroup_procs="", cgroup_controllers="cpu", cgroup_subtree_control="")
    with pytest.raises(cgroup.NoCgroup, match="memory, pids"):
        cgroup._delegated(unified(own, own))


def writable_bases() -> list[cgroup.Hierarchy]:
    """One of each version, where this machine has them."""
    found = {m.unified: m for m in cgroup.mounted() if os.access(m.own, os.W_OK)}
    return [cgroup.Hierarchy(m.own, cgroup.NEEDED, unified) for unified, m in found.items()]


def test_a_kill_reaches_every_process_of_a_leaf_in_both_versions() -> None:
    code = "import os, time\nos.fork()\nprint('here', flush=True)\ntime.sleep(600)"
    for number, hierarchy in enumerate(writable_bases()):
        folder = hierarchy.base / f"{cgroup.PREFIX}kill-{os.getpid()}-{number}"
        folder.mkdir()
        leaf = cgroup.Leaf([(folder, hierarchy)], [])
        (joining,) = leaf.open_procs()
        join = f"import os\nos.write({joining}, b'0')\n"
        command = [sys.executable, "-I", "-S", "-c", join + code]
        with subprocess.Popen(command, pass_fds=[joining], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == process.stdout.readline() == b"here\n"
            leaf.kill()
            assert process.stdout.read() == b""  # every process that could write is dead
        os.close(joining)
        assert process.returncode == -9
        assert leaf.remove()
