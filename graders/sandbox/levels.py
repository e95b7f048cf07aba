"""The words of the sandbox: levels of isolation, limits, parts, endings and our own faults."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Isolation(StrEnum):
    """How well a submission is locked in."""

    FULL = "full"  # namespaces, private root, memory and pids cgroup, Landlock, seccomp, rlimits
    REDUCED = "reduced"  # at least seccomp and no_new_privs; what is missing is named
    NONE = "none"  # no lock; for the operator's own code only


@dataclass(frozen=True)
class Limits:
    """What one jail may use."""

    memory: int = 1 << 30  # bytes above an empty jail
    pids: int = 64  # processes and threads
    tmp: int = 64 << 20  # bytes of /tmp, and of /dev/shm
    cpu_seconds: int = 35  # of all its threads together
    files: int = 256  # open descriptors
    file_size: int | None = None  # bytes of one file; as much as /tmp unless said


@dataclass(frozen=True)
class Part:
    """One part of the isolation, as found on this machine."""

    name: str
    ok: bool
    errno: int | None = None
    cause: str = ""  # what was seen
    cure: str = ""  # what an operator can do


@dataclass(frozen=True)
class IsolationState:
    """What is in force."""

    level: Isolation
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Ending:
    """How a jail ended."""

    exit_code: int | None
    signal: int | None
    out_of_memory: bool  # the kernel, or the host in its place, killed something in it for memory
    zygote_lost: bool  # the zygote went first; nothing is known of the jail's own end
    peak_memory: int | None  # bytes, where a memory cgroup counts them
    out_of_cpu: bool = False  # its cpu_seconds were used up
    killed: bool = False  # by the host


class SandboxFault(Exception):
    """Our own fault, never the submission's: which part failed, why, and what helps."""

    def __init__(self, part: str, cause: str, cure: str = "") -> None:
        super().__init__(part, cause, cure)
        self.part = part
        self.cause = cause
        self.cure = cure

    def __str__(self) -> str:
        text = f"{self.part}: {self.cause}"
        return f"{text}; {self.cure}" if self.cure else text


class IsolationRefused(SandboxFault):
    """The level that was asked for cannot be reached here."""
