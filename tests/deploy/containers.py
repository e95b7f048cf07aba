"""A container made by hand: an OCI bundle that is run by crun as a container engine would have it run.

The root is put together from binds of this machine's own /usr and /etc, this checkout and the environment that runs the tests.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.seccomp_profile import profile
from tests.conftest import ROOT

USER = 10001  # as in the Dockerfile
CODE, ENVIRONMENT, DATA = "/torchkata", "/venv", "/data"
# What Docker gives a container that asks for nothing, and what it hides of /proc and /sys.
DOCKER_CAPABILITIES = (
    "CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL"
    " AUDIT_WRITE"
)
MASKED = (
    "/proc/acpi /proc/asound /proc/interrupts /proc/kcore /proc/keys /proc/latency_stats /proc/sched_debug /proc/scsi"
    " /proc/timer_list /proc/timer_stats /sys/devices/virtual/powercap /sys/firmware"
)
READ_ONLY = "/proc/bus /proc/fs /proc/irq /proc/sys /proc/sysrq-trigger"
# crun refuses version 1 of control groups with version 2 mounted beside it: it does not get to see that one.
HIDE = 'umount /sys/fs/cgroup/unified 2>/dev/null; exec crun --cgroup-manager=cgroupfs "$@"'
CRUN = ("unshare", "--mount", "sh", "-c", HIDE, "crun")


def missing() -> str:
    """Why no container can be run here; empty when one can."""
    if os.geteuid() != 0:
        return "crun needs root"
    return "" if shutil.which("crun") else "crun is not installed"


@dataclass
class Container:
    """One run. The fields' defaults are those of `docker run IMAGE` with a user that is not root."""

    folder: Path
    seccomp: dict[str, Any]
    user: int = USER
    capabilities: str = ""
    no_new_privileges: bool = False
    read_only: bool = False
    writable_cgroups: bool = False
    host_network: bool = False
    environment: dict[str, str] = field(default_factory=dict)
    binds: dict[str, str] = field(default_factory=dict)  # target -> source, read-only

    def __post_init__(self) -> None:
        self.name = f"torchkata-test-{secrets.token_hex(4)}"
        self.data = self.folder / "data"
        self.data.mkdir(parents=True)
        os.chown(self.data, USER, USER)

    def start(self, *command: str, **options: Any) -> subprocess.Popen[bytes]:
        """Runs a command as the container's first process."""
        (self.folder / "config.json").write_text(json.dumps(self._config(command)), encoding="utf-8")
        crun = [*CRUN, "run", "--bundle", str(self.folder), self.name]
        return subprocess.Popen(crun, stdin=subprocess.DEVNULL, **options)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """The same, until it ends."""
        process = self.start(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            out, err = process.communicate(timeout=900)  # never met; a hang must end as a failed test
        finally:
            self.remove()
        return subprocess.CompletedProcess(command, process.returncode, out.decode(), err.decode())

    def torchkata(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The command of this checkout, in the container."""
        return self.run(*python("-m", "app.cli", *arguments))

    def signal(self, name: str) -> None:
        """Sends a signal to its first process."""
        subprocess.run([*CRUN, "kill", self.name, name], check=True, capture_output=True)

    def remove(self) -> None:
        """Ends what is left of it."""
        subprocess.run([*CRUN, "delete", "--force", self.name], capture_output=True)

    def _config(self, command: tuple[str, ...]) -> dict[str, Any]:
        capabilities = [f"CAP_{name}" for name in self.capabilities.split()]
        effective = capabilities if self.user == 0 else []
        variables = {
            "PATH": f"{ENVIRONMENT}/bin:/usr/local/bin:/usr/bin:/usr/sbin:/bin:/sbin",
            "PYTHONPATH": CODE,
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": "/nonexistent",
            "LANG": "C.UTF-8",
            "TORCHKATA_DATA": DATA,
        }
        kinds = ["pid", "ipc", "uts", "mount", "cgroup", *([] if self.host_network else ["network"])]
        return {
            "ociVersion": "1.0.2",
            "process": {
                "terminal": False,
                "user": {"uid": self.user, "gid": self.user},
                "args": list(command),
                "env": [f"{name}={value}" for name, value in (variables | self.environment).items()],
                "cwd": "/",
                "capabilities": {
                    "bounding": capabilities,
                    "permitted": effective,
                    "effective": effective,
                },
                "noNewPrivileges": self.no_new_privileges,
            },
            "root": {"path": str(self._root()), "readonly": self.read_only},
            "hostname": "container",
            "mounts": self._mounts(),
            "linux": {
                "namespaces": [{"type": kind} for kind in kinds],
                "cgroupsPath": f"/{self.name}",
                "resources": {
                    "memory": {"limit": 4 << 30, "swap": 4 << 30},
                    "pids": {"limit": 4096},
                    "cpu": {"shares": 8192},  # other tests run beside it, each with a share as large as a whole group's
                },
                "maskedPaths": MASKED.split(),
                "readonlyPaths": READ_ONLY.split(),
                "seccomp": self.seccomp,
            },
        }

    def _root(self) -> Path:
        root = self.folder / "root"
        for name in ("proc", "sys", "dev", "tmp", "run"):
            (root / name).mkdir(parents=True)
        for name in ("bin", "sbin", "lib", "lib32", "lib64"):
            host = Path("/") / name
            if host.is_symlink():
                (root / name).symlink_to(host.readlink())
        return root

    def _mounts(self) -> list[dict[str, Any]]:
        fresh = ["nosuid", "nodev"]
        mounts = [
            mount("/proc", "proc", "proc", fresh),
            mount("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
            mount("/dev/pts", "devpts", "devpts", ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]),
            mount("/dev/mqueue", "mqueue", "mqueue", [*fresh, "noexec"]),
            mount("/dev/shm", "tmpfs", "shm", [*fresh, "noexec", "mode=1777", "size=64m"]),
            mount("/sys", "sysfs", "sysfs", [*fresh, "noexec", "ro"]),
            mount("/sys/fs/cgroup", "cgroup", "cgroup", [*fresh, "noexec", "rw" if self.writable_cgroups else "ro"]),
            mount("/tmp", "tmpfs", "tmpfs", [*fresh, "mode=1777", "size=2g"]),
            mount("/run", "tmpfs", "tmpfs", [*fresh, "mode=755"]),
            mount(DATA, "bind", str(self.data), ["bind", "rw"]),
        ]
        shared = {"/usr": "/usr", "/etc": "/etc", CODE: str(ROOT), ENVIRONMENT: sys.prefix, **self.binds}
        if not sys.base_prefix.startswith("/usr"):
            shared[sys.base_prefix] = sys.base_prefix
        return mounts + [mount(target, "bind", source, ["rbind", "ro"]) for target, source in shared.items()]


def stock(folder: Path, *, root: bool = False) -> Container:
    """As `docker run` makes one: no namespaces of one's own, read-only control groups, rules like Docker's."""
    if root:
        return Container(folder, profile(jail=False), user=0, capabilities=DOCKER_CAPABILITIES)
    return Container(folder, profile(jail=False))


def flagged(folder: Path, seccomp: dict[str, Any] | None = None, **options: Any) -> Container:
    """As docs/deploy.md and compose.yaml make one; the entry point gives root up."""
    return Container(
        folder,
        seccomp or profile(),
        user=0,
        capabilities="CHOWN SETUID SETGID",
        no_new_privileges=True,
        read_only=True,
        writable_cgroups=True,
        **options,
    )


def entered(*command: str) -> tuple[str, ...]:
    """A command behind the image's entry point."""
    return f"{CODE}/deploy/entrypoint", *command


def mount(target: str, kind: str, source: str, options: list[str]) -> dict[str, Any]:
    """One entry of a bundle's mounts."""
    return {"destination": target, "type": kind, "source": source, "options": options}


def python(*arguments: str) -> tuple[str, ...]:
    """A command line of the environment's interpreter."""
    return f"{ENVIRONMENT}/bin/python", "-P", *arguments
