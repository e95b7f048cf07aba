"""Which paths the zygote's private root consists of: Python's standard library, system libraries, torch and what torch needs.

An allow-list. Packages are bound one by one to /packages/NAME, so that nothing else of an environment (credentials of a package
index, other people's editable projects) can be seen; whatever site-packages lie inside a bound library folder are covered.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass, field
from importlib import metadata, util
from pathlib import Path

PACKAGES = ("torch", "numpy", "einops")  # with the closure of what they require; einops where it is installed
SOURCES = (
    "child.py",
    "interpreter.py",
    "policy.py",
    "refusal.py",
    "rehearsal.py",
    "snippet.py",
    "wire.py",
    "zygote.py",
    *(f"sandbox/{n}.py" for n in ("syscalls", "landlock", "lockdown", "messages")),
)
OURS = "/torchkata/graders"  # where they are staged
DEVICES = ("null", "zero", "full", "random", "urandom")
LIBRARIES = ("/lib", "/usr/lib", "/lib64", "/usr/lib64", "/lib32", "/usr/lib32")
FILES = ("/etc/ld.so.cache",)
HERE = Path(__file__).resolve().parent.parent


@dataclass
class Layout:
    """Binds, links and files of a root; targets are absolute paths inside it. Plain data, sent to the launcher as JSON."""

    python: str  # the base interpreter, without any environment
    path: list[str] = field(default_factory=list)  # what the zygote adds to sys.path
    folders: list[tuple[str, str]] = field(default_factory=list)  # (source, target), bound read-only
    files: list[tuple[str, str]] = field(default_factory=list)
    devices: list[str] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)  # (text, target)
    covered: list[str] = field(default_factory=list)  # hidden beneath an empty folder
    staged: dict[str, str] = field(default_factory=dict)  # target -> text

    @property
    def readable(self) -> list[str]:
        """What a jail may read: all but our own sources."""
        targets = [target for _, target in (*self.folders, *self.files)]
        return [*targets, *(f"/dev/{name}" for name in self.devices)]

    @property
    def sources(self) -> list[str]:
        """The same on the host, for a zygote without a root of its own."""
        places = [source for source, _ in (*self.folders, *self.files)]
        return [*places, *(target for _, target in self.links), *(f"/dev/{name}" for name in self.devices)]

    @property
    def host_path(self) -> list[str]:
        """Folders of the host that hold the packages."""
        places = [source for source, target in (*self.folders, *self.files) if target.startswith("/packages/")]
        return list(dict.fromkeys(os.path.dirname(place) for place in places))


def base_python() -> str:
    """The real interpreter's path: in a virtual environment, the one that it was made from."""
    return os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)


def layout() -> Layout:
    """The root for this interpreter and what is installed in its environment."""
    made = Layout(python=base_python(), path=["/packages"])
    prefix = Path(sys.base_prefix)
    beside = Path(made.python).parent.parent  # the same folder, unless the prefix is a link
    own = (prefix / "lib", prefix / sys.platlibdir, Path(sys.base_exec_prefix) / "lib", beside / "lib")
    libraries = [*map(str, own), *LIBRARIES]
    for library in dict.fromkeys(libraries):
        if os.path.islink(library) and library in LIBRARIES:
            made.links.append((os.readlink(library), library))  # a merged /usr keeps its links
        elif os.path.isdir(library):
            made.folders.append((os.path.realpath(library), library))
    made.folders = _outermost(made.folders)
    for _, library in made.folders:
        for pattern in ("*/site-packages", "*/dist-packages"):
            made.covered += [str(found) for found in Path(library).glob(pattern) if found.is_dir()]
    made.files = [(os.path.realpath(file), file) for file in (made.python, *FILES) if os.path.exists(file)]
    # The interpreter may lie inside a library folder (some distributions keep it in a libexec below it).
    made.files = [(s, t) for s, t in made.files if not any(_inside(t, folder) for _, folder in made.folders)]
    for name, source in packages().items():
        entry = (str(source), f"/packages/{name}")
        (made.folders if source.is_dir() else made.files).append(entry)
    made.devices = [name for name in DEVICES if os.path.exists(f"/dev/{name}")]
    made.staged = {f"{OURS}/{name}": (HERE / name).read_text(encoding="utf-8") for name in SOURCES}
    return made


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _outermost(folders: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Without those that come along with another one anyway."""
    targets = [target for _, target in folders]
    return [(s, t) for s, t in folders if not any(_inside(t, other) and t != other for other in targets)]


def packages() -> dict[str, Path]:
    """Top-level names of torch, numpy and all they require, where installed -> the folder or file."""
    found: dict[str, Path] = {}
    seen: set[str] = set()
    todo = list(PACKAGES)
    while todo:
        name = re.sub(r"[-_.]+", "-", todo.pop()).lower()
        if name in seen:
            continue
        seen.add(name)
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            _find_module(name, found)
            continue
        for requirement in distribution.requires or ():
            if "extra ==" not in requirement and (match := re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", requirement)):
                todo.append(match[0])
        tops = _top_level(distribution)
        for top in tops:
            place = Path(str(distribution.locate_file(top))).resolve()
            if place.exists():
                found.setdefault(top, place)
        if name in PACKAGES and name not in tops:
            _find_module(name, found)  # installed as a link to a source folder
    return found


def _top_level(distribution: metadata.Distribution) -> set[str]:
    """First parts of a distribution's files. RECORD is read as text: as paths, torch's 15,000 files would take 0.1 s."""
    record = distribution.read_text("RECORD")
    if record is None:
        return set((distribution.read_text("top_level.txt") or "").split())
    tops = set()
    for line in record.splitlines():
        first, slash, _ = line.partition("/")
        if not slash:
            first = line.split(",", 1)[0]
        if first not in ("..", "__pycache__", "") and not first.endswith((".pth", ".data", ".dist-info")):
            tops.add(first.strip('"'))
    return tops


def _find_module(name: str, found: dict[str, Path]) -> None:
    try:
        spec = util.find_spec(name)
    except (ImportError, ValueError):
        return
    if spec is not None and spec.submodule_search_locations:
        found.setdefault(name, Path(next(iter(spec.submodule_search_locations))).resolve())
    elif spec is not None and spec.origin and os.path.isfile(spec.origin):
        found.setdefault(os.path.basename(spec.origin), Path(spec.origin).resolve())
