"""Runs a script under withheld rights: `circumstances.py JSON SCRIPT ARGS...`, JSON an object with any of

deny: system calls refused with EPERM by a real filter; uid: an ordinary user (only from root); cgroup: the name of one that is
delegated to that user; read_only: cgroups mounted read-only; full: folders that lie on a disk without room. A Python, an
environment or a checkout below a folder that only root may enter (as /root) is made reachable by binds in a mount namespace
of its own.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from pathlib import Path
from typing import Any

from graders.sandbox import cgroup, syscalls


def reachable(path: Path) -> bool:
    """True when everybody may enter every folder above."""
    return all(parent.stat().st_mode & 0o001 for parent in path.parents)


def expose(paths: list[Path]) -> None:
    """Lays an open folder over each closed one above the paths, and binds the paths back into it."""
    hidden = [path for path in paths if not reachable(path)]
    opened = {path: os.open(path, os.O_PATH) for path in hidden}
    for path in hidden:
        closed = next(parent for parent in reversed(path.parents) if not parent.stat().st_mode & 0o001)
        syscalls.mount("tmpfs", str(closed), "tmpfs", 0, "mode=755")
        for other in hidden:
            if closed in other.parents:
                other.mkdir(parents=True, exist_ok=True)
                syscalls.bind(f"/proc/self/fd/{opened[other]}", str(other))
    for fd in opened.values():
        os.close(fd)


def delegate(uid: int, name: str) -> None:
    """Moves this process into cgroups of this name that belong to the user."""
    for hierarchy in cgroup.discover():
        folder = hierarchy.base / name
        folder.mkdir()
        for entry in (
            folder,
            *(folder / name for name in ("cgroup.procs", "cgroup.threads", "cgroup.subtree_control")),
        ):
            if entry.exists():
                os.chown(entry, uid, uid)
        (folder / "cgroup.procs").write_text("0")


def freeze_cgroups() -> None:
    """Every cgroup mount becomes read-only, for this process and those below."""
    for mounted in cgroup.mounted():
        syscalls.mount_setattr(str(mounted.root), syscalls.MOUNT_ATTR_RDONLY, recursive=True)


def fill(folder: str) -> None:
    """A tiny file system over a folder, without a free byte or a free file."""
    os.makedirs(folder, exist_ok=True)
    syscalls.mount("tmpfs", folder, "tmpfs", 0, "size=4k,nr_inodes=3,mode=1777")
    with open(f"{folder}/full", "wb", buffering=0) as file:
        file.write(b"x" * 4096)
    open(f"{folder}/last", "wb").close()


def deny(names: list[str]) -> None:
    """Refuses system calls from here on."""
    import pyseccomp

    made = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    for name in names:
        made.add_rule(pyseccomp.ERRNO(errno.EPERM), name)
    made.load()


def main(words: dict[str, Any], command: list[str]) -> None:
    """Arranges everything, then becomes the script."""
    project = Path(__file__).resolve().parents[3]
    python = sys.executable
    uid = words.get("uid") if os.geteuid() == 0 else None
    if words.get("read_only") or words.get("full") or uid is not None:
        syscalls.unshare(syscalls.CLONE_NEWNS)
        syscalls.mount("none", "/", None, syscalls.MS_REC | syscalls.MS_PRIVATE)
    if words.get("read_only"):
        freeze_cgroups()
    for folder in words.get("full", ()):
        fill(folder)
    if uid is not None:
        expose([Path(sys.base_prefix), Path(sys.prefix), project])
        if words.get("cgroup"):
            delegate(uid, words["cgroup"])
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    if words.get("deny"):
        deny(words["deny"])
    os.chdir("/")
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(project), "PYTHONDONTWRITEBYTECODE": "1"}
    os.execve(python, [python, *command], environment)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), sys.argv[2:])
