"""What a submission finds inside a jail."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from graders.sandbox import Lane
from tests.graders.sandbox.snippets import run

ATTEMPT = """
def attempt(what):
    try:
        return repr(what())
    except BaseException as error:
        return f"{type(error).__name__} {getattr(error, 'errno', None)}"
"""


def attempts(lane: Lane, *expressions: str) -> list[str]:
    """What each expression gave, or the name and errno of its exception."""
    lines = [f"found.append(attempt(lambda: {expression}))" for expression in expressions]
    imports = "import ctypes, json, os, pathlib, resource, signal, socket, subprocess, sys, threading, torch\n"
    code = imports + ATTEMPT + "found = []\n" + "\n".join(lines) + "\nprint(json.dumps(found))\n"
    ran = run(lane, code)
    assert ran.answer is not None, ran.err
    found: list[str] = json.loads(ran.out)
    return found


def told(lane: Lane, expression: str) -> Any:
    code = f"import json, os, resource, sys, torch\nprint(json.dumps({expression}))"
    return json.loads(run(lane, code).out)


def test_every_step_of_the_lock_down_was_taken(lane: Lane) -> None:
    jail = lane.take()
    assert jail.parts[-1] == "seccomp"
    assert {"cgroup", "namespaces", "private_tmp", "user_namespace", "capabilities", "no_new_privs", "landlock"} < set(
        jail.parts
    )
    jail.finish()


def test_files_of_the_host_are_not_there(lane: Lane) -> None:
    project = Path(__file__).resolve().parents[3]
    places = ["/etc/passwd", "/root/.profile", "/home", "/proc/self", "/sys/fs", "/var", "/run", "/opt", "/dev/tty"]
    places += [str(project / "pyproject.toml"), str(project / "katas"), f"{sys.prefix}/pyvenv.cfg", __file__]
    assert attempts(lane, *(f"os.stat({place!r})" for place in places)) == ["FileNotFoundError 2"] * len(places)


def test_the_root_cannot_be_listed_nor_our_sources_read(lane: Lane) -> None:
    assert attempts(lane, "os.listdir('/')", "open('/torchkata/graders/child.py')") == ["PermissionError 13"] * 2


def test_of_the_project_only_the_staged_modules_can_be_imported(lane: Lane) -> None:
    names = [
        "reference",
        "katas",
        "app",
        "graders.compare",
        "graders.grade",
        "graders.sandbox.host",
        "pydantic",
        "pytest",
    ]
    found = attempts(lane, *(f"__import__({name!r})" for name in names))
    assert [word.split()[0] for word in found] == ["ModuleNotFoundError"] * len(names)


def test_torch_and_python_cannot_be_written(lane: Lane) -> None:
    found = attempts(
        lane,
        "open(torch.__file__, 'a')",
        "open(os.path.dirname(torch.__file__) + '/new.py', 'w')",
        "open('/packages/sitecustomize.py', 'w')",
        "open(os.path.dirname(os.__file__) + '/sitecustomize.py', 'w')",
    )
    assert {word.split()[0] for word in found} <= {"PermissionError", "OSError"}


def test_tmp_can_be_written_is_bounded_and_private(lane: Lane) -> None:
    fill = "sum(os.write(f, bytes(1 << 20)) for f in [os.open('/tmp/x', os.O_CREAT | os.O_WRONLY)] for _ in range(99))"
    found = attempts(lane, "open('/tmp/kept', 'w').write('mine')", "open('/dev/shm/kept', 'w').write('mine')", fill)
    assert found[:2] == ["4", "4"]
    assert found[2] in ("OSError 27", "OSError 28")
    many = "[open(f'/tmp/{n}', 'w').close() for n in range(9999)]"
    assert attempts(lane, "os.listdir('/tmp')", "os.listdir('/dev/shm')", many)[:2] == ["[]", "[]"]
    assert attempts(lane, many) == ["OSError 28"]


def test_nothing_in_tmp_can_be_executed(lane: Lane) -> None:
    copy = "__import__('shutil').copy(sys.executable or '/usr/lib/os-release', '/tmp/run')"
    found = attempts(
        lane, copy, "os.chmod('/tmp/run', 0o755)", "os.execv('/tmp/run', ['run'])", "subprocess.run(['/tmp/run'])"
    )
    assert found[2] == "PermissionError 1"
    assert found[3].startswith("PermissionError")


def test_no_capability_and_no_user_is_left(lane: Lane) -> None:
    found = attempts(
        lane,
        "os.getuid()",
        "os.setuid(0)",
        "os.chroot('/tmp')",
        "os.mknod('/tmp/node', 0o600 | 0o020000, os.makedev(1, 3))",
        "ctypes.CDLL(None).prctl(39, 0, 0, 0, 0)",  # PR_GET_NO_NEW_PRIVS
        "[ctypes.CDLL(None).prctl(23, n, 0, 0, 0) for n in range(41)].count(1)",  # PR_CAPBSET_READ
    )
    assert found == ["65534", "PermissionError 1", "PermissionError 1", "PermissionError 1", "1", "0"]


def test_namespaces_cannot_be_made_by_unshare_or_clone(lane: Lane) -> None:
    libc = "ctypes.CDLL(None, use_errno=True)"
    found = attempts(
        lane,
        f"{libc}.unshare(0x10000000)",
        f"{libc}.unshare(0x00020000)",
        f"{libc}.syscall(56, 0x10000000 | 17, 0, 0, 0, 0)" if os.uname().machine == "x86_64" else "-1",
        f"{libc}.syscall(435, 0, 0)",
    )
    assert found == ["-1"] * 4


def test_there_is_no_network_of_any_family(lane: Lane) -> None:
    families = ["socket.AF_INET", "socket.AF_INET6", "socket.AF_UNIX", "socket.AF_NETLINK", "socket.AF_PACKET", "40"]
    found = attempts(lane, *(f"socket.socket({family}, socket.SOCK_DGRAM)" for family in families))
    assert found == ["OSError 97"] * len(families)
    assert attempts(lane, "len(socket.socketpair())") == ["2"]


def test_only_its_own_five_descriptors_are_open(lane: Lane) -> None:
    probe = "[fd for fd in range(256) if not attempt(lambda: os.fstat(fd)).startswith('OSError')]"
    assert attempts(lane, probe) == ["[0, 1, 2, 3, 4]"]


def test_it_is_alone_in_its_pid_namespace(lane: Lane) -> None:
    found = attempts(lane, "os.getpid()", "os.getppid()", "os.kill(2, 0)", "os.kill(-1, 9)")
    assert found == ["1", "0", "ProcessLookupError 3", "ProcessLookupError 3"]


def test_the_environment_of_the_host_is_not_in_the_jail(lane: Lane) -> None:
    assert set(told(lane, "sorted(os.environ)")) <= {
        "LC_CTYPE",
        "MKL_NUM_THREADS",
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
    }
    assert told(lane, "os.uname().nodename") == "jail"
    assert told(lane, "sys.stdin.read()") == ""


def test_limits_are_set_hard_and_no_core_is_left(lane: Lane) -> None:
    names = ["RLIMIT_CORE", "RLIMIT_NOFILE", "RLIMIT_NPROC", "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_MSGQUEUE"]
    found = told(lane, f"[resource.getrlimit(getattr(resource, n)) for n in {names!r}]")
    assert found == [[0, 0], [256, 256], [64, 64], [35, 35], [64 << 20, 64 << 20], [0, 0]]


def test_priorities_affinity_and_limits_of_others_cannot_be_changed(lane: Lane) -> None:
    found = attempts(
        lane,
        "os.sched_setaffinity(0, {0})",
        "os.setpriority(os.PRIO_PROCESS, 0, 5)",
        "os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))",
        "resource.prlimit(1, resource.RLIMIT_NOFILE, (99, 99))",
    )
    assert found == ["PermissionError 1"] * 4


def test_locks_that_another_jail_could_see_are_refused_also_with_high_bits_set(lane: Lane) -> None:
    lock = "ctypes.CDLL(None, use_errno=True).syscall({}, {}, ctypes.c_ulong(6 | {}), ctypes.c_char_p(bytes(64)))"
    number = {"x86_64": 72, "aarch64": 25}[os.uname().machine]
    file = "os.open(torch.__file__, os.O_RDONLY)"
    found = attempts(
        lane,
        f"__import__('fcntl').flock({file}, 1)",
        f"__import__('fcntl').lockf({file}, 1)",
        lock.format(number, file, 0),
        lock.format(number, file, 1 << 32),
    )
    assert found == ["PermissionError 1", "PermissionError 1", "-1", "-1"]


def test_two_jails_draw_different_numbers(lane: Lane) -> None:
    code = "import json, random, numpy, torch\nprint([random.random(), numpy.random.rand(), torch.rand(1).item()])"
    first, second = (json.loads(run(lane, code).out) for _ in range(2))
    assert all(a != b for a, b in zip(first, second, strict=True))


def test_processors_are_known_though_there_is_no_proc(lane: Lane) -> None:
    half = "(torch.ones(8, 8, dtype=torch.float16) @ torch.ones(8, 8, dtype=torch.float16)).sum().item()"
    assert told(lane, f"[torch.backends.cpu.get_cpu_capability(), torch.get_num_threads(), {half}]")[1:] == [1, 512.0]
