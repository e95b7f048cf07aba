"""Reads kata folders as text. Nothing of a kata is executed here, and torch is never imported: `list` must be instant."""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from katas.snippet import default_snippet

FORMAT = 1
KINDS = ("code", "concept")
SECTIONS = {
    "en": ("Question", "Task", "Answer", "Analysis", "Pitfalls", "Follow-ups", "Hints"),
    "zh": ("问题", "任务", "答案", "分析", "易错点", "追问", "提示"),
}
DTYPES = ("float64", "float32", "bfloat16", "float16")
FIELDS = {
    "format": int,
    "kind": str,
    "track": str,
    "level": int,
    "title": dict,
    "entry": str,
    "answers": list,
    "prerequisites": list,
    "follow_ups": list,
    "dtypes": list,
    "forbidden": list,
    "torch": str,
    "axes": dict,
    "weights": dict,
    "fused": list,
    "limits": dict,
    "score": dict,
    "tolerance": dict,
}
LIMITS = {
    "case_seconds": 5.0,
    "grade_seconds": 30.0,
    "memory_mib": 1024,
    "pids": 64,
    "output_kib": 64,
    "output_kill_mib": 8,
    "tmp_mib": 64,
    "source_kib": 256,
    "tensor_mib": 64,
}
SCORE = {"correctness": 60, "shapes": 25, "speed": 15}


class KataError(Exception):
    """A mistake of the kata's author: names the kata and the file."""

    def __init__(self, kata: str, file: str, what: str) -> None:
        super().__init__(f"kata {kata}: {file}: {what}")
        self.kata, self.file, self.what = kata, file, what


class UnknownKata(LookupError):
    """There is no kata of this name; `nearest` holds the closest names."""

    def __init__(self, name: str, nearest: tuple[str, ...]) -> None:
        super().__init__(name)
        self.name, self.nearest = name, nearest


@dataclass(frozen=True)
class Role:
    """One group of parameters of the reference, `base`.weight and `base`.bias, and the names that people give it."""

    base: str
    aliases: tuple[str, ...] = ()
    bias_optional: bool = False  # the Task says so; a missing bias is zero in the reference too


@dataclass(frozen=True)
class Mistake:
    """A wrong variant that shows one misunderstanding."""

    id: str
    text: dict[str, str]  # one line in each language
    source: str
    path: Path


@dataclass(frozen=True)
class Kata:
    """One kata, read from its folder; texts are read when they are asked for."""

    id: str
    folder: Path
    kind: str
    track: str
    level: int
    title: dict[str, str]
    entry: str = ""
    answers: tuple[str, ...] = ()
    prerequisites: tuple[str, ...] = ()
    follow_ups: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ("float64", "float32")  # that the reference promises
    forbidden: tuple[str, ...] = ()  # qualified names, as `torch.nn.functional.softmax`
    torch: str = ""  # torch's own operator, for the page; compared in check through reference/<track>.py's doc
    axes: dict[str, str] = field(default_factory=dict)  # argument -> "B L D"
    roles: tuple[Role, ...] = ()
    fused: tuple[
        tuple[str, ...], ...
    ] = ()  # bases that people compute with one matrix, as ("q_proj", "k_proj", "v_proj")
    limits: dict[str, float] = field(default_factory=lambda: dict(LIMITS))
    score: dict[str, int] = field(default_factory=lambda: dict(SCORE))
    tolerance: float = 16.0  # the factor of the rule in docs/format.md

    def page(self, lang: str) -> dict[str, str]:
        """Section -> Markdown, keyed by the English names in both languages."""
        name = f"page.{lang}.md"
        return _sections(self.id, name, self._read(name), lang)

    def hints(self, lang: str) -> list[str]:
        """The three hints, from a nudge to nearly all."""
        items = re.split(r"(?m)^\d+\.\s+", self.page(lang)["Hints"])[1:]
        if len(items) != 3:
            raise KataError(self.id, f"page.{lang}.md", f"has {len(items)} hints, numbered 1. to 3., and needs three")
        return [item.strip() for item in items]

    @property
    def starter(self) -> str:
        """The file that a learner begins with."""
        return self._read("starter.py")

    @property
    def snippet(self) -> str:
        """What a learner's first try runs after his code: snippet.py, or a call made of the starter's signature."""
        if (self.folder / "snippet.py").is_file():
            return self._read("snippet.py")
        return default_snippet(self.entry, self.starter, self.axes)

    @property
    def cases_source(self) -> str:
        """The text of cases.py."""
        return self._read("cases.py")

    @property
    def quiz_source(self) -> str:
        """The text of a concept kata's quiz.toml; katas/quiz.py reads it."""
        return self._read("quiz.toml")

    @cached_property
    def mistakes(self) -> tuple[Mistake, ...]:
        """Every mistakes/*.py, by name."""
        found = []
        for path in sorted((self.folder / "mistakes").glob("*.py")):
            file = f"mistakes/{path.name}"
            source = self._read(file)
            match = re.match(r'\s*"""en: (?P<en>.+?)\n+zh: (?P<zh>.+?)\n?"""', source, re.DOTALL)
            if match is None:
                raise KataError(self.id, file, 'must open with a docstring of two lines, "en: ..." and "zh: ..."')
            text = {lang: " ".join(match[lang].split()) for lang in ("en", "zh")}
            found.append(Mistake(path.stem, text, source, path))
        return tuple(found)

    @property
    def reference_source(self) -> Path | None:
        """`reference.py` of a kata of an outside bank, else None: the answer is then reference.<track>.<entry>."""
        path = self.folder / "reference.py"
        return path if path.exists() else None

    @cached_property
    def digest(self) -> str:
        """SHA-256 over every file of the folder, names included: a report says which text of the kata it was judged by."""
        total = hashlib.sha256()
        for path in sorted(p for p in self.folder.rglob("*") if p.is_file() and p.suffix in {".py", ".toml", ".md"}):
            for part in (path.relative_to(self.folder).as_posix().encode(), path.read_bytes()):
                total.update(len(part).to_bytes(8, "little") + part)
        return total.hexdigest()

    def _read(self, name: str) -> str:
        try:
            return (self.folder / name).read_text(encoding="utf-8")
        except FileNotFoundError:
            raise KataError(self.id, name, "is missing") from None
        except UnicodeDecodeError:
            raise KataError(self.id, name, "is not UTF-8") from None


class Bank:
    """A folder of katas."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def open(cls, root: Path | None = None) -> Bank:
        """The bank at `root`, or the one that torchkata brings along."""
        return cls(root if root is not None else Path(__file__).parent)

    def ids(self) -> list[str]:
        """Names of all katas, sorted."""
        return sorted(p.parent.name for p in self.root.glob("*/kata.toml"))

    def kata(self, name: str) -> Kata:
        """Reads one kata. Raises UnknownKata, or KataError when its folder is broken."""
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", name) or not (self.root / name / "kata.toml").is_file():
            raise UnknownKata(name, tuple(difflib.get_close_matches(name, self.ids(), n=3, cutoff=0.4)))
        return read_kata(self.root / name)

    def katas(self) -> list[Kata]:
        """All katas, by level and then by name."""
        return sorted((self.kata(name) for name in self.ids()), key=lambda kata: (kata.level, kata.id))

    def documents(self) -> dict[str, dict[str, Any]]:
        """The list of document questions: "000#4" -> {"kind", "topic": {"en", "zh"}}."""
        path = self.root / "documents.toml"
        if not path.exists():
            return {}
        return {key: dict(value) for key, value in tomllib.loads(path.read_text(encoding="utf-8")).items()}


def read_kata(folder: Path) -> Kata:
    """Reads and validates kata.toml of one folder. Raises KataError."""
    name = folder.name
    try:
        raw = tomllib.loads((folder / "kata.toml").read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise KataError(name, "kata.toml", f"cannot be read: {error}") from None
    except OSError as error:
        raise KataError(name, "kata.toml", f"cannot be opened: {error.strerror}") from None
    wrong = _wrong_fields(raw)
    if wrong:
        raise KataError(name, "kata.toml", wrong)
    return Kata(
        id=name,
        folder=folder,
        kind=raw["kind"],
        track=raw["track"],
        level=raw["level"],
        title=dict(raw["title"]),
        entry=raw.get("entry", ""),
        answers=tuple(raw.get("answers", ())),
        prerequisites=tuple(raw.get("prerequisites", ())),
        follow_ups=tuple(raw.get("follow_ups", ())),
        dtypes=tuple(raw.get("dtypes", ("float64", "float32"))),
        forbidden=tuple(raw.get("forbidden", ())),
        torch=raw.get("torch", ""),
        axes=dict(raw.get("axes", {})),
        roles=tuple(
            Role(base, tuple(value.get("aliases", ())), bool(value.get("bias_optional", False)))
            for base, value in raw.get("weights", {}).items()
        ),
        fused=tuple(tuple(group) for group in raw.get("fused", ())),
        limits={**LIMITS, **raw.get("limits", {})},
        score=dict(raw.get("score", SCORE)),
        tolerance=float(raw.get("tolerance", {}).get("factor", 16.0)),
    )


def _wrong_fields(raw: dict[str, Any]) -> str:
    """What is wrong with a parsed kata.toml, in one sentence, or nothing."""
    for key, value in raw.items():
        if key not in FIELDS:
            near = difflib.get_close_matches(key, FIELDS, n=1)
            return f"has an unknown field `{key}`" + (f"; do you mean `{near[0]}`?" if near else "")
        if not isinstance(value, FIELDS[key]) or (FIELDS[key] is int and isinstance(value, bool)):
            return f"field `{key}` must be a {FIELDS[key].__name__}, not {value!r}"
    needed = ["format", "kind", "track", "level", "title"] + (["entry"] if raw.get("kind") == "code" else [])
    missing = [key for key in needed if key not in raw]
    if missing:
        return f"lacks the field `{missing[0]}`"
    if raw["format"] != FORMAT:
        return f"has format {raw['format']}; this torchkata reads format {FORMAT}"
    if raw["kind"] not in KINDS:
        return f"kind must be one of {', '.join(KINDS)}, not {raw['kind']!r}"
    if not 1 <= raw["level"] <= 5:
        return f"level must be 1 to 5, not {raw['level']}"
    if set(raw["title"]) != {"en", "zh"}:
        return "title needs exactly en and zh"
    for key, known in (("limits", LIMITS), ("score", SCORE), ("tolerance", {"factor": 0})):
        for name, value in raw.get(key, {}).items():
            if name not in known:
                return f"[{key}] has an unknown entry `{name}`"
            if not isinstance(value, int | float) or isinstance(value, bool) or value < 0:
                return f"[{key}] {name} must be a number that is not negative, not {value!r}"
    bad = [name for name in raw.get("dtypes", ()) if name not in DTYPES]
    return f"dtypes holds {bad[0]!r}; known are {', '.join(DTYPES)}" if bad else _wrong_parts(raw)


def _wrong_parts(raw: dict[str, Any]) -> str:
    """What is wrong inside the lists and tables of a kata.toml, in one sentence, or nothing."""
    for key in ("answers", "prerequisites", "follow_ups", "forbidden"):
        if not _strings(raw.get(key, [])):
            return f"field `{key}` must hold strings only"
    for key in ("title", "axes"):
        if not _strings(list(raw.get(key, {}).values())):
            return f"[{key}] must hold strings only"
    for base, role in raw.get("weights", {}).items():
        if not isinstance(role, dict) or not role.keys() <= {"aliases", "bias_optional"}:
            return f"[weights.{base}] may hold `aliases` and `bias_optional`, nothing else"
        if not _strings(role.get("aliases", [])) or not isinstance(role.get("bias_optional", False), bool):
            return f"[weights.{base}] aliases must be a list of strings, bias_optional true or false"
    for group in raw.get("fused", ()):
        if not _strings(group) or not set(group) <= raw.get("weights", {}).keys():
            return f"fused must hold lists of names from [weights], not {group!r}"
    return ""


def _strings(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _sections(kata: str, file: str, text: str, lang: str) -> dict[str, str]:
    """Splits a page at its second-level headings."""
    parts = re.split(r"(?m)^## +(.+?) *$", text)
    found = dict(zip(parts[1::2], (body.strip() for body in parts[2::2]), strict=True))
    sections = {}
    for english, heading in zip(SECTIONS["en"], SECTIONS[lang], strict=True):
        if not found.get(heading):
            raise KataError(kata, file, f"lacks the section `## {heading}`")
        sections[english] = found[heading]
    return sections
