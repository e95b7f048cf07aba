"""What a freshly forked jail does to itself, step by step, before it may see a submission.

The order is fixed by the kernel: mounts need the zygote's user namespace, so they come before the jail's own; Landlock forbids
mounts, so it comes after them; the filter forbids almost all of the rest, so it comes last. The jail's own user namespace
gets no map at all: without one its uid can neither make further user namespaces nor become anybody else, while files in
/tmp still belong to the zygote's namespace and can be made. Imported in the jail, so: the standard library only.
"""

from __future__ import annotations

import fcntl
import os
import resource
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from graders.sandbox import landlock, syscalls

JOB, RESULT = 3, 4  # descriptors of a jail, beside 0 /dev/null, 1 stdout and 2 stderr
BROKEN_EXIT = 71  # a step of the lock-down failed; EX_OSERR of sysexits.h
_MMAP_LIMIT = 1 << 30
_NAMESPACES = syscalls.CLONE_NEWNS | syscalls.CLONE_NEWNET | syscalls.CLONE_NEWIPC | syscalls.CLONE_NEWUTS


class StepFailed(Exception):
    """A named step of the lock-down failed."""

    def __init__(self, part: str, error: BaseException) -> None:
        super().__init__(f"{part}: {error}")
        self.part = part
        self.errno = error.errno if isinstance(error, OSError) else None


@dataclass(frozen=True)
class Plan:
    """What every jail of a zygote does to itself; made by the host, sent to the zygote as JSON."""

    locked: bool  # False: no lock at all, rlimits only (for the operator's own code)
    namespaces: bool  # own namespaces, private /tmp and /dev/shm
    cgroup: bool  # the host passes cgroup.procs descriptors
    landlock: bool
    seccomp: bytes  # BPF; empty for none
    memory: int  # bytes above an empty jail
    pids: int
    tmp: int  # bytes of /tmp
    cpu_seconds: int
    files: int
    file_size: int
    readable: tuple[str, ...]  # for Landlock
    writable: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"seccomp": b64encode(self.seccomp).decode()}

    @classmethod
    def from_json(cls, words: dict[str, Any]) -> Plan:
        return cls(**words | {"seccomp": b64decode(words["seccomp"])})


def enter(plan: Plan, descriptors: list[int], address_space: int) -> list[str]:
    """Locks this process; gives the names of the steps taken. Raises StepFailed.

    descriptors: job, result, stdout, stderr, then cgroup.procs of each hierarchy. address_space: bytes that are mapped already.
    """
    job, result, out, err, *groups = descriptors
    steps: list[tuple[str, bool, Callable[[], object]]] = [
        ("cgroup", plan.cgroup, lambda: join_groups(groups)),
        ("descriptors", True, lambda: take_descriptors(job, result, out, err)),
        # kill(0) reaches the whole process group, the zygote too: no pid namespace bounds it.
        ("session", True, os.setsid),
        ("namespaces", plan.namespaces, unshare_namespaces),
        ("private_tmp", plan.namespaces, lambda: mount_private_tmp(plan.tmp)),
        ("user_namespace", plan.namespaces, lambda: syscalls.unshare(syscalls.CLONE_NEWUSER)),
        ("rlimits", True, lambda: set_limits(plan, address_space)),
        ("capabilities", plan.locked, lambda: drop_capabilities(plan.namespaces)),
        ("no_new_privs", plan.locked, lambda: syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)),
        ("landlock", plan.landlock, lambda: landlock.restrict(plan.readable, plan.writable)),
        ("not_dumpable", plan.locked, lambda: syscalls.prctl(syscalls.PR_SET_DUMPABLE, 0)),
        ("malloc", True, steady_malloc),
        ("seccomp", bool(plan.seccomp), lambda: syscalls.set_seccomp_filter(plan.seccomp)),
    ]
    taken = []
    for name, wanted, step in steps:
        if wanted:
            try:
                step()
            except Exception as error:  # whatever it is, the submission must not start
                raise StepFailed(name, error) from error
            taken.append(name)
    return taken


def join_groups(descriptors: list[int]) -> None:
    """Puts this process into its cgroup leaf, before it allocates anything: the host opened the files, 0 means myself."""
    for fd in descriptors:
        os.write(fd, b"0")


def take_descriptors(job: int, result: int, out: int, err: int) -> None:
    """Leaves /dev/null, stdout, stderr, the job and the result pipe open, and nothing else."""
    null = os.open("/dev/null", os.O_RDONLY)
    # Copies far above the places they go to, so that no dup2 overwrites one that is still needed.
    above = [_copy_above(fd) for fd in (null, out, err, job, result)]
    for place, fd in enumerate(above):
        os.dup2(fd, place, inheritable=False)
    syscalls.close_from(RESULT + 1)


def _copy_above(fd: int) -> int:
    return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 64)


def unshare_namespaces() -> None:
    """Own mounts, network, ipc and host name. The pid namespace came with the fork."""
    syscalls.unshare(_NAMESPACES)
    syscalls.sethostname("jail")


def mount_private_tmp(size: int) -> None:
    """Empty /tmp and /dev/shm, bounded in bytes and in files."""
    flags = syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOEXEC
    for target in ("/tmp", "/dev/shm"):
        syscalls.mount("tmpfs", target, "tmpfs", flags, f"size={size},nr_inodes=4096,mode=1777")
    os.chdir("/tmp")


def set_limits(plan: Plan, address_space: int) -> None:
    """rlimits, soft and hard: they can only go down from here."""
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: plan.cpu_seconds,
        resource.RLIMIT_FSIZE: plan.file_size,
        resource.RLIMIT_MEMLOCK: 64 << 10,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_NICE: 0,
        resource.RLIMIT_NOFILE: plan.files,
        resource.RLIMIT_NPROC: plan.pids,
        resource.RLIMIT_RTPRIO: 0,
        resource.RLIMIT_SIGPENDING: 256,
        resource.RLIMIT_STACK: 8 << 20,
    }
    if not plan.namespaces:
        # Counted over all processes of the uid then, the user's own too; the filter forbids processes instead.
        del limits[resource.RLIMIT_NPROC]
    if plan.locked and not plan.cgroup:
        # Inexact (no limit sees a memfd), but all that is left without a memory cgroup. Twice the limit, since the host looks
        # at what is used as well: whoever uses too much is seen to do so before an allocation fails.
        limits[resource.RLIMIT_AS] = address_space + 2 * plan.memory
        limits[resource.RLIMIT_DATA] = address_space + 2 * plan.memory
    for kind, value in limits.items():
        hard = resource.getrlimit(kind)[1]
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        resource.setrlimit(kind, (value, value))


def drop_capabilities(namespaces: bool) -> None:
    """No capability is left. An ordinary user's process has none, and none to empty its bounding set with."""
    syscalls.drop_capabilities(bounding=namespaces)


def steady_malloc() -> None:
    """Large blocks from the heap, never given back: page faults made timings differ by up to 17 % from jail to jail."""
    syscalls.mallopt(syscalls.M_MMAP_THRESHOLD, _MMAP_LIMIT)
    syscalls.mallopt(syscalls.M_TRIM_THRESHOLD, _MMAP_LIMIT)
