"""What this machine can do: each part of the sandbox and of the installation, and the cure where one is missing."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.text import Text

from app.cures import cure_in
from app.messages import say
from app.terminal import visible
from graders.sandbox import Isolation, probe

LEVELS = (Isolation.NONE, Isolation.REDUCED, Isolation.FULL)  # from the weakest


@dataclass(frozen=True)
class Finding:
    """One part that was looked at."""

    name: str
    ok: bool
    errno: int | None = None
    cause: str = ""  # what was seen, also when it is well
    cure: str = ""


@dataclass(frozen=True)
class Examination:
    """All that was found."""

    level: Isolation  # that the machine reaches
    asked: Isolation  # that the settings ask for
    findings: tuple[Finding, ...]

    @property
    def good(self) -> bool:
        """True when submissions can be judged as the settings ask."""
        return LEVELS.index(self.level) >= LEVELS.index(self.asked) and all(f.ok for f in self.findings[:2])


def examine(asked: str, data: Path) -> Examination:
    """Looks at everything. The sandbox's parts are tried in throw-away processes."""
    parts = probe.run()
    sandbox = [Finding(part.name, part.ok, part.errno, part.cause, part.cure) for part in parts]
    findings = (_torch(), _libseccomp(), *sandbox, _cuda(), _data(data))
    return Examination(probe.level(parts), Isolation(asked), findings)


def as_text(found: Examination, lang: str) -> Text:
    """A line each, with the cure below what is missing."""
    text = Text()
    for finding in found.findings:
        text.append("✓ " if finding.ok else "✗ ", "bold green" if finding.ok else "bold red")
        text.append(finding.name, "bold")
        if finding.cause:
            text.append("  " + visible(finding.cause, keep=""), "dim")
        if not finding.ok and finding.cure:
            text.append("\n    " + say(lang, "doctor.cure", cure=visible(cure_in(lang, finding.cure), keep="")))
        text.append("\n")
    level = say(lang, "doctor.none") if found.level is Isolation.NONE else str(found.level)
    text.append("\n" + say(lang, "doctor.level", level=level), "bold")
    if found.asked is not found.level:
        text.append("\n" + say(lang, "doctor.asked", level=found.asked))
    return text


def as_json(found: Examination) -> str:
    """{level, asked, good, python, findings[{name, ok, errno, cause, cure}]}."""
    record = {
        "level": str(found.level),
        "asked": str(found.asked),
        "good": found.good,
        "python": platform.python_version(),
        "findings": [asdict(finding) for finding in found.findings],
    }
    return json.dumps(record, ensure_ascii=False, indent=2)


def _torch() -> Finding:
    try:
        import torch  # the import itself is what is examined
    except Exception as error:  # noqa: BLE001 - a broken installation raises whatever it likes
        cure = "reinstall torch: pip install --force-reinstall torch"
        return Finding("torch", False, None, f"cannot be imported: {error}", cure)
    return Finding("torch", True, None, str(torch.__version__))


def _libseccomp() -> Finding:
    try:
        import pyseccomp  # loads libseccomp.so.2 while it is imported
    except Exception as error:  # noqa: BLE001 - it raises RuntimeError, OSError or ImportError, by version
        cure = "install it (Debian, Ubuntu: apt-get install libseccomp2; Fedora: dnf install libseccomp)"
        return Finding("libseccomp", False, None, f"cannot be loaded: {error}", cure)
    return Finding("libseccomp", True, None, f"pyseccomp {pyseccomp.__version__}")


def _cuda() -> Finding:
    """Never a fault: without it submissions are judged on the CPU."""
    try:
        import torch

        if torch.cuda.is_available():
            return Finding("cuda", True, None, str(torch.cuda.get_device_name()))
    except Exception as error:  # noqa: BLE001 - a driver that does not fit raises whatever it likes
        return Finding("cuda", True, None, f"not usable: {error}")
    return Finding("cuda", True, None, "no device; submissions are judged on the CPU")


def _data(folder: Path) -> Finding:
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    if os.access(place, os.W_OK | os.X_OK) and place.is_dir():
        return Finding("data folder", True, None, str(folder))
    cure = "name another folder with --data or TORCHKATA_DATA"
    return Finding("data folder", False, None, f"{folder} cannot be written", cure)
