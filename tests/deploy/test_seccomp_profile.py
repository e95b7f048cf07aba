"""The container's seccomp profile is what its script writes, and refuses what nothing here needs."""

from __future__ import annotations

import json
import subprocess
import sys

import pyseccomp
import pytest

from deploy import seccomp_profile
from tests.conftest import ROOT

NEEDLESS = (
    "ptrace process_vm_readv process_vm_writev pidfd_getfd kcmp bpf perf_event_open userfaultfd keyctl add_key request_key"
    " io_uring_setup io_uring_enter init_module finit_module delete_module kexec_load reboot swapon open_by_handle_at"
    " name_to_handle_at fanotify_init acct quotactl clock_settime settimeofday adjtimex iopl ioperm syslog personality"
    " mknod mknodat chroot fsopen fsmount open_tree move_mount vmsplice memfd_secret modify_ldt process_madvise setdomainname"
)


def allowed(*, jail: bool = True) -> set[str]:
    """Every call that some rule allows."""
    rules = seccomp_profile.profile(jail=jail)["syscalls"]
    return {name for rule in rules if rule["action"] == "SCMP_ACT_ALLOW" for name in rule["names"]}


def test_the_committed_file_is_what_the_script_writes() -> None:
    assert seccomp_profile.FILE.read_text(encoding="utf-8") == seccomp_profile.text()


def test_the_script_prints_the_stock_rules() -> None:
    command = [sys.executable, str(ROOT / "deploy" / "seccomp_profile.py"), "--stock"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == seccomp_profile.profile(jail=False)


def test_all_that_is_not_named_is_refused() -> None:
    made = seccomp_profile.profile()
    assert (made["defaultAction"], made["defaultErrnoRet"]) == ("SCMP_ACT_ERRNO", 1)
    assert not allowed() & set(NEEDLESS.split())


def test_a_jail_asks_for_eight_calls_more_than_stock() -> None:
    more = {"mount", "mount_setattr", "pivot_root", "sethostname", "setns", "umount", "umount2", "unshare"}
    assert allowed() - allowed(jail=False) == more


def test_without_a_jail_clone_makes_no_namespace() -> None:
    (rule,) = (r for r in seccomp_profile.profile(jail=False)["syscalls"] if r["names"] == ["clone"])
    assert rule["args"] == [{"index": 0, "value": 0x7E020000, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]


@pytest.mark.parametrize("jail", [True, False])
def test_no_call_is_named_twice(jail: bool) -> None:
    groups = (
        getattr(seccomp_profile, name) for name in ("FILES", "WAITING", "MEMORY", "PROCESSES", "IDENTITY", "TIME")
    )
    names = [name for group in groups for line in group for name in line.split()]
    assert len(names) == len(set(names))


def test_libseccomp_knows_the_names() -> None:
    # Some exist on other processors only; a slip of the pen exists nowhere.
    processors = [getattr(pyseccomp.Arch, name) for name in ("X86_64", "X86", "ARM", "AARCH64", "PPC64LE")]
    newer = {"cachestat", "fchmodat2", "futex_requeue", "futex_wait", "futex_wake", "map_shadow_stack", "mseal"}
    newer |= {"riscv_flush_icache", "riscv_hwprobe"}
    for name in allowed() - newer:
        assert any(pyseccomp.resolve_syscall(arch, name) >= 0 for arch in processors), name
