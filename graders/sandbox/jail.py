"""One jail as the host sees it: pipes, a pidfd, a cgroup leaf, and how it ended."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import time
from collections.abc import Callable
from typing import Any

from graders import wire
from graders.sandbox import messages, syscalls
from graders.sandbox.cgroup import Leaf
from graders.sandbox.levels import Ending, Limits, SandboxFault

F_SETPIPE_SZ = 1031
PIPE_SIZE = 1 << 20
MAX_READY = 1 << 16  # bytes of a jail's first frame
AGAIN = "grade again; when it happens again, see `torchkata doctor`"


class Jail:
    """A locked process. `job` takes frames, `result`, `stdout` and `stderr` give bytes; all are O_NONBLOCK.

    `pidfd` becomes readable when everything in the jail is dead. Made by `Lane.take`; `finish` must follow.
    """

    def __init__(self, number: int, limits: Limits, leaf: Leaf | None) -> None:
        self.number = number
        self.pidfd = -1
        self.pid = 0  # in the host's pid namespace
        self.parts: list[str] = []  # steps of the lock-down that were taken
        self._limits = limits
        self._leaf = leaf
        self._ready = bytearray()
        self._baseline = self._peak_baseline = 0
        self._failure: SandboxFault | None = None
        self._status: int | None = None
        self._cpu: float | None = None
        self._killed = False
        self._over_memory = False
        self._ending: Ending | None = None
        self._wait: Callable[[Jail, float], bool] = lambda jail, deadline: False
        self.suspect: Callable[[str], None] = lambda reason: None  # called with what a sound sandbox does not do
        theirs, ours = [], []
        for writes in (True, False, False, False):  # job, then result, stdout, stderr
            reader, writer = os.pipe2(os.O_CLOEXEC)
            ours.append(writer if writes else reader)
            theirs.append(reader if writes else writer)
        for fd in ours:
            os.set_blocking(fd, False)
        self.job, self.result, self.stdout, self.stderr = ours
        for fd in (self.result, self.job):
            try:
                fcntl.fcntl(fd, F_SETPIPE_SZ, PIPE_SIZE)
            except PermissionError:
                pass  # the user's share of pipe memory is used up; only slower
        self._theirs = theirs

    def descriptors(self) -> list[int]:
        """The jail's ends and its cgroup files, for the fork request; the caller closes them afterwards."""
        descriptors, self._theirs = self._theirs, []
        return descriptors + (self._leaf.open_procs() if self._leaf else [])

    # -- what the lane hears of it -----------------------------------------------------------------------------------

    def hear(
        self, words: dict[str, Any], descriptors: list[int], maker: int, wait: Callable[[Jail, float], bool]
    ) -> None:
        """One message about this jail from the zygote, process `maker`. Raises Nonsense and takes no descriptor then."""
        match words:
            case {"forked": int()} if len(descriptors) == 1 and self.pidfd < 0 and self._failure is None:
                pid = pid_of(descriptors[0])
                if pid is None or (pid and parent_of(pid) not in (maker, None)):
                    raise messages.Nonsense("a descriptor that is no jail's")
                self.pidfd, self.pid, self._wait = descriptors[0], pid, wait
            case {"failed": int(), "part": str(part), "message": str(message)} if not descriptors and self.pidfd < 0:
                self._failure = SandboxFault(part[:80], f"no jail could be made: {message[:500]}", AGAIN)
            case {"exited": int(), "status": int(status), "cpu": int() | float() as cpu} if (
                not descriptors
                and (self.pidfd >= 0 or self._ending is not None)  # it may die after it was given up
                and self._status is None
                and 0 <= status < 1 << 16
            ):
                self._status, self._cpu = status, float(cpu)
            case _:
                raise messages.Nonsense("a message that fits no jail")

    def read_ready(self) -> bool:
        """True when READY has come. Raises SandboxFault when a step of the lock-down failed, or it died before."""
        if self._failure is not None:
            raise self._failure
        frame = self._read_frame() if self.pidfd >= 0 else None
        if frame is None:
            return False
        kind, words = frame
        parts = words.get("parts")
        if kind not in (wire.READY, wire.BROKEN) or (kind == wire.READY and not isinstance(parts, list)):
            raise self._nonsense()
        if kind == wire.BROKEN:
            self._failure = SandboxFault(str(words.get("part", "jail")), str(words.get("message", "broken")), AGAIN)
            raise self._failure
        if self._leaf is not None and not self._leaf.occupied() and not self.ended():
            self._failure = SandboxFault("cgroup", "a jail is not in its cgroup", AGAIN)
            raise self._failure
        if self._leaf is None:
            self._baseline, self._peak_baseline = resident_memory(self.pid), peak_memory(self.pid)
        self.parts = [str(part) for part in parts or ()]
        return True

    def _nonsense(self) -> SandboxFault:
        self.suspect("a jail's first frame makes no sense")
        self._failure = SandboxFault("jail", "its first frame makes no sense", AGAIN)
        return self._failure

    def _read_frame(self) -> tuple[int, dict[str, Any]] | None:
        """The one frame that the lock-down writes; never a byte more, the rest is the grader's."""
        while True:
            wanted = wire.HEAD.size
            if len(self._ready) >= wanted:
                try:
                    kind, header, payload = wire.parse_head(self._ready[:wanted])
                    wanted += header + payload
                    if len(self._ready) == wanted:
                        return kind, wire.parse_header(self._ready[wire.HEAD.size :])
                except wire.ProtocolFault:
                    raise self._nonsense() from None
                if wanted > MAX_READY:
                    raise self._nonsense()
            try:
                data = os.read(self.result, wanted - len(self._ready))
            except BlockingIOError:
                return None
            if not data:
                self._failure = SandboxFault("jail", "a jail ended while it locked itself", AGAIN)
                raise self._failure
            self._ready += data

    # -- what the grader asks of it ----------------------------------------------------------------------------------

    def ended(self) -> bool:
        """True when everything in it is dead."""
        return self._ending is not None or (self.pidfd >= 0 and readable(self.pidfd, 0))

    def kill(self) -> None:
        """SIGKILL to all of it; the death of process 1 takes the rest along."""
        if self._ending is not None or self.pidfd < 0 or readable(self.pidfd, 0):
            return
        self._killed = True
        try:
            syscalls.pidfd_send_signal(self.pidfd, signal.SIGKILL)
        except ProcessLookupError:
            return
        if self._leaf is not None:
            self._leaf.kill()

    def finish(self, timeout: float = 5) -> Ending:
        """Kills it if it lives, waits until all of it is dead, closes the descriptors, removes the cgroup. Idempotent."""
        if self._ending is not None:
            return self._ending
        if self.parts:  # it was ready: what it had then is known
            self.check_memory()
        self.kill()
        deadline = time.monotonic() + timeout
        dead = self.pidfd < 0 or readable(self.pidfd, timeout)
        known = self.pidfd >= 0 and dead and self._wait(self, deadline + 1)  # the zygote tells at once, if it can
        out_of_memory, peak = self._over_memory, None
        if self._leaf is not None:
            out_of_memory = out_of_memory or self._leaf.out_of_memory()
            peak = self._leaf.peak()
        self._close()
        if self._leaf is not None and not self._leaf.remove(max(0.1, deadline - time.monotonic())):
            self.suspect("something is left in a jail's cgroup")
        code = number = None
        if known and self._status is not None:
            if os.WIFSIGNALED(self._status):
                number = os.WTERMSIG(self._status)
            else:
                code = os.waitstatus_to_exitcode(self._status)
        used_up = number in (signal.SIGKILL, signal.SIGXCPU) and (self._cpu or 0) >= self._limits.cpu_seconds - 0.5
        self._ending = Ending(
            exit_code=code,
            signal=number,
            out_of_memory=out_of_memory,
            zygote_lost=dead and self._status is None,  # what takes long to die is no sign against the zygote
            peak_memory=peak,
            out_of_cpu=used_up and not self._killed and not out_of_memory,
            killed=self._killed,
        )
        return self._ending

    def _close(self) -> None:
        for fd in (self.job, self.result, self.stdout, self.stderr, self.pidfd, *self._theirs):
            if fd >= 0:
                os.close(fd)
        self.job = self.result = self.stdout = self.stderr = self.pidfd = -1
        self._theirs = []

    def memory_peak(self) -> int | None:
        """The most bytes in use at once so far; None without a memory cgroup."""
        return self._leaf.peak() if self._leaf is not None else None

    def cpu_seconds(self) -> float:
        """CPU seconds so far of its first process with all its threads; at the end, with the children it waited for."""
        if self._cpu is not None:
            return self._cpu
        try:
            with open(f"/proc/{self.pid}/stat") as file:
                words = file.read().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return sum(map(int, words[11:15])) / os.sysconf("SC_CLK_TCK")

    def check_memory(self) -> bool:
        """Without a memory cgroup: kills the jail when its memory is over the limit. True when it was. Call it often."""
        if self._leaf is not None or self._over_memory or self.ended():
            return self._over_memory
        used = resident_memory(self.pid) - self._baseline, peak_memory(self.pid) - self._peak_baseline
        if max(used) > self._limits.memory:
            self._over_memory = True
            self.kill()
        return self._over_memory


def readable(fd: int, timeout: float) -> bool:
    """Waits until a descriptor has something to say."""
    waiting = select.poll()
    waiting.register(fd, select.POLLIN)
    return bool(waiting.poll(max(0.0, timeout) * 1000))


def pid_of(pidfd: int) -> int | None:
    """The process behind a pidfd, in the reader's own pid namespace; 0 when it is reaped already, None for no pidfd."""
    with open(f"/proc/self/fdinfo/{pidfd}") as file:
        for line in file:
            if line.startswith("Pid:"):
                return max(0, int(line.split()[1]))
    return None


def parent_of(pid: int) -> int | None:
    """The parent of a process; None when it is gone."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return int(file.read().rpartition(")")[2].split()[1])
    except OSError:
        return None


def peak_memory(pid: int) -> int:
    """The most bytes that a process alone had resident at once, its files included."""
    try:
        with open(f"/proc/{pid}/status") as file:
            return next((int(line.split()[1]) << 10 for line in file if line.startswith("VmHWM:")), 0)
    except OSError:
        return 0


def resident_memory(pid: int) -> int:
    """Bytes of anonymous and shared memory of a process and all below it; pages shared with the zygote count too."""
    total, todo = 0, [pid]
    while todo:
        current = todo.pop()
        try:
            with open(f"/proc/{current}/status") as file:
                for line in file:
                    if line.startswith(("RssAnon:", "RssShmem:")):
                        total += int(line.split()[1]) << 10
            with open(f"/proc/{current}/task/{current}/children") as file:
                todo += map(int, file.read().split())
        except OSError:
            continue
    return total
