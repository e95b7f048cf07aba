"""Looks at each part of the isolation on this machine, in throw-away processes; every finding comes with its cure.

What is tried is the launcher itself, with an empty script in the zygote's place: what it can do, it can do for a grade.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace

from graders.sandbox import filter as seccomp
from graders.sandbox import root, start, syscalls
from graders.sandbox.cgroup import Group, Leaf, NoCgroup
from graders.sandbox.levels import Isolation, Limits, Part, SandboxFault
from graders.sandbox.parts import cure_for

# (part, the launcher's stages that belong to it), in the launcher's order
_AS_ROOT = (
    ("mounts", ("mounts",)),
    ("pivot_root", ("pivot_root",)),
    ("user", ("user",)),
    ("user_namespaces", ("user_namespaces", "user_map")),
    ("private_root", ("zygote_root", "zygote_start")),
)
_AS_USER = (
    ("user_namespaces", ("user_namespaces", "user_map")),
    ("mounts", ("mounts",)),
    ("pivot_root", ("pivot_root",)),
    ("private_root", ("zygote_root", "zygote_start")),
)
_WELL = {
    "user": "the zygote is no root",
    "user_namespaces": "user, pid, mount, net, ipc, uts",
    "mounts": "binds, tmpfs, read-only",
    "pivot_root": "the root can be changed",
    "private_root": "Python runs in a root of its own",
}


def run() -> tuple[Part, ...]:
    """Every part, found or missing, with errno, cause and cure."""
    return (_seccomp(), start.find_landlock(), _cgroup(), *_namespaces())


def level(parts: tuple[Part, ...]) -> Isolation:
    """What can be reached with these parts; NONE: nothing that an untrusted submission may be judged in."""
    well = {part.name: part.ok for part in parts}
    if all(well.values()):
        return Isolation.FULL
    return Isolation.REDUCED if well.get("seccomp") and well.get("zygote_start", True) else Isolation.NONE


def _seccomp() -> Part:
    try:
        syscalls.prctl(syscalls.PR_GET_SECCOMP)
    except OSError as error:
        cause = "the kernel has no system call filters"
        return Part("seccomp", False, error.errno, cause, cure_for("no_new_privs", None))
    try:
        program = seccomp.build(seccomp.Profile(own_pids=True, memory_cgroup=True))
    except (OSError, RuntimeError, ImportError) as error:
        number = error.errno if isinstance(error, OSError) else None
        return Part("seccomp", False, number, f"the filter cannot be built: {error}", cure_for("seccomp", None))
    version = seccomp.libseccomp_version()
    return Part("seccomp", True, None, f"{len(program) // 8} instructions by libseccomp {version}")


def _cgroup() -> Part:
    try:
        group = Group.open(Limits())
    except NoCgroup as error:
        return Part("cgroup", False, error.errno, error.cause, error.cure)
    leaf: Leaf | None = None
    try:
        leaf = group.leaf()
        _join(leaf)
    except OSError as error:
        cause = f"a process cannot be put into a cgroup of its own: {error}"
        return Part("cgroup", False, error.errno, cause, cure_for("cgroup", error.errno))
    finally:
        if leaf is not None:
            leaf.remove()
        group.close()
    version = 2 if group.hierarchies[0].unified else 1
    return Part("cgroup", True, None, f"version {version} at {group.hierarchies[0].base}")


def _join(leaf: Leaf) -> None:
    """A throw-away process joins a leaf as a jail does."""
    descriptors = leaf.open_procs()
    code = (
        "import os, sys\ntry:\n for fd in sys.argv[1:]: os.write(int(fd), b'0')\nexcept OSError as e: sys.exit(e.errno)"
    )
    try:
        command = [root.base_python(), "-I", "-S", "-c", code, *map(str, descriptors)]
        number = subprocess.run(command, pass_fds=descriptors, check=False, stdin=subprocess.DEVNULL).returncode
    finally:
        for fd in descriptors:
            os.close(fd)
    if number:
        raise OSError(number, os.strerror(max(0, number)))


def _namespaces() -> list[Part]:
    """Starts the launcher with an empty script and reads how far it came; without namespaces, whether it can do without."""
    parts = _AS_ROOT if os.geteuid() == 0 else _AS_USER
    failed = _try_launcher(isolated=True)
    if failed is None:
        return [Part(name, True, None, _WELL[name]) for name, _ in parts]
    found = _until(parts, failed)
    bare = _try_launcher(isolated=False)
    return found if bare is None else [*found, bare]


def _try_launcher(*, isolated: bool) -> Part | None:
    """The stage that failed, or None."""
    layout = replace(root.layout(), staged={"/torchkata/probe.py": ""})
    script = "/torchkata/probe.py" if isolated else str(root.HERE / "__init__.py")
    config = start.configure(layout, isolated=isolated, locked=True, script=script)
    try:
        started = start.spawn(layout.python, config, {}, namespaces=isolated)
    except SandboxFault as fault:
        return Part(fault.part, False, None, fault.cause, fault.cure)
    try:
        failed = start.find_failure(started, None)
        return None if started.process.poll() == 0 else failed[0] if failed else None
    finally:
        started.stop()


def _until(parts: tuple[tuple[str, tuple[str, ...]], ...], failed: Part) -> list[Part]:
    """The parts before the stage that failed are well, those after it could not be tried."""
    found: list[Part] = []
    missing = ""
    for name, stages in parts:
        if missing:
            found.append(Part(name, False, None, f"could not be tried without {missing}", f"repair {missing} first"))
        elif failed.name in stages or name == parts[-1][0]:
            missing = name
            found.append(replace(failed, name=name))
        else:
            found.append(Part(name, True, None, _WELL[name]))
    return found
