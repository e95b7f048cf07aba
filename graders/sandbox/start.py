"""Starts the launcher with its configuration, and reads what it and the zygote say while they come up."""

from __future__ import annotations

import errno
import json
import os
import select
import signal
import socket
import struct
import subprocess
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from graders.sandbox import filter as seccomp
from graders.sandbox import messages, root, syscalls
from graders.sandbox.levels import Limits, Part, SandboxFault
from graders.sandbox.lockdown import Plan
from graders.sandbox.parts import cure_for

WRITABLE = ("/tmp", "/dev/shm", "/dev/null", "/dev/zero", "/dev/full")
# stages of the launcher that need namespaces and mounts; without them the zygote can still be started bare
NAMESPACE_STAGES = ("user_namespaces", "user_map", "mounts", "pivot_root", "zygote_root")


class Started:
    """A launcher under way."""

    def __init__(self, process: subprocess.Popen[bytes], control: socket.socket, log: int, *, namespaces: bool) -> None:
        self.process = process
        self.namespaces = namespaces
        self._control = control
        self._log = log
        control.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", 10, 0))  # a zygote that never reads

    def wait(self, deadline: float) -> dict[str, Any] | None:
        """The zygote's first message; None when it ended instead. Raises SandboxFault at the deadline (time.monotonic)."""
        waiting = select.poll()
        waiting.register(self._control, select.POLLIN)
        if not waiting.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise SandboxFault("zygote", "it was not ready in time", "the machine may be overloaded; try again")
        try:
            message = messages.receive(self._control)
        except EOFError:
            return None
        except messages.Nonsense as error:
            raise SandboxFault("zygote", f"it began with {error}", cure_for("zygote", None)) from None
        for fd in message[1] if message else ():
            os.close(fd)
        return message[0] if message else None

    def fileno(self) -> int:
        """What becomes readable with the zygote's first message, or at its end."""
        return self._control.fileno()

    def send(self, words: dict[str, Any], descriptor: int) -> None:
        """Sends a message on the first channel."""
        messages.send(self._control, words, [descriptor], socket.MSG_NOSIGNAL)

    def log(self) -> str:
        """What launcher and zygote wrote, the last of it."""
        size = os.fstat(self._log).st_size
        return os.pread(self._log, 1 << 16, max(0, size - (1 << 16))).decode("utf-8", "replace")

    def messages(self) -> list[dict[str, Any]]:
        """The launcher's own lines."""
        found = []
        for line in self.log().splitlines():
            if line.startswith("{"):
                try:
                    found.append(json.loads(line))
                except ValueError:
                    continue
        return found

    def processes(self) -> dict[str, int]:
        found = {"launcher": self.process.pid}
        for words in self.messages():
            if "zygote" in words:
                found["zygote"] = int(words["zygote"])
        return found if self.alive() else {}

    def alive(self) -> bool:
        """True while the launcher waits for the zygote and the zygote has not closed its channel."""
        if self._control.fileno() < 0 or self.process.poll() is not None:
            return False
        waiting = select.poll()
        waiting.register(self._control, 0)
        return not waiting.poll(0)  # only POLLHUP can be reported

    def stop(self) -> None:
        """Kills the zygote, then the launcher if it does not end by that; reaps."""
        if self._control.fileno() < 0:
            return
        zygote = self.processes().get("zygote")
        try:
            if zygote is not None:
                # While the launcher lives nobody else reaps its child, so that the number cannot have passed on.
                fd = syscalls.pidfd_open(zygote)
                syscalls.pidfd_send_signal(fd, signal.SIGKILL)
                os.close(fd)
                self.process.wait(5)
        except (OSError, subprocess.TimeoutExpired):
            pass
        self.process.kill()
        self.process.wait(5)
        # When the launcher had to be killed, the zygote follows it; its end of the channel closes when it is gone.
        waiting = select.poll()
        waiting.register(self._control, 0)
        waiting.poll(2000)
        self._control.close()
        os.close(self._log)


def find_landlock() -> Part:
    """Whether the kernel has Landlock."""
    try:
        abi = syscalls.landlock_abi()
    except OSError as error:
        cause = f"the kernel has no Landlock ({error.strerror})"
        return Part("landlock", False, error.errno, cause, cure_for("landlock", error.errno))
    return Part("landlock", True, None, f"ABI {abi}")


def launch(
    limits: Limits,
    *,
    locked: bool,
    namespaces: bool,
    cgroup: bool,
    landlock: bool,
    warm_compiler: bool,
    collapse: bool,
) -> Started:
    """Starts a launcher. Raises SandboxFault when the filter cannot be built or the process cannot be started."""
    layout = root.layout()
    program = b""
    if locked:
        try:
            program = seccomp.load(seccomp.Profile(own_pids=namespaces, memory_cgroup=cgroup))
        except (OSError, RuntimeError, ImportError) as error:
            raise SandboxFault("seccomp", f"the filter cannot be built: {error}", cure_for("seccomp", None)) from error
    plan = Plan(
        locked=locked,
        namespaces=namespaces,
        cgroup=cgroup,
        landlock=landlock and locked,
        seccomp=program,
        memory=limits.memory,
        pids=limits.pids,
        tmp=limits.tmp,
        cpu_seconds=limits.cpu_seconds,
        files=limits.files,
        file_size=limits.tmp if limits.file_size is None else limits.file_size,
        readable=tuple(layout.readable if namespaces else layout.sources),
        writable=WRITABLE if namespaces else ("/dev/null",),
    )
    script = f"{root.OURS}/zygote.py" if namespaces else str(root.HERE / "zygote.py")
    config = configure(layout, isolated=namespaces, locked=locked, script=script)
    zygote = {
        "plan": plan.to_json(),
        "path": layout.path if namespaces else layout.host_path,
        "unmount": ["/proc", "/sys"] if namespaces else [],
        "warm_compiler": warm_compiler,
        "collapse": collapse,
    }
    return spawn(layout.python, config, zygote, namespaces=namespaces)


def configure(layout: root.Layout, *, isolated: bool, locked: bool, script: str) -> dict[str, Any]:
    """What the launcher needs to know."""
    return {
        "isolated": isolated,
        "locked": locked,
        "parent": os.getpid(),
        "python": layout.python,
        "zygote": script,
        "layout": asdict(layout),
    }


def spawn(python: str, config: dict[str, Any], zygote: dict[str, Any], *, namespaces: bool) -> Started:
    """Starts the launcher. Raises SandboxFault when there is no process to be had."""
    launcher = str(Path(__file__).with_name("launcher.py"))
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    log = os.memfd_create("log", os.MFD_CLOEXEC)  # a file and no pipe: nobody reads it until something is wrong
    files = [_memory_file("config", config), _memory_file("zygote", zygote)]
    try:
        passed = (files[0], theirs.fileno(), files[1])
        process = subprocess.Popen(
            [python, "-I", "-S", launcher, *map(str, passed)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={"OMP_NUM_THREADS": "1"},
            cwd="/",
            pass_fds=passed,
            start_new_session=True,  # a Ctrl-C on the terminal is the host's to handle
        )
    except OSError as error:
        ours.close()
        os.close(log)
        cause = f"{python} cannot be started: {error.strerror}"
        raise SandboxFault("launcher", cause, "install Python so that this user can run it") from error
    finally:
        theirs.close()
        for fd in files:
            os.close(fd)
    return Started(process, ours, log, namespaces=namespaces)


def _memory_file(name: str, words: dict[str, Any]) -> int:
    fd = os.memfd_create(name, os.MFD_CLOEXEC)
    os.write(fd, json.dumps(words).encode())
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def find_failure(started: Started, words: dict[str, Any] | None) -> tuple[Part, bool] | None:
    """(what failed, True when it is a part that a lower level can do without), or None when the zygote is ready."""
    match words:
        case {"ready": True, "capability": str()}:
            return None
        case {}:
            return Part("zygote", False, None, "its first words make no sense", cure_for("zygote", None)), False
    try:
        started.process.wait(5)  # its last line is written before it ends
    except subprocess.TimeoutExpired:
        pass
    for message in reversed(started.messages()):
        if "stage" in message:
            stage, number = str(message["stage"]), message["errno"]
            if number == errno.ENOENT and stage == "zygote_start":
                number = errno.EACCES
            part = Part(stage, False, number, str(message["message"]), cure_for(stage, number))
            return part, stage in NAMESPACE_STAGES
    lines = [line for line in started.log().splitlines() if line.strip() and not line.startswith("{")]
    cause = f"it ended while it started: {lines[-1].strip()[:300]}" if lines else "it ended while it started"
    return Part("zygote", False, None, cause, cure_for("zygote", None)), False
