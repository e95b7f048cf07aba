"""The system call filter of a jail: a list of what is refused, as BPF bytes from libseccomp.

Built on the trusted side only. Arguments that the kernel reads as 32 bits are compared masked: with a plain comparison of
64 bits a caller could set a high bit, pass the filter and still be understood by the kernel.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import platform
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# refused with EPERM, everywhere
DENIED = (
    "mount umount umount2 pivot_root chroot fsopen fsconfig fsmount fspick open_tree move_mount mount_setattr",
    "setns unshare sethostname setdomainname",
    "ptrace process_vm_readv process_vm_writev process_madvise process_mrelease pidfd_getfd kcmp",
    "bpf perf_event_open userfaultfd keyctl add_key request_key io_uring_setup io_uring_enter io_uring_register",
    "init_module finit_module delete_module create_module query_module get_kernel_syms",
    "kexec_load kexec_file_load reboot swapon swapoff",
    "open_by_handle_at name_to_handle_at fanotify_init fanotify_mark acct quotactl quotactl_fd lookup_dcookie nfsservctl",
    "clock_settime clock_settime64 clock_adjtime clock_adjtime64 settimeofday stime adjtimex",
    "iopl ioperm syslog personality vhangup uselib ustat sysfs _sysctl",
    "mbind set_mempolicy set_mempolicy_home_node migrate_pages move_pages",
    "setuid setgid setreuid setregid setresuid setresgid setfsuid setfsgid setgroups",
    "setuid32 setgid32 setreuid32 setregid32 setresuid32 setresgid32 setfsuid32 setfsgid32 setgroups32",
    "capset mknod mknodat vmsplice memfd_secret modify_ldt flock sync syncfs",
    "sched_setaffinity sched_setscheduler sched_setparam sched_setattr ioprio_set setpriority nice",
    "bind connect listen accept accept4",
    "io_setup io_submit io_destroy io_getevents io_pgetevents io_cancel",  # one machine-wide count of events; it was used up
    "inotify_init inotify_init1",  # counted against the user outside, whose other programs would find none left
    "seccomp",
    "execve execveat",
)
# Done by doing nothing: on a file of the system they make the host write its journal, or drop what neighbours have cached.
WITHOUT_EFFECT = ("fsync", "fdatasync", "msync", "sync_file_range", "fadvise64", "readahead")
# What an epoll watches is counted against the user outside, whose other programs would find none left; poll and select remain.
COUNTED = "epoll_create epoll_create1"
# newer than some libseccomp, with numbers that are the same everywhere
DENIED_NUMBERS = {
    "process_mrelease": 448,
    "set_mempolicy_home_node": 450,
    "statmount": 457,
    "listmount": 458,
    "open_tree_attr": 467,
}
CLONE_NEW = (
    0x20000,
    0x2000000,
    0x4000000,
    0x8000000,
    0x10000000,
    0x20000000,
    0x40000000,
)  # mnt cgroup uts ipc user pid net
CLONE_THREAD = 0x10000
FCNTL_LOCKS = (5, 6, 7, 36, 37, 38, 1024, 1026)  # F_GETLK to F_OFD_SETLKW, F_SETLEASE, F_NOTIFY
# A pipe sends a signal of one's choice, SIGKILL too, to whatever process is named its owner: without a pid namespace, to all
# processes of the user. Before ABI 6 Landlock does not hinder it.
FCNTL_OWNERS = (8, 10, 15)  # F_SETOWN, F_SETSIG, F_SETOWN_EX
IOCTL_OWNERS = (0x8901, 0x8902)  # FIOSETOWN, SIOCSPGRP
FCNTL_PIPE_SIZE = 1031  # F_SETPIPE_SZ: pages of pipes are counted against the user outside
IOCTL_TERMINAL = (0x5412, 0x541C, 0x5423)  # TIOCSTI, TIOCLINUX, TIOCSETD
# PR_SET_DUMPABLE: a handler in core_pattern, which runs as the host's root, is called for every dumpable process, whatever its
# RLIMIT_CORE. PR_SCHED_CORE: it would keep the sibling of a core idle. PR_SET_SECCOMP and SO_ATTACH_*: compiled filters are
# counted by no cgroup but against one limit of the machine; once that is used up, no further jail could be locked.
PRCTL = (4, 22, 62)
ATTACH_FILTER = (26, 50, 51, 52)
# Pages of the huge page pool are counted by no memory cgroup: the argument that asks for them, and the bit.
HUGE_PAGES = (("mmap", 3, 0x40000), ("mmap2", 3, 0x40000), ("memfd_create", 1, 0x4), ("shmget", 2, 0o4000))
MADV_MERGEABLE = 12  # pages shared with strangers tell by their timing what those hold
MADV_COLD, MADV_PAGEOUT = 20, 21  # they drop what neighbours have cached, as fadvise64 does
RLIMIT_CPU = 0  # a lower limit of one's own ends in a SIGKILL of the kernel that looks like one from outside
SOCK_STREAM, SOCK_SEQPACKET, SOCK_TYPE = 1, 5, 0xF
SIGNALS = ("kill", "tkill", "tgkill", "pidfd_send_signal", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_open")
TIMERS = ("timer_create",)  # one may send SIGKILL to its own process, which only process 1 of a namespace ignores
WORD = 0xFFFFFFFF
PR_SET_PDEATHSIG = 1
AF_UNIX = 1
VERSION = 6  # rises with every change of this file that changes the bytes


@dataclass(frozen=True)
class Profile:
    """What a filter depends on."""

    own_pids: bool  # a pid namespace of its own; without one no process is started and no signal sent
    memory_cgroup: bool  # without one no memfd and no System V segment: no other limit sees them

    @property
    def name(self) -> str:
        return f"cpu-{'pids' if self.own_pids else 'nopids'}-{'memcg' if self.memory_cgroup else 'nomemcg'}"


def build(profile: Profile) -> bytes:
    """The filter's instructions, 8 bytes each. Raises OSError or RuntimeError where libseccomp is missing."""
    import pyseccomp  # looks for libseccomp with a subprocess while it is imported: 40 ms that the cache saves

    made = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    made.set_attr(pyseccomp.Attr.ACT_BADARCH, pyseccomp.KILL_PROCESS)  # i386 and x32 have other numbers
    refused = pyseccomp.ERRNO(errno.EPERM)
    for name in " ".join(DENIED).split():
        _deny(pyseccomp, made, refused, name)
    for name, number in DENIED_NUMBERS.items():
        if pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name) == -1:
            made.add_rule(refused, number)
    masked, differs = pyseccomp.MASKED_EQ, pyseccomp.NE
    for flag in CLONE_NEW:
        _deny(pyseccomp, made, refused, "clone", pyseccomp.Arg(0, masked, flag, flag))
    for command in (*FCNTL_LOCKS, *FCNTL_OWNERS, FCNTL_PIPE_SIZE):
        for name in ("fcntl", "fcntl64"):
            _deny(pyseccomp, made, refused, name, pyseccomp.Arg(1, masked, WORD, command))
    for request in (*IOCTL_TERMINAL, *IOCTL_OWNERS):
        _deny(pyseccomp, made, refused, "ioctl", pyseccomp.Arg(1, masked, WORD, request))
    for option in PRCTL:
        _deny(pyseccomp, made, refused, "prctl", pyseccomp.Arg(0, masked, WORD, option))
    for option in ATTACH_FILTER:
        _deny(pyseccomp, made, refused, "setsockopt", pyseccomp.Arg(2, masked, WORD, option))
    for name in COUNTED.split():
        _deny(pyseccomp, made, pyseccomp.ERRNO(errno.EMFILE), name)
    for name in WITHOUT_EFFECT:
        _deny(pyseccomp, made, pyseccomp.ERRNO(0), name)
    for name, argument, bit in HUGE_PAGES:
        _deny(pyseccomp, made, refused, name, pyseccomp.Arg(argument, masked, bit, bit))
    for advice in (MADV_MERGEABLE, MADV_COLD, MADV_PAGEOUT):
        _deny(pyseccomp, made, refused, "madvise", pyseccomp.Arg(2, masked, WORD, advice))
    _deny(pyseccomp, made, refused, "setrlimit", pyseccomp.Arg(0, masked, WORD, RLIMIT_CPU))
    for name in ("prlimit64", "prlimit"):  # its own limits only
        _deny(pyseccomp, made, refused, name, pyseccomp.Arg(0, differs, 0))
        changes_cpu = pyseccomp.Arg(1, masked, WORD, RLIMIT_CPU), pyseccomp.Arg(2, differs, 0)
        _deny(pyseccomp, made, refused, name, *changes_cpu)
    # glibc then falls back to clone, whose flags a filter can read.
    _deny(pyseccomp, made, pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    no_family = pyseccomp.ERRNO(errno.EAFNOSUPPORT)
    for name in ("socket", "socketcall"):
        _deny(pyseccomp, made, no_family, name)
    _deny(pyseccomp, made, no_family, "socketpair", pyseccomp.Arg(0, differs, AF_UNIX))
    for kind in range(SOCK_TYPE + 1):
        if kind not in (SOCK_STREAM, SOCK_SEQPACKET):  # a pair of datagrams can still be sent to any address
            _deny(pyseccomp, made, refused, "socketpair", pyseccomp.Arg(1, masked, SOCK_TYPE, kind))
    if not profile.own_pids:
        for name in (*SIGNALS, *TIMERS):
            _deny(pyseccomp, made, refused, name)
        # Nor may it outlive the zygote: here only the parent-death signal ends it then.
        _deny(pyseccomp, made, refused, "prctl", pyseccomp.Arg(0, masked, WORD, PR_SET_PDEATHSIG))
        no_process = pyseccomp.ERRNO(errno.EAGAIN)
        for name in ("fork", "vfork"):
            _deny(pyseccomp, made, no_process, name)
        _deny(pyseccomp, made, no_process, "clone", pyseccomp.Arg(0, masked, CLONE_THREAD, 0))
    if not profile.memory_cgroup:
        _deny(pyseccomp, made, refused, "memfd_create")
    if not (profile.own_pids and profile.memory_cgroup):
        # They belong to no process: nothing but a memory cgroup counts them, and without namespaces they outlive the jail.
        for name in ("shmget", "semget", "msgget"):
            _deny(pyseccomp, made, refused, name)
    # Memory, not a temporary file: a full disk would leave nobody able to grade.
    with open(os.memfd_create("filter", os.MFD_CLOEXEC), "w+b") as file:
        made.export_bpf(file)
        file.seek(0)
        return file.read()


def _deny(library: Any, made: Any, action: int, name: str, *conditions: Any) -> None:
    number = library.resolve_syscall(library.Arch.NATIVE, name)
    if number != -1:  # this libseccomp, or this architecture, may not know it
        made.add_rule(action, number, *conditions)


def load(profile: Profile) -> bytes:
    """The filter from the user's cache, or built now and put there."""
    file = _cache_file(profile)
    if file is None:
        return build(profile)
    cached = _read_own(file)
    if cached is not None:
        return cached
    program = build(profile)
    _write_own(file, program)
    return program


def _cache_file(profile: Profile) -> Path | None:
    """Where a filter is kept; None for a user without a home."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    if not os.path.isabs(base):
        return None
    with open(__file__, "rb") as source:
        digest = hashlib.sha256(source.read()).hexdigest()[:16]  # an edited list is another filter
    name = f"seccomp-{VERSION}-{platform.machine()}-{profile.name}-{libseccomp_version()}-{digest}.bpf"
    return Path(base) / "torchkata" / name


def libseccomp_version() -> str:
    """Of the library that would build the filter; "none" where there is none."""

    class Version(ctypes.Structure):
        _fields_ = (("major", ctypes.c_uint), ("minor", ctypes.c_uint), ("micro", ctypes.c_uint))

    try:
        library = ctypes.CDLL("libseccomp.so.2")
    except OSError:
        return "none"
    library.seccomp_version.restype = ctypes.POINTER(Version)
    version = library.seccomp_version().contents
    return f"{version.major}.{version.minor}.{version.micro}"


def _read_own(file: Path) -> bytes | None:
    """What is cached, if nobody else could have written it."""
    try:
        fd = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    with open(fd, "rb") as opened:
        for found in (os.fstat(fd), os.stat(file.parent)):
            if found.st_uid != os.geteuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                return None
        data = opened.read(1 << 16)
    digest, program = data[:32], data[32:]
    # A file cut short by a full disk would be a filter that the kernel refuses, or one without its end.
    return program if program and hashlib.sha256(program).digest() == digest else None


def _write_own(file: Path, program: bytes) -> None:
    """Caches; a folder that cannot be written only costs time."""
    temporary = ""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd, temporary = tempfile.mkstemp(dir=file.parent)
        with open(fd, "wb") as opened:
            opened.write(hashlib.sha256(program).digest() + program)
        os.replace(temporary, file)
    except OSError:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
