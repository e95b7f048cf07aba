"""Memory and process counts of a jail: one leaf a jail, in version 1 or version 2 of control groups.

A group holds the leaves of one sandbox, at `BASE/torchkata-TOKEN/jail-N`. Its folder is locked for as long as the sandbox
lives, so that the next one can tell a left-over (its owner was killed) from a living neighbour. The host opens a leaf's
cgroup.procs and hands the descriptor to the jail, which writes "0" into it before anything else: the kernel checks the rights
of whoever opened it, and nobody has to wait for anybody.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graders.sandbox.levels import Limits, SandboxFault

PREFIX = "torchkata-"
# An empty jail's own pages: what it copies of the zygote while it locks itself, measured at 1.3 to 7 MiB.
OVERHEAD = 8 << 20
NEEDED = ("memory", "pids")
FAIR = (
    "cpu"  # used where it may be: without it a jail of 60 busy processes takes 60 shares, and its neighbour's run one
)


class NoCgroup(SandboxFault):
    """Memory and processes cannot be bounded by a control group."""

    def __init__(self, error: OSError | None, cause: str, cure: str) -> None:
        super().__init__("cgroup", cause, cure)
        self.errno = error.errno if error else None


@dataclass(frozen=True)
class Hierarchy:
    """Where leaves of some controllers are made."""

    base: Path  # folder that will hold our group
    controllers: tuple[str, ...]
    unified: bool  # version 2


@dataclass(frozen=True)
class Mounted:
    """A cgroup file system and this process's folder in it."""

    root: Path
    own: Path
    controllers: tuple[str, ...]
    unified: bool


def mounted(proc: Path = Path("/proc/self")) -> list[Mounted]:
    """The hierarchies that this process can see, from mountinfo and cgroup."""
    paths: dict[str, str] = {}
    for line in (proc / "cgroup").read_text().splitlines():
        _, names, path = line.split(":", 2)
        for name in names.split(",") if names else ["unified"]:
            paths[name] = path
    found = []
    for line in (proc / "mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        if kind not in ("cgroup", "cgroup2"):
            continue
        root, point = (word.encode().decode("unicode_escape") for word in before.split(" ")[3:5])
        controllers = (
            ("unified",) if kind == "cgroup2" else tuple(n for n in options.split()[-1].split(",") if n in paths)
        )
        if not controllers or controllers[0] not in paths:
            continue
        path = paths[controllers[0]]
        inner = os.path.relpath(path, root) if path.startswith(root) else "."  # a bind of a part, as in containers
        own = Path(point) if inner == "." else Path(point) / inner
        if own.is_dir():
            found.append(Mounted(Path(point), own, controllers, kind == "cgroup2"))
    return found


def discover() -> list[Hierarchy]:
    """Where this process may make leaves with memory and pids. Raises NoCgroup with cause and cure."""
    seen = mounted()
    old = [m for m in seen if not m.unified and any(name in m.controllers for name in NEEDED)]
    if {name for m in old for name in m.controllers} >= set(NEEDED):
        for m in old:
            _require_writable(m.own)
        old += [m for m in seen if not m.unified and FAIR in m.controllers and m not in old and _writable(m.own)]
        return [Hierarchy(m.own, tuple(n for n in m.controllers if n in (*NEEDED, FAIR)), False) for m in old]
    for m in seen:
        if m.unified:
            return [Hierarchy(_delegated(m), NEEDED, True)]
    cause = "no cgroup file system with the controllers memory and pids is mounted"
    raise NoCgroup(None, cause, "mount cgroup2 at /sys/fs/cgroup, or in a container use --cgroupns=private")


def _require_writable(folder: Path) -> None:
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        error = OSError(errno.EROFS, "read-only")
        cure = (
            "Docker 28 and newer: --security-opt writable-cgroups=true with --cgroupns=private, and deploy/entrypoint run "
            "as root (docs/deploy.md)"
        )
        raise NoCgroup(error, f"{folder} is mounted read-only", cure)
    if not os.access(folder, os.W_OK | os.X_OK):
        error = OSError(errno.EACCES, "not delegated")
        cure = (
            "run it in a delegated cgroup (systemd-run --user --scope -p Delegate=yes torchkata ..., or the units of "
            "deploy/systemd), or chown a cgroup with its cgroup.procs to this user and start it there"
        )
        raise NoCgroup(error, f"this user may not make cgroups in {folder}", cure)


def _writable(folder: Path) -> bool:
    try:
        _require_writable(folder)
    except NoCgroup:
        return False
    return True


def _delegated(found: Mounted) -> Path:
    """The version 2 folder for our group: its children get memory and pids, and it holds no process itself."""
    own = found.own
    parent = own.parent if own != found.root else None
    writable = parent is not None and all(os.access(place, os.W_OK) for place in (parent, parent / "cgroup.procs"))
    if parent is not None and writable and (_enabled(parent) or _enable(parent) is None):
        return parent
    _require_writable(own)
    if _enabled(own):
        return own
    missing = [name for name in NEEDED if name not in _words(own / "cgroup.controllers")]
    if missing:
        cure = f"enable them above it: echo '+{' +'.join(missing)}' into the parent's cgroup.subtree_control, or Delegate=yes"
        raise NoCgroup(None, f"{own} has not got the controllers {', '.join(missing)}", cure)
    _make_room(own)
    error = _enable(own)
    if error is not None:
        cure = "move every process of it into a cgroup below it first; version 2 allows none beside children with controllers"
        raise NoCgroup(error, f"controllers cannot be passed on in {own}: {error.strerror}", cure)
    return own


def _words(file: Path) -> list[str]:
    try:
        return file.read_text().split()
    except OSError:
        return []


def _enabled(folder: Path) -> bool:
    return set(NEEDED) <= set(_words(folder / "cgroup.subtree_control"))


def _enable(folder: Path) -> OSError | None:
    try:
        (folder / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in NEEDED))
    except OSError as error:
        return error
    return None


def _make_room(own: Path) -> None:
    """Moves the processes of a delegated folder one level down: version 2 allows none in an inner one."""
    room = own / (PREFIX + "host")
    try:
        room.mkdir(exist_ok=True)
    except OSError:
        return  # enabling the controllers says what is wrong
    for pid in _words(own / "cgroup.procs"):
        try:
            (room / "cgroup.procs").write_text(pid)
        except OSError:
            continue  # it ended meanwhile, or may not be moved; then too, enabling says so


class Group:
    """The leaves of one sandbox."""

    def __init__(self, hierarchies: list[Hierarchy], limits: Limits) -> None:
        self.hierarchies = hierarchies
        self.limits = limits
        self.folders: list[Path] = []
        self._locks: list[int] = []
        self._left: list[Leaf] = []  # could not be removed: something was still dying in them
        self._number = 0

    @classmethod
    def open(cls, limits: Limits) -> Group:
        """Makes a group where this process may. Raises NoCgroup."""
        group = cls(discover(), limits)
        try:
            group._make()
        except OSError as error:
            group.close()
            cure = "see whether the cgroup is writable and its limits allow children (cgroup.max.descendants)"
            raise NoCgroup(error, f"a cgroup cannot be made: {error}", cure) from error
        return group

    def words(self) -> list[list[Any]]:
        """What another process has to know to make leaves in it."""
        pairs = zip(self.folders, self.hierarchies, strict=True)
        return [[str(folder), str(h.base), list(h.controllers), h.unified] for folder, h in pairs]

    @classmethod
    def known(cls, words: list[list[Any]], limits: Limits) -> Group:
        """A group of another process; it is that one's to remove."""
        group = cls([Hierarchy(Path(base), tuple(names), unified) for _, base, names, unified in words], limits)
        group.folders = [Path(folder) for folder, *_ in words]
        return group

    def _make(self) -> None:
        token = secrets.token_hex(6)
        for hierarchy in self.hierarchies:
            sweep(hierarchy.base)
            folder = hierarchy.base / (PREFIX + token)
            folder.mkdir()
            self.folders.append(folder)
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            self._locks.append(lock)
            fcntl.flock(lock, fcntl.LOCK_SH)
            if hierarchy.unified:
                error = _enable(folder)
                if error is not None:
                    raise error
                for place in (hierarchy.base, folder):
                    _set(place / "cgroup.subtree_control", f"+{FAIR}", optional=True)
            # The leaves weigh the same among themselves; together as much as one ordinary process on each processor.
            processors = os.cpu_count() or 1
            _set(folder / "cpu.weight", str(min(10_000, 100 * processors)), optional=True)
            _set(folder / "cpu.shares", str(min(1 << 18, 1024 * processors)), optional=True)

    def leaf(self) -> Leaf:
        """A fresh leaf with its limits set. Safe in every process that was forked from the maker."""
        left = self._left[:]
        self._left.clear()
        for old in left:
            old.remove(0)
        self._number += 1
        name = f"jail-{os.getpid()}-{self._number}"
        leaf = Leaf([(folder / name, h) for folder, h in zip(self.folders, self.hierarchies, strict=True)], self._left)
        try:
            leaf.make(self.limits)
        except OSError:
            leaf.remove(0)
            raise
        return leaf

    def close(self) -> None:
        """Removes the group; leaves that still hold a dying process are waited for briefly."""
        for folder in self.folders:
            remove_tree(folder, time.monotonic() + 2)
        for lock in self._locks:
            os.close(lock)
        self.folders, self._locks = [], []


class Leaf:
    """One jail's folders."""

    def __init__(self, folders: list[tuple[Path, Hierarchy]], left: list[Leaf]) -> None:
        self._folders = folders
        self._left = left  # of its group, which tries again
        self._of = {name: folder for folder, hierarchy in folders for name in hierarchy.controllers}
        self._unified = folders[0][1].unified
        self._last_peak: int | None = None

    def make(self, limits: Limits) -> None:
        """The folders, with no swap and bounded memory and processes."""
        for folder, _ in self._folders:
            folder.mkdir()
        memory, amount = self._of["memory"], str(limits.memory + OVERHEAD)
        if self._unified:
            _set(memory / "memory.max", amount)
            _set(memory / "memory.swap.max", "0", optional=True)
            _set(memory / "memory.oom.group", "1", optional=True)
        else:
            _set(memory / "memory.limit_in_bytes", amount)
            _set(memory / "memory.memsw.limit_in_bytes", amount, optional=True)
            _set(memory / "memory.swappiness", "0", optional=True)
        _set(self._of["pids"] / "pids.max", str(limits.pids))

    def open_procs(self) -> list[int]:
        """cgroup.procs of each hierarchy, for the jail to write "0" into."""
        return [os.open(folder / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC) for folder, _ in self._folders]

    def occupied(self) -> bool:
        """True when a process is counted in it. Not cgroup.procs: version 1 takes 0.1 ms to list one process."""
        return bool(self.memory()) and self._number("pids", "pids.current") == 1

    def memory(self) -> int | None:
        """Bytes in use now."""
        return self._number("memory", "memory.current" if self._unified else "memory.usage_in_bytes")

    def peak(self) -> int | None:
        """The most bytes that were in use at once; also after the removal."""
        value = self._number("memory", "memory.peak" if self._unified else "memory.max_usage_in_bytes")
        if value is not None:
            self._last_peak = value
        return self._last_peak

    def out_of_memory(self) -> bool:
        """True when the kernel killed a process of it for memory."""
        words = _words(self._of["memory"] / ("memory.events" if self._unified else "memory.oom_control"))
        pairs = dict(zip(words[::2], words[1::2], strict=False))
        return int(pairs.get("oom_kill", "0")) > 0

    def _number(self, controller: str, name: str) -> int | None:
        try:
            fd = os.open(f"{self._of[controller]}/{name}", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            return int(os.read(fd, 32))
        finally:
            os.close(fd)

    def kill(self) -> None:
        """SIGKILL to all in it, several times where version 1 has no single word for it."""
        for folder, _ in self._folders:
            if self._unified and _set(folder / "cgroup.kill", "1", optional=True):
                continue
            for pid in _words(folder / "cgroup.procs"):
                try:
                    # The number cannot have passed to a stranger unnoticed for long: it was read from our own leaf just now.
                    os.kill(int(pid), signal.SIGKILL)
                except (ProcessLookupError, PermissionError):
                    pass

    def remove(self, timeout: float = 2) -> bool:
        """Removes the folders, waiting for what is still dying in them. False when that took too long."""
        deadline = time.monotonic() + timeout
        gone = [_remove(folder, deadline) for folder, _ in self._folders]  # all of them, also after a failure
        if not all(gone):
            self._left.append(self)
        return all(gone)


def _set(file: Path, value: str, *, optional: bool = False) -> bool:
    try:
        # Not write_text: it would make a regular file where a kernel lacks the setting, if this were no cgroup.
        fd = os.open(file, os.O_WRONLY | os.O_CLOEXEC)
    except OSError:
        if optional:
            return False
        raise
    try:
        os.write(fd, value.encode())
    except OSError:
        if not optional:
            raise
        return False
    finally:
        os.close(fd)
    return True


def _remove(folder: Path, deadline: float) -> bool:
    pause = 0.0005
    while True:
        try:
            folder.rmdir()
        except FileNotFoundError:
            return True
        except OSError as error:
            if error.errno not in (errno.EBUSY, errno.ENOTEMPTY) or time.monotonic() >= deadline:
                return False
            time.sleep(pause)  # no descriptor tells when a group is empty, in both versions
            pause = min(pause * 2, 0.02)
        else:
            return True


def remove_tree(folder: Path, deadline: float) -> bool:
    """Removes a group with its leaves."""
    try:
        leaves = [Path(entry.path) for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return not folder.exists()
    for leaf in leaves:
        _remove(leaf, deadline)
    return _remove(folder, deadline)


def sweep(base: Path) -> None:
    """Removes groups whose owner is gone: nobody holds their lock and no process is in them."""
    for folder in base.glob(PREFIX + "*"):
        if folder.name == PREFIX + "host":
            continue
        try:
            fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            age = time.time() - os.fstat(fd).st_mtime
            if age > 60:  # a younger one may be between being made and being locked
                remove_tree(folder, time.monotonic())
        except OSError:
            pass
        finally:
            os.close(fd)
