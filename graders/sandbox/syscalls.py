"""The system calls that build and lock a jail: one thin checked wrapper each, on libc by ctypes.

Every wrapper raises OSError with the call's name when the kernel refuses. Imported by the launcher, by the zygote and in
every jail, so: the standard library only.
"""

from __future__ import annotations

import ctypes
import os
import platform

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18
MNT_DETACH = 2

MOUNT_ATTR_RDONLY = 0x1
MOUNT_ATTR_NOSUID = 0x2
MOUNT_ATTR_NODEV = 0x4
MOUNT_ATTR_NOEXEC = 0x8
AT_FDCWD = -100
AT_RECURSIVE = 0x8000

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_GET_SECCOMP = 21
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
SECCOMP_MODE_FILTER = 2

MADV_COLLAPSE = 25
M_TRIM_THRESHOLD = -1
M_MMAP_THRESHOLD = -3

# Calls without a wrapper in every glibc. The numbers from 424 on are the same on every architecture.
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41, "riscv64": 41, "ppc64le": 203, "s390x": 217}
_PIDFD_SEND_SIGNAL = 424
_PIDFD_OPEN = 434
_CLOSE_RANGE = 436
_MOUNT_SETATTR = 442
_LANDLOCK_CREATE_RULESET = 444
_LANDLOCK_ADD_RULE = 445
_LANDLOCK_RESTRICT_SELF = 446

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
_ulong = ctypes.c_ulong


class _MountAttr(ctypes.Structure):
    _fields_ = (
        ("attr_set", ctypes.c_uint64),
        ("attr_clr", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns_fd", ctypes.c_uint64),
    )


class _CapHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapData(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


class _SockFprog(ctypes.Structure):
    _fields_ = (("len", ctypes.c_ushort), ("filter", ctypes.c_void_p))


class _RulesetAttr(ctypes.Structure):
    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"  # what _pack_ means; newer Pythons ask for it in words
    _fields_ = (("allowed", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def _check(result: int, call: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")
    return int(result)


def unshare(flags: int) -> None:
    """Leaves namespaces for fresh ones."""
    _check(_libc.unshare(ctypes.c_int(flags)), "unshare")


def setns(fd: int, kind: int) -> None:
    """Enters the namespace behind a descriptor."""
    _check(_libc.setns(ctypes.c_int(fd), ctypes.c_int(kind)), "setns")


def mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    """mount(2)."""
    result = _libc.mount(
        os.fsencode(source),
        os.fsencode(target),
        kind.encode() if kind else None,
        _ulong(flags),
        data.encode() if data else None,
    )
    _check(result, f"mount {target}")


def bind(source: str, target: str) -> None:
    """Binds a file or a whole tree."""
    mount(source, target, None, MS_BIND | MS_REC)


def mount_setattr(target: str, attributes: int, *, recursive: bool) -> None:
    """Sets attributes of a mount, or of all mounts beneath it too; never clears one."""
    attr = _MountAttr(attr_set=attributes)
    flags = AT_RECURSIVE if recursive else 0
    path = os.fsencode(target)
    size = ctypes.c_size_t(ctypes.sizeof(attr))
    call = _libc.syscall(_ulong(_MOUNT_SETATTR), ctypes.c_int(AT_FDCWD), path, flags, ctypes.byref(attr), size)
    _check(call, f"mount_setattr {target}")


def pivot_root(new: str, old: str) -> None:
    """Makes `new` the root; the old one goes to `old`."""
    number = _PIVOT_ROOT.get(platform.machine())
    if number is None:
        raise OSError(38, f"pivot_root: its number is not known on {platform.machine()}")
    _check(_libc.syscall(_ulong(number), os.fsencode(new), os.fsencode(old)), "pivot_root")


def unmount(target: str) -> None:
    """Takes a mount out of the tree at once; it goes when the last user goes."""
    _check(_libc.umount2(os.fsencode(target), ctypes.c_int(MNT_DETACH)), f"umount {target}")


def sethostname(name: str) -> None:
    """Names this uts namespace."""
    text = name.encode()
    _check(_libc.sethostname(text, ctypes.c_size_t(len(text))), "sethostname")


def prctl(option: int, argument: int = 0, *rest: int) -> int:
    """prctl(2) with numbers."""
    words = [_ulong(word) for word in (argument, *rest)] + [_ulong(0)] * (3 - len(rest))
    return _check(_libc.prctl(ctypes.c_int(option), *words), f"prctl {option}")


def die_with_parent(signal: int) -> None:
    """Asks for `signal` when the parent ends. Cleared by every change of credentials, so it is said again after each."""
    prctl(PR_SET_PDEATHSIG, signal)


def drop_capabilities(*, bounding: bool) -> None:
    """Gives up the ambient, permitted, effective and inheritable sets, and the bounding set, which needs a capability."""
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    for number in range(64 if bounding else 0):
        try:
            prctl(PR_CAPBSET_DROP, number)
        except OSError as error:
            if error.errno != 22:  # EINVAL: past the kernel's last capability
                raise
            break
    header = _CapHeader(version=0x20080522, pid=0)
    _check(_libc.capset(ctypes.byref(header), ctypes.byref((_CapData * 2)())), "capset")


def close_from(first: int) -> None:
    """Closes every descriptor from `first` on."""
    last = ctypes.c_uint(0xFFFFFFFF)
    _check(_libc.syscall(_ulong(_CLOSE_RANGE), ctypes.c_uint(first), last, ctypes.c_uint(0)), "close_range")


def pidfd_open(pid: int) -> int:
    """A descriptor of a process, readable in poll when it ended."""
    return _check(_libc.syscall(_ulong(_PIDFD_OPEN), ctypes.c_int(pid), ctypes.c_uint(0)), "pidfd_open")


def pidfd_send_signal(fd: int, signal: int) -> None:
    """Signals the process behind a descriptor: never a stranger that got its number."""
    call = _libc.syscall(_ulong(_PIDFD_SEND_SIGNAL), ctypes.c_int(fd), ctypes.c_int(signal), None, ctypes.c_uint(0))
    _check(call, "pidfd_send_signal")


def set_seccomp_filter(program: bytes) -> None:
    """Installs a filter of BPF instructions (8 bytes each) for this thread and what it starts."""
    buffer = ctypes.create_string_buffer(program, len(program))
    fprog = _SockFprog(len=len(program) // 8, filter=ctypes.cast(buffer, ctypes.c_void_p))
    words = ctypes.c_int(PR_SET_SECCOMP), _ulong(SECCOMP_MODE_FILTER), ctypes.byref(fprog), _ulong(0), _ulong(0)
    _check(_libc.prctl(*words), "seccomp")


def landlock_abi() -> int:
    """The kernel's Landlock version; OSError where there is none."""
    call = _libc.syscall(_ulong(_LANDLOCK_CREATE_RULESET), None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    return _check(call, "landlock_create_ruleset")


def landlock_create_ruleset(fs: int, net: int, scoped: int, size: int) -> int:
    """A ruleset's descriptor; `size` is how much of the record this kernel knows."""
    attr = _RulesetAttr(fs=fs, net=net, scoped=scoped)
    words = ctypes.byref(attr), ctypes.c_size_t(size), ctypes.c_uint32(0)
    return _check(_libc.syscall(_ulong(_LANDLOCK_CREATE_RULESET), *words), "landlock_create_ruleset")


def landlock_add_path(ruleset: int, parent: int, allowed: int) -> None:
    """Allows rights beneath an opened path."""
    attr = _PathBeneath(allowed=allowed, parent_fd=parent)
    words = ctypes.c_int(ruleset), ctypes.c_int(1), ctypes.byref(attr), ctypes.c_uint32(0)
    _check(_libc.syscall(_ulong(_LANDLOCK_ADD_RULE), *words), "landlock_add_rule")


def landlock_restrict_self(ruleset: int) -> None:
    """Puts this thread under a ruleset, for ever."""
    _check(
        _libc.syscall(_ulong(_LANDLOCK_RESTRICT_SELF), ctypes.c_int(ruleset), ctypes.c_uint32(0)), "landlock_restrict"
    )


def mallopt(option: int, value: int) -> None:
    """glibc's malloc settings; no error where there is another malloc."""
    if hasattr(_libc, "mallopt"):
        _libc.mallopt(ctypes.c_int(option), ctypes.c_int(value))


def collapse(start: int, size: int) -> bool:
    """Asks for huge pages under a range of memory now. False when the kernel would not."""
    return bool(_libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(size), ctypes.c_int(MADV_COLLAPSE)) == 0)
