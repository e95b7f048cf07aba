"""Writes seccomp.json beside this file: what the processes of torchkata's container may ask of the kernel.

    python deploy/seccomp_profile.py            # writes deploy/seccomp.json
    python deploy/seccomp_profile.py --stock    # prints the same rules without what the jail needs

Whatever is not named here is refused with EPERM: a list of what is needed, grouped by purpose. It was drawn up from what an
interpreter, torch, a web server and the jail's own set-up do, and held against the list that Docker applies by itself; much of
that list is left out, since nothing here asks for it (tracing, keyrings, raw devices, clock setting, foreign handles).

JAIL is what Docker's own list refuses and a jail is made of. It opens the kernel's code for user namespaces to web, worker and
zygote, never to a submission: a jail's own filter (graders/sandbox/filter.py) refuses all of it again.

No architecture is named, so that the runtime takes the machine's own alone: 32-bit calls on a 64-bit machine end the process.
"""

from __future__ import annotations

import errno
import json
import sys
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("seccomp.json")

FILES = (
    "access faccessat faccessat2 open openat openat2 creat close close_range dup dup2 dup3 fcntl fcntl64 ioctl",
    "read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 lseek _llseek sendfile sendfile64",
    "copy_file_range splice tee fallocate ftruncate ftruncate64 truncate truncate64 fadvise64 fadvise64_64 readahead",
    "stat stat64 lstat lstat64 fstat fstat64 fstatat64 newfstatat statx statfs statfs64 fstatfs fstatfs64 cachestat",
    "getdents getdents64 getcwd chdir fchdir mkdir mkdirat rmdir link linkat symlink symlinkat readlink readlinkat",
    "rename renameat renameat2 unlink unlinkat chmod fchmod fchmodat fchmodat2 chown chown32 fchown fchown32 fchownat",
    "lchown lchown32 umask utime utimes utimensat utimensat_time64 futimesat flock fsync fdatasync msync sync_file_range",
    "getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr setxattr fsetxattr lsetxattr removexattr fremovexattr",
    "inotify_init inotify_init1 inotify_add_watch inotify_rm_watch memfd_create",
)
WAITING = (
    "select _newselect pselect6 pselect6_time64 poll ppoll ppoll_time64 epoll_create epoll_create1 epoll_ctl epoll_wait",
    "epoll_pwait epoll_pwait2 eventfd eventfd2 signalfd signalfd4 pipe pipe2 timerfd_create timerfd_settime",
    "timerfd_settime64 timerfd_gettime timerfd_gettime64 futex futex_time64 futex_wait futex_wake futex_requeue",
    "futex_waitv get_robust_list set_robust_list membarrier rseq restart_syscall pause",
)
MEMORY = (
    "brk mmap mmap2 munmap mremap mprotect madvise mincore mlock mlock2 munlock mlockall munlockall mseal",
    "pkey_alloc pkey_free pkey_mprotect map_shadow_stack get_mempolicy shmget shmat shmctl shmdt semget semop semctl",
    "semtimedop semtimedop_time64 ipc",
)
PROCESSES = (
    "clone fork vfork execve execveat exit exit_group wait4 waitid waitpid kill tkill tgkill rt_sigaction rt_sigprocmask",
    "rt_sigpending rt_sigqueueinfo rt_tgsigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64",
    "sigaltstack sigreturn sigprocmask pidfd_open pidfd_send_signal getpid getppid gettid getpgid getpgrp setpgid getsid",
    "setsid getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32 getgroups getgroups32 getresuid",
    "getresuid32 getresgid getresgid32 capget capset prctl arch_prctl set_tid_address set_thread_area get_thread_area",
    "set_tls getrlimit ugetrlimit setrlimit prlimit64 getrusage times getpriority setpriority ioprio_get",
    "sched_yield sched_getaffinity sched_setaffinity sched_getparam sched_getscheduler sched_getattr sched_setattr",
    "sched_setscheduler sched_setparam sched_get_priority_max sched_get_priority_min sched_rr_get_interval getcpu",
    "seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self uname sysinfo getrandom riscv_hwprobe",
    "riscv_flush_icache cacheflush swapcontext",
)
# root inside the container gives itself up: deploy/entrypoint, and the launcher where it is started as root
IDENTITY = (
    "setuid setuid32 setgid setgid32 setreuid setreuid32 setregid setregid32 setresuid setresuid32 setresgid",
    "setresgid32 setgroups setgroups32 setfsuid setfsuid32 setfsgid setfsgid32",
)
TIME = (
    "time gettimeofday clock_gettime clock_gettime64 clock_getres clock_getres_time64 nanosleep clock_nanosleep",
    "clock_nanosleep_time64 alarm getitimer setitimer timer_create timer_settime timer_settime64 timer_gettime",
    "timer_gettime64 timer_getoverrun timer_delete",
)
NETWORK = (
    "socketpair bind listen accept accept4 connect getsockname getpeername getsockopt setsockopt shutdown",
    "send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg recvmmsg_time64 socketcall",
)
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10, "AF_NETLINK": 16}  # the last is asked by getaddrinfo
JAIL = ("unshare setns mount umount umount2 pivot_root mount_setattr sethostname",)
NEW_NAMESPACES = 0x7E020000  # CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET


def profile(*, jail: bool = True) -> dict[str, Any]:
    """The profile, as Docker and every OCI runtime read it. Without `jail`: no namespaces and mounts, as Docker has it."""
    groups = (FILES, WAITING, MEMORY, PROCESSES, IDENTITY, TIME, NETWORK, *((JAIL,) if jail else ()))
    names = {name for group in groups for line in group for name in line.split()}
    rules: list[dict[str, Any]] = []
    if not jail:
        names.remove("clone")
        # value is the mask here, valueTwo what must remain: none of the flags
        none_new = {"index": 0, "value": NEW_NAMESPACES, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}
        rules.append(allow(["clone"], [none_new]))
    for family in FAMILIES.values():
        rules.append(allow(["socket"], [{"index": 0, "value": family, "op": "SCMP_CMP_EQ"}]))
    # Its flags lie in memory, where no filter can read them; told that it does not exist, glibc takes clone.
    unknown = {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": errno.ENOSYS}
    return {
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": errno.EPERM,
        "syscalls": [allow(sorted(names)), *rules, unknown],
    }


def allow(names: list[str], arguments: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """One rule."""
    rule: dict[str, Any] = {"names": names, "action": "SCMP_ACT_ALLOW"}
    return rule | {"args": arguments} if arguments else rule


def text(*, jail: bool = True) -> str:
    """The file's text."""
    return json.dumps(profile(jail=jail), indent=2) + "\n"


if __name__ == "__main__":
    if sys.argv[1:] == ["--stock"]:
        print(text(jail=False), end="")
    else:
        FILE.write_text(text(), encoding="utf-8")
