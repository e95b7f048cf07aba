"""Builds the zygote's root and namespaces, starts it, and waits for its end.

Run as `python -I -S launcher.py CONFIG_FD CONTROL_FD ZYGOTE_FD`. As root: own mount namespace, build the root with root's
rights (Python may lie under /root), give the rights up, then all namespaces. As an ordinary user: all namespaces first,
which give the right to mount. Then fork: the child is process 1, makes the root its own and executes Python with an empty
environment. The launcher stays as a waiter: it dies with the host, the zygote dies with it. The first pivot only moves the
host's root to /old, so that no folder of the host serves as a mount point and hides something.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import types
from typing import Any, NoReturn

_HERE = os.path.dirname(os.path.abspath(__file__))
for _name, _path in (("graders", os.path.dirname(_HERE)), ("graders.sandbox", _HERE)):
    # Stand-ins for the packages: the launcher needs one module of them, and every import counts at a cold start.
    if _name not in sys.modules:
        _package = types.ModuleType(_name)
        _package.__path__ = [_path]
        sys.modules[_name] = _package

from graders.sandbox import syscalls  # noqa: E402

NOBODY = 65531  # no account has it; as real uid 0, limits on processes would not count and files of root would be ours
STATIC = syscalls.MOUNT_ATTR_RDONLY | syscalls.MOUNT_ATTR_NOSUID
ALL_NAMESPACES = (
    syscalls.CLONE_NEWUSER
    | syscalls.CLONE_NEWNS
    | syscalls.CLONE_NEWPID
    | syscalls.CLONE_NEWNET
    | syscalls.CLONE_NEWIPC
    | syscalls.CLONE_NEWUTS
)
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class Stage:
    """Names the step that is being done, for the message when it fails."""

    name = "start"


def main(config_fd: int, control_fd: int, zygote_fd: int) -> None:
    """Ends with the zygote's exit code; writes {"stage", "errno", "message"} to stderr when a step fails."""
    with open(config_fd, "rb") as file:
        config = json.loads(file.read())
    follow_parent(config["parent"])
    command = [config["python"], "-I", "-S", config["zygote"], str(control_fd), str(zygote_fd)]
    try:
        if config["isolated"]:
            pid = start_isolated(config, command)
        else:
            pid = start_bare(config, command)
    except OSError as error:
        tell(error)
        os._exit(70)
    os.close(control_fd)  # the zygote's death must close the channel
    os.write(2, b"\n" + json.dumps({"zygote": pid}).encode() + b"\n")
    _, status = os.waitpid(pid, 0)
    os._exit(0 if status == 0 else 1)


def tell(error: OSError) -> None:
    """One line for the host; a traceback would be for us."""
    message = f"{error.strerror}: {error.filename}" if error.filename else str(error.strerror)
    words = {"stage": Stage.name, "errno": error.errno, "message": message}
    os.write(2, b"\n" + json.dumps(words).encode() + b"\n")


def follow_parent(parent: int) -> None:
    """Dies with the parent; ends at once when it is gone already. Every change of credentials undoes it."""
    syscalls.die_with_parent(signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def start_bare(config: dict[str, Any], command: list[str]) -> int:
    """Without namespaces: an ordinary uid where possible, and an empty environment."""
    Stage.name = "user"
    if config["locked"] and os.geteuid() == 0 and may_change_user():
        become_nobody()
        follow_parent(config["parent"])
    pid = os.fork()
    if pid == 0:
        execute(command)
    return pid


def start_isolated(config: dict[str, Any], command: list[str]) -> int:
    """With all namespaces and the private root."""
    root = os.geteuid() == 0 and may_change_user()
    if root:
        Stage.name = "mounts"
        syscalls.unshare(syscalls.CLONE_NEWNS)
        build_root(config["layout"])
        Stage.name = "user"
        become_nobody()
    uid, gid = os.getuid(), os.getgid()
    Stage.name = "user_namespaces"
    syscalls.unshare(ALL_NAMESPACES)
    follow_parent(config["parent"])
    map_user("/old" if root else "", uid, gid)
    if not root:
        Stage.name = "mounts"
        build_root(config["layout"])
    pid = os.fork()
    if pid == 0:
        try:
            enter_root()
            execute(command)
        except OSError as error:
            tell(error)
        finally:
            os._exit(70)
    return pid


def may_change_user() -> bool:
    """False for root of a user namespace that holds nobody else."""
    with open("/proc/self/uid_map") as file:
        return any(int(first) <= NOBODY < int(first) + int(count) for first, _, count in map(str.split, file))


def become_nobody() -> None:
    """Gives root's rights up for good."""
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    # Changing the user made /proc/self root's own, and the maps could not be written.
    syscalls.prctl(syscalls.PR_SET_DUMPABLE, 1)


def map_user(old: str, uid: int, gid: int) -> None:
    """Root of the new user namespace is the user outside, and nobody else exists."""
    Stage.name = "user_map"
    for name, text in (("uid_map", f"0 {uid} 1"), ("setgroups", "deny"), ("gid_map", f"0 {gid} 1")):
        with open(f"{old}/proc/self/{name}", "w") as file:
            file.write(text)


def build_root(layout: dict[str, Any]) -> None:
    """The root at /new, the host's own at /old."""
    syscalls.mount("none", "/", None, syscalls.MS_REC | syscalls.MS_PRIVATE)
    flags = syscalls.MS_NOSUID | syscalls.MS_NODEV
    syscalls.mount("tmpfs", "/tmp", "tmpfs", flags, "size=1m,mode=755")
    os.mkdir("/tmp/old")
    os.mkdir("/tmp/new")
    Stage.name = "pivot_root"
    syscalls.pivot_root("/tmp", "/tmp/old")
    os.chdir("/")
    Stage.name = "mounts"
    syscalls.mount("tmpfs", "/new", "tmpfs", syscalls.MS_NOSUID, "size=16m,mode=755")
    for folder in ("proc", "sys", "tmp", "dev", "dev/shm"):
        os.makedirs(f"/new/{folder}", mode=0o755, exist_ok=True)
    for source, target in layout["folders"]:
        os.makedirs(f"/new{target}", exist_ok=True)
        add(source, target, STATIC | syscalls.MOUNT_ATTR_NODEV)
    for source, target in layout["files"]:
        add_file(source, target, STATIC | syscalls.MOUNT_ATTR_NODEV)
    for name in layout["devices"]:
        add_file(f"/dev/{name}", f"/dev/{name}", STATIC | syscalls.MOUNT_ATTR_NOEXEC)
    for text, target in layout["links"]:
        os.makedirs(os.path.dirname(f"/new{target}"), exist_ok=True)
        os.symlink(text, f"/new{target}")
    for target in layout["covered"]:
        flags = syscalls.MS_RDONLY | syscalls.MS_NOSUID | syscalls.MS_NODEV
        syscalls.mount("tmpfs", f"/new{target}", "tmpfs", flags, "size=4k,nr_inodes=2,mode=755")
    for target, text in layout["staged"].items():
        os.makedirs(os.path.dirname(f"/new{target}"), exist_ok=True)
        with open(f"/new{target}", "w", encoding="utf-8") as file:
            file.write(text)


def add(source: str, target: str, attributes: int) -> None:
    """Binds and freezes a tree; what was mounted inside it comes along, frozen too."""
    syscalls.bind(f"/old{source}", f"/new{target}")
    syscalls.mount_setattr(f"/new{target}", attributes, recursive=True)


def add_file(source: str, target: str, attributes: int) -> None:
    """Binds one file onto an empty one."""
    os.makedirs(os.path.dirname(f"/new{target}"), exist_ok=True)
    os.close(os.open(f"/new{target}", os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o644))
    add(source, target, attributes)


def enter_root() -> None:
    """Process 1 takes the new root. Its mounts are locked, since they came from outside: a bind of the whole is not."""
    Stage.name = "zygote_root"
    syscalls.die_with_parent(signal.SIGKILL)
    syscalls.bind("/new", "/new")
    try:
        flags = syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOEXEC
        syscalls.mount("proc", "/new/proc", "proc", flags)
    except OSError:
        # Containers mask parts of /proc and then refuse a fresh one. It is unmounted before the first jail in any case.
        syscalls.bind("/old/proc", "/new/proc")
    syscalls.bind("/old/sys", "/new/sys")  # cpuinfo reads the processors there; unmounted like /proc
    os.chdir("/new")
    Stage.name = "pivot_root"
    syscalls.pivot_root(".", ".")
    syscalls.unmount(".")
    os.chdir("/")
    Stage.name = "zygote_root"
    # The top alone: frozen recursively, /proc could not be used, and without devices /dev/null neither.
    syscalls.mount_setattr("/", STATIC | syscalls.MOUNT_ATTR_NODEV, recursive=False)


def execute(command: list[str]) -> NoReturn:
    """Python by its absolute path, or it takes the wrong prefix; nothing of the host's environment."""
    Stage.name = "zygote_start"
    os.execve(command[0], command, ENVIRONMENT)


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:4]))
