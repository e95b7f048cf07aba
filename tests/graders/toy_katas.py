"""Small katas on disk, made for one test each: an outside bank with an answer of its own beside the cases."""

from __future__ import annotations

from pathlib import Path

from graders.compare import judge
from graders.diagnose import Mistakes
from graders.program import Outcome, Program, Reference
from graders.verdict import CaseResult
from katas.bank import Kata, read_kata

TOML = """\
format = 1
kind = "code"
track = "attention"
level = 1
title = {{en = "Toy", zh = "玩具"}}
entry = "{entry}"
{more}
"""
HEAD = "import torch\nfrom torch import Tensor, nn\n"
DOUBLE = "def double(x):\n    return 2 * x\n"
LINEAR = """
class Linear(nn.Module):
    def __init__(self, d_in, d_out):
        super().__init__()
        self.proj = nn.Linear(d_in, d_out)

    def forward(self, x):
        return self.proj(x)
"""
LINEAR_WEIGHTS = '[weights.proj]\naliases = ["fc", "linear"]\nbias_optional = true'


def write(
    folder: Path, entry: str, answer: str, cases: str, mistakes: dict[str, str] | None = None, more: str = ""
) -> Kata:
    """A kata whose `cases` is the body of `cases(draw)`; a mistake's first line becomes its docstring's."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kata.toml").write_text(TOML.format(entry=entry, more=more), encoding="utf-8")
    (folder / "reference.py").write_text(HEAD + answer, encoding="utf-8")
    body = "\n".join("    " + line for line in cases.strip().splitlines())
    (folder / "cases.py").write_text(f"import torch\n\n\ndef cases(draw):\n{body}\n", encoding="utf-8")
    for name, source in (mistakes or {}).items():
        (folder / "mistakes").mkdir(exist_ok=True)
        text = f'"""en: {name} in words: the rest.\nzh: {name} 的说明：其余。\n"""\n'
        (folder / "mistakes" / f"{name}.py").write_text(text + HEAD + source, encoding="utf-8")
    return read_kata(folder)


def function(folder: Path, cases: str, answer: str = DOUBLE, entry: str = "double", more: str = "") -> Reference:
    """A kata of one function, ready to be carried out."""
    return Reference(write(folder / entry, entry, answer, cases, more=more))


def only(reference: Reference, seed: int = 7) -> Program:
    """Its one case."""
    (program,) = reference.programs(seed)
    return program


def judged(reference: Reference, program: Program, outcome: Outcome) -> CaseResult:
    """The result of an outcome whose parameters are named as the roles."""
    return judge(Mistakes(reference).yardstick(program), outcome)
