"""The snippet of a try: brought by the kata, or one call made of the starter's signature."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from katas.bank import Bank, KataError, read_kata
from katas.snippet import default_snippet

FUNCTION = "def attend(query, key: Tensor, steps: int, mask=None, *, scale=1.0): ..."
MODULE = (
    "class Layer(nn.Module):\n    def __init__(self, d_model, num_heads, p=0.0): ...\n    def forward(self, x): ..."
)


def test_a_function_is_called_with_tensors_of_its_axes() -> None:
    made = default_snippet("attend", FUNCTION, {"query": "... L E"})
    assert made.splitlines() == [
        "query = torch.randn(2, 4, 8)",
        "key = torch.randn(2, 12)",
        "steps = 12",
        "attend(query, key, steps)",
    ]


def test_a_module_is_constructed_and_called() -> None:
    made = default_snippet("Layer", MODULE, {"x": "B L D"})
    assert made.splitlines() == ["model = Layer(12, 3)", "x = torch.randn(2, 4, 12)", "model(x)"]


@pytest.mark.parametrize("starter", ["def (", "x = 3", "\0"])
def test_a_starter_without_the_entry_gives_its_name_alone(starter: str) -> None:
    assert default_snippet("attend", starter, {}) == "attend\n"


def test_a_snippet_of_the_kata_wins_and_counts_in_its_digest(tmp_path: Path) -> None:
    folder = tmp_path / "toy"
    folder.mkdir()
    toml = 'format = 1\nkind = "code"\ntrack = "t"\nlevel = 1\ntitle = {en = "a", zh = "b"}\nentry = "f"\n'
    (folder / "kata.toml").write_text(toml)
    (folder / "starter.py").write_text("def f(x): ...\n")
    before = read_kata(folder)
    digest = before.digest
    assert before.snippet == "x = torch.randn(2, 12)\nf(x)\n"
    (folder / "snippet.py").write_text("f(1)\n")
    after = read_kata(folder)
    assert after.snippet == "f(1)\n"
    assert after.digest != digest
    (folder / "snippet.py").write_bytes(b"\xff")
    with pytest.raises(KataError, match=r"snippet\.py"):
        _ = read_kata(folder).snippet


def test_every_code_kata_brings_one_that_calls_its_entry() -> None:
    for kata in Bank.open().katas():
        if kata.kind == "code":
            assert (kata.folder / "snippet.py").is_file(), kata.id
            names = {node.id for node in ast.walk(ast.parse(kata.snippet)) if isinstance(node, ast.Name)}
            assert kata.entry in names, kata.id
