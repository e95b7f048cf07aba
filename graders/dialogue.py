"""Talks with one jail: frames down, frames up, what it prints on the side, and how it ended. Never blocks beyond a deadline."""

from __future__ import annotations

import os
import select
import signal
import time
from collections import deque
from typing import Protocol

from graders import wire
from graders.sandbox import Ending, SandboxFault
from graders.verdict import Output, Status, Text

CHUNK = 1 << 18
SLOTS = 256  # of a pipe, at the most; a read empties one or more
OUT_OF_MEMORY = ("it used more memory than it may and was stopped", "内存超出上限，已被停止")
MEMORY_POLL = 0.05  # seconds: a hog takes about a gigabyte meanwhile at the most


class Jail(Protocol):
    """What a dialogue needs of `graders.sandbox.Jail`."""

    job: int
    result: int
    stdout: int
    stderr: int
    pidfd: int

    def kill(self) -> None: ...
    def check_memory(self) -> bool: ...
    def finish(self, timeout: float = 5) -> Ending: ...


class Ended(Exception):
    """The jail is over: the status for the case that it was at, and a sentence."""

    def __init__(self, status: Status, en: str, zh: str) -> None:
        super().__init__(en)
        self.status = status
        self.text = Text(en=en, zh=zh)


class Capture:
    """What all jails of one grade printed: the first `keep` bytes of each stream, and how much came in all."""

    def __init__(self, keep: int, kill: int) -> None:
        self.keep, self.kill = keep, kill
        self.kept = {"stdout": bytearray(), "stderr": bytearray()}
        self.total = 0
        self.truncated = False

    def add(self, stream: str, data: bytes) -> None:
        """Keeps what still fits."""
        self.total += len(data)
        room = self.keep - len(self.kept[stream])
        self.kept[stream] += data[: max(0, room)]
        self.truncated |= len(data) > room

    def output(self) -> Output:
        """The text of both streams; bytes that are no UTF-8 become U+FFFD."""
        text = {name: bytes(data).decode("utf-8", errors="replace") for name, data in self.kept.items()}
        return Output(stdout=text["stdout"], stderr=text["stderr"], truncated=self.truncated)


class Dialogue:
    """One jail from READY to its end. Use as a context manager: leaving it kills and reaps the jail."""

    def __init__(self, jail: Jail, capture: Capture, max_payload: int) -> None:
        self.jail = jail
        self.capture = capture
        self._decoder = wire.Decoder(max_payload)
        self._frames: deque[wire.Frame] = deque()
        self._outgoing: deque[memoryview] = deque()
        self._fault: wire.ProtocolFault | None = None
        self._closed = False  # the result pipe reached its end
        self._poll = select.poll()
        self._streams = {jail.stdout: "stdout", jail.stderr: "stderr"}
        for fd in (jail.result, jail.stdout, jail.stderr):
            self._poll.register(fd, select.POLLIN)
        self._poll.register(jail.pidfd, select.POLLIN)

    def __enter__(self) -> Dialogue:
        return self

    def __exit__(self, *_: object) -> None:
        self.jail.finish()

    def send(self, frame: bytes) -> None:
        """Queues a frame; it is written as the pipe takes it."""
        self._outgoing.append(memoryview(frame))
        self._write()

    def receive(self, deadline: float) -> wire.Frame:
        """The next frame. Raises Ended: at the deadline (time.monotonic), at a limit, when the jail is over."""
        seconds = max(0.0, deadline - time.monotonic())
        while True:
            if self._frames:
                if self.jail.check_memory():  # its answer may be that memory ran out, where no cgroup ends it
                    self._finish()
                    raise Ended(Status.MEMORY, *OUT_OF_MEMORY)
                return self._frames.popleft()
            if self._fault is not None:
                self._finish()
                raise Ended(
                    Status.CRASHED,
                    f"its answer broke the protocol ({self._fault}); a submission must not write to the grader's descriptors",
                    "它的应答破坏了通信协议；提交的代码不能写评测用的文件描述符",
                )
            if self._closed:
                raise self._ending()
            left = deadline - time.monotonic()
            if left <= 0:
                self._finish()
                raise Ended(
                    Status.TIMEOUT,
                    f"it took too long and was stopped after {seconds:.2g} s",
                    f"运行超时，{seconds:.2g} 秒后被停止",
                )
            self.pump(min(left, MEMORY_POLL))
            self.jail.check_memory()  # without a memory cgroup the host must look for itself
            if self.capture.total > self.capture.kill:
                self._finish()
                mib = self.capture.kill >> 20
                raise Ended(
                    Status.OUTPUT_LIMIT,
                    f"it printed more than {mib} MiB and was stopped",
                    f"输出超过 {mib} MiB，已被停止",
                )

    def pump(self, timeout: float) -> None:
        """Moves bytes for at most `timeout` seconds, or until something happened."""
        self._write()
        events = self._poll.poll(max(0.0, timeout) * 1000)
        over = False
        for fd, _event in events:
            if fd == self.jail.pidfd:
                over = True
            elif fd == self.jail.result:
                self._read_result()
            elif fd in self._streams:
                self._read_stream(fd)
        if over:  # whatever is still in the pipes was written before the end
            self._drain()

    def _write(self) -> None:
        while self._outgoing:
            try:
                count = os.write(self.jail.job, self._outgoing[0])
            except BlockingIOError:
                self._poll.register(self.jail.job, select.POLLOUT)
                return
            except BrokenPipeError:
                self._outgoing.clear()
                break
            rest = self._outgoing[0][count:]
            if rest:
                self._outgoing[0] = rest
            else:
                self._outgoing.popleft()
        try:
            self._poll.unregister(self.jail.job)
        except KeyError:
            pass

    def _read_result(self) -> bool:
        try:
            data = os.read(self.jail.result, CHUNK)
        except BlockingIOError:
            return False
        if not data:
            self._closed = True
            self._poll.unregister(self.jail.result)
            return False
        if self._fault is None:
            try:
                self._frames.extend(self._decoder.feed(data))
            except wire.ProtocolFault as fault:
                self._fault = fault
        return True

    def _read_stream(self, fd: int) -> bool:
        try:
            data = os.read(fd, CHUNK)
        except BlockingIOError:
            return False
        if data:
            self.capture.add(self._streams[fd], data)
            return self.capture.total <= self.capture.kill
        self._poll.unregister(fd)
        del self._streams[fd]
        return False

    def _drain(self) -> None:
        """Reads what an ended jail left; nothing can write any more once every process in it is dead."""
        self._poll.unregister(self.jail.pidfd)
        self.jail.kill()
        while not self._closed and self._read_result():
            pass
        self._closed = True
        for fd in list(self._streams):
            while fd in self._streams and self._read_stream(fd):
                pass

    def settle_output(self) -> None:
        """Reads what has been printed so far, without waiting; no further where it is printed faster than it is read."""
        for fd in list(self._streams):
            for _ in range(SLOTS):
                if fd not in self._streams or not self._read_stream(fd):
                    break

    def _finish(self) -> Ending:
        self.jail.kill()
        self.settle_output()
        return self.jail.finish()

    def _ending(self) -> Exception:
        """Why the result pipe ended: the cause is read from the kernel, not from anything that the jail says."""
        waited = select.poll()
        waited.register(self.jail.pidfd, select.POLLIN)
        waited.poll(200)  # closing the pipe may come just before the exit
        alive = not waited.poll(0)
        self.settle_output()
        ending = self.jail.finish()
        if ending.zygote_lost:
            return SandboxFault("zygote", "the process that makes jails ended during the grade", "grade again")
        if ending.out_of_memory:
            return Ended(Status.MEMORY, *OUT_OF_MEMORY)
        if alive:
            return Ended(
                Status.CRASHED, "it closed the descriptor that results go through", "它关闭了返回结果的文件描述符"
            )
        if ending.out_of_cpu:
            return Ended(Status.TIMEOUT, "it used more processor time than it may", "处理器时间超出上限，已被停止")
        if ending.signal == signal.SIGKILL:
            return SandboxFault(
                "jail", "a jail was killed from outside (the machine may be out of memory)", "grade again"
            )
        if ending.signal is not None:
            name = signal.Signals(ending.signal).name if ending.signal in list(signal.Signals) else str(ending.signal)
            return Ended(Status.CRASHED, f"its process was ended by {name}", f"进程因 {name} 终止")
        return Ended(
            Status.CRASHED,
            f"its process left with exit code {ending.exit_code} before it was asked to",
            f"进程提前退出，退出码 {ending.exit_code}",
        )
