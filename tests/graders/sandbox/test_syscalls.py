"""The wrappers say which call failed, and do what they say."""

from __future__ import annotations

import errno
import os
import signal

import pytest

from graders.sandbox import syscalls
from graders.sandbox.jail import readable
from tests.graders.sandbox.test_landlock import answer_of


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: syscalls.mount("none", "/nowhere", "tmpfs", 0), "mount /nowhere"),
        (lambda: syscalls.mount_setattr("/nowhere", 1, recursive=True), "mount_setattr /nowhere"),
        (lambda: syscalls.unmount("/nowhere"), "umount /nowhere"),
        (lambda: syscalls.pivot_root("/nowhere", "/nowhere"), "pivot_root"),
        (lambda: syscalls.setns(-1, 0), "setns"),
        (lambda: syscalls.pidfd_open(-1), "pidfd_open"),
        (lambda: syscalls.landlock_restrict_self(-1), "landlock"),
        (lambda: syscalls.prctl(-1), "prctl"),
    ],
)
def test_an_error_names_its_call(call: object, name: str) -> None:
    assert callable(call)
    with pytest.raises(OSError, match=name) as caught:
        call()
    assert caught.value.errno


def test_descriptors_are_closed_from_a_number_on() -> None:
    def work() -> str:
        high = os.dup2(1, 200)
        syscalls.close_from(150)
        try:
            os.fstat(high)
        except OSError as error:
            return errno.errorcode[error.errno or 0]
        return "open"

    # The pipe that answers lies below.
    assert answer_of(work) == "EBADF"


def test_a_process_ends_by_its_pidfd() -> None:
    pid = os.fork()
    if pid == 0:
        signal.pause()
    fd = syscalls.pidfd_open(pid)
    assert not readable(fd, 0)
    syscalls.pidfd_send_signal(fd, signal.SIGKILL)
    assert readable(fd, 10)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    os.close(fd)


def test_a_filter_holds_from_then_on() -> None:
    from graders.sandbox import filter as seccomp

    def work() -> None:
        syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)
        syscalls.set_seccomp_filter(program)
        os.execv("/bin/true", ["true"])

    program = seccomp.load(seccomp.Profile(own_pids=True, memory_cgroup=True))
    assert answer_of(work) == "errno 1"
