"""The zygote: imports torch once inside its own root, then forks one locked jail for each request.

Executed with an empty environment by graders/sandbox/launcher.py, as `zygote.py CONTROL_FD CONFIG_FD`; it is process 1 of
its pid namespace and root of its user namespace. It has no thread, no secret and nothing of the project but what is beside it.
Requests come as small JSON messages on SOCK_SEQPACKET channels:
    {"op": "channel"} with a socket              another lane; on the first channel
    {"op": "fork", "n": N} with descriptors      a jail; answers {"forked": N, "pid": P} with a pidfd, or {"failed": N, ...}
and later, when it ended, {"exited": N, "status": wait status, "cpu": seconds}. A channel that closes takes its jails along;
when all are closed, or the launcher dies, so does the zygote.
"""

from __future__ import annotations

import gc
import io
import json
import os
import random
import select
import signal
import socket
import sys
import types
from collections import deque
from typing import Any, NoReturn

_HERE = os.path.dirname(os.path.abspath(__file__))
for _name, _path in (("graders", _HERE), ("graders.sandbox", os.path.join(_HERE, "sandbox"))):
    # Stand-ins for the packages: their own __init__ files would import what has no place in a jail.
    if _name not in sys.modules:
        _package = types.ModuleType(_name)
        _package.__path__ = [_path]
        sys.modules[_name] = _package

from graders import wire  # noqa: E402
from graders.sandbox import lockdown, messages, syscalls  # noqa: E402

HUGE_PAGE = 2 << 20


class Channel:
    """One lane's socket, with what could not be sent yet: the zygote never waits for a lane."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.waiting: deque[tuple[dict[str, Any], int | None]] = deque()

    def send(self, words: dict[str, Any], descriptor: int | None = None) -> None:
        """Queues a message; the descriptor is closed once it is sent."""
        self.waiting.append((words, descriptor))
        self.flush()

    def flush(self) -> None:
        """Sends what the socket takes."""
        while self.waiting:
            words, descriptor = self.waiting[0]
            try:
                messages.send(self.sock, words, () if descriptor is None else (descriptor,))
            except BlockingIOError:
                return
            except OSError:
                self.close()
                return
            self.waiting.popleft()
            if descriptor is not None:
                os.close(descriptor)

    def close(self) -> None:
        """Forgets what was waiting."""
        while self.waiting:
            _, descriptor = self.waiting.popleft()
            if descriptor is not None:
                os.close(descriptor)


class Zygote:
    """Forks jails on request and tells how they ended."""

    def __init__(
        self, control: socket.socket, plan: lockdown.Plan, pid_namespace: int | None, address_space: int
    ) -> None:
        self.plan = plan
        self.pid_namespace = pid_namespace
        self.address_space = address_space
        self.poll = select.poll()
        self.channels: dict[int, Channel] = {}
        self.jails: dict[int, tuple[Channel, int, int]] = {}  # pidfd -> channel, number, pid
        self.first = self.add_channel(control)

    def add_channel(self, sock: socket.socket) -> Channel:
        channel = Channel(sock)
        self.channels[sock.fileno()] = channel
        self.poll.register(sock, select.POLLIN)
        return channel

    def serve(self) -> None:
        """Until every channel is closed."""
        while self.channels:
            for fd, event in self.poll.poll():
                channel = self.channels.get(fd)
                if channel is None:
                    if fd in self.jails:
                        self.reap(fd)
                    continue
                if event & select.POLLOUT:
                    channel.flush()
                if event & ~select.POLLOUT:
                    self.receive(channel)
            for channel in self.channels.values():
                self.poll.modify(channel.sock, select.POLLIN | (select.POLLOUT if channel.waiting else 0))

    def receive(self, channel: Channel) -> None:
        try:
            message = messages.receive(channel.sock)
        except EOFError:
            self.drop(channel)
            return
        if message is None:
            return
        words, descriptors = message
        if words["op"] == "channel":
            self.add_channel(socket.socket(fileno=descriptors[0]))
        else:
            self.fork(channel, words["n"], descriptors)

    def drop(self, channel: Channel) -> None:
        """The lane is gone: so are its jails."""
        self.poll.unregister(channel.sock)
        del self.channels[channel.sock.fileno()]
        channel.close()
        channel.sock.close()
        for pidfd, (owner, _, _) in self.jails.items():
            if owner is channel:
                syscalls.pidfd_send_signal(pidfd, signal.SIGKILL)

    def fork(self, channel: Channel, number: int, descriptors: list[int]) -> None:
        try:
            if self.pid_namespace is not None:
                # A second unshare is refused while the first one's namespace is still pending: go back to our own first.
                syscalls.setns(self.pid_namespace, syscalls.CLONE_NEWPID)
                syscalls.unshare(syscalls.CLONE_NEWPID)
            pid = os.fork()
        except OSError as error:
            channel.send({"failed": number, "part": "fork", "errno": error.errno, "message": str(error)})
        else:
            if pid == 0:
                become_jail(self.plan, descriptors, self.address_space)
            pidfd = syscalls.pidfd_open(pid)
            self.jails[pidfd] = (channel, number, pid)
            self.poll.register(pidfd, select.POLLIN)
            channel.send({"forked": number}, os.dup(pidfd))
        for fd in descriptors:
            os.close(fd)

    def reap(self, pidfd: int) -> None:
        channel, number, pid = self.jails.pop(pidfd)
        self.poll.unregister(pidfd)
        os.close(pidfd)
        _, status, usage = os.wait4(pid, 0)
        if channel.sock.fileno() >= 0:
            channel.send({"exited": number, "status": status, "cpu": usage.ru_utime + usage.ru_stime})


def become_jail(plan: lockdown.Plan, descriptors: list[int], address_space: int) -> NoReturn:
    """The child's side of a fork: never comes back."""
    code = lockdown.BROKEN_EXIT
    result = descriptors[1]
    try:
        try:
            if not plan.namespaces:
                syscalls.die_with_parent(signal.SIGKILL)
            taken = lockdown.enter(plan, descriptors, address_space)
            result = lockdown.RESULT
            open_streams()
            reseed()
        except BaseException as error:  # noqa: BLE001 - the host must hear of it, whatever it is
            if isinstance(error, lockdown.StepFailed) and error.part not in ("cgroup", "descriptors"):
                result = lockdown.RESULT
            words = {
                "part": getattr(error, "part", "zygote"),
                "errno": getattr(error, "errno", None),
                "message": str(error)[:500],
            }
            wire.write_all(result, wire.pack(wire.BROKEN, words))
            return_code(code)
        wire.write_all(result, wire.pack(wire.READY, {"parts": taken}))
        code = 1
        from graders import child, rehearsal  # imported while the zygote warmed up; here they are only looked up

        rehearsal.rehearse(rehearsal.JAIL)
        child.main(lockdown.JOB, lockdown.RESULT)
        code = 0
    finally:
        os._exit(code)


def return_code(code: int) -> NoReturn:
    """Ends at once: no handler of anybody runs."""
    os._exit(code)


def open_streams() -> None:
    """Fresh text streams over the jail's own pipes: what is printed leaves line by line, also before a crash."""
    for fd, name in ((1, "stdout"), (2, "stderr")):
        raw = io.FileIO(fd, "w", closefd=False)
        stream = io.TextIOWrapper(
            io.BufferedWriter(raw), encoding="utf-8", errors="backslashreplace", line_buffering=True
        )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def reseed() -> None:
    """No two jails draw the same numbers. Not torch.manual_seed: it costs 1.5 ms."""
    import numpy.random
    import torch

    torch.default_generator.manual_seed(int.from_bytes(os.urandom(7), "little"))
    random.seed()
    numpy.random.seed(int.from_bytes(os.urandom(4), "little"))


def warm_up(compiler: bool) -> str:
    """Imports torch and does once what is slow the first time; gives the cpu capability.

    cpuinfo is read from /proc at first use: without this an AVX-512 machine would count on plain loops, and float16 would fail.
    """
    import numpy.random  # loaded at first use otherwise, in every jail anew: 10 ms
    import torch

    numpy.random.seed(0)
    # One thread first: after one operator with several, a forked child hangs.
    torch.set_num_threads(1)
    capability = str(torch.backends.cpu.get_cpu_capability())
    for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
        x = torch.ones(8, 8, dtype=dtype, requires_grad=True)
        y = torch.nn.functional.layer_norm(torch.softmax(x @ x, dim=-1), (8,))
        torch.autograd.backward([y], [torch.ones_like(y)])  # with gradients given it imports sympy
    layer = torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    layer(torch.ones(1, 3, 8)).sum().backward()
    torch.einsum("bij,bjk->bik", torch.ones(1, 2, 2), torch.ones(1, 2, 2))
    if compiler:
        import torch._dynamo  # 334 modules, 0.7 s; torch.optim and torch.utils.checkpoint need them
        import torch.optim
    return capability


def collapse_heap() -> int:
    """Huge pages under the zygote's memory: a fork copies page tables, and huge pages need few. Gives bytes collapsed."""
    done = 0
    with open("/proc/self/maps") as maps:
        ranges = [line.split() for line in maps]
    for words in ranges:
        if words[1] == "rw-p" and (len(words) == 5 or words[5] == "[heap]"):
            start, end = (int(part, 16) for part in words[0].split("-"))
            start = -(-start // HUGE_PAGE) * HUGE_PAGE
            size = (end - start) // HUGE_PAGE * HUGE_PAGE
            if size > 0 and syscalls.collapse(start, size):
                done += size
    return done


def address_space() -> int:
    """Bytes mapped by this process."""
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[0]) * os.sysconf("SC_PAGESIZE")


def main(control_fd: int, config_fd: int) -> None:
    """Warms up, closes /proc, says that it is ready, serves."""
    syscalls.die_with_parent(signal.SIGKILL)
    with open(config_fd, "rb") as file:
        config = json.loads(file.read())
    sys.path.extend(config["path"])
    plan = lockdown.Plan.from_json(config["plan"])
    isolated = plan.namespaces
    pid_namespace = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC) if isolated else None
    unmount = list(config["unmount"])
    if isolated and config["warm_compiler"]:
        # torch._dynamo wants a folder for temporary files while it is imported.
        syscalls.mount("tmpfs", "/tmp", "tmpfs", syscalls.MS_NOSUID | syscalls.MS_NODEV, "size=16m")
        unmount.append("/tmp")
    capability = warm_up(config["warm_compiler"])
    from graders import rehearsal  # needs torch on the path first

    rehearsal.rehearse(rehearsal.ZYGOTE)
    gc.collect()
    gc.freeze()
    collapsed = collapse_heap() if config["collapse"] else 0
    mapped = address_space()
    threads = len(os.listdir("/proc/self/task"))
    for target in unmount:
        syscalls.unmount(target)
    if threads != 1:
        raise SystemExit(f"the zygote has {threads} threads; a fork would copy only one of them")
    zygote = Zygote(socket.socket(fileno=control_fd), plan, pid_namespace, mapped)
    zygote.first.send({"ready": True, "capability": capability, "collapsed": collapsed})
    zygote.serve()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
