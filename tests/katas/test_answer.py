"""The answer that a page shows is the reference itself, whole enough to run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from katas.answer import answer_source
from katas.bank import Bank, KataError

BANK = Bank.open()


@pytest.mark.parametrize("name", [kata.id for kata in BANK.katas() if kata.kind == "code"])
def test_an_answer_stands_alone(name: str) -> None:
    kata = BANK.kata(name)
    space: dict[str, object] = {}
    exec(compile(answer_source(kata), f"{name}.py", "exec"), space)
    assert callable(space[kata.entry])


def test_an_answer_brings_the_functions_that_it_uses_and_no_other_entry() -> None:
    source = answer_source(BANK.kata("multi_head_attention"))
    assert "def scaled_dot_product_attention(" in source
    assert "class MultiHeadAttention(" in source
    assert "class CausalSelfAttention(" not in source


def test_an_entry_that_the_reference_lacks_is_the_authors_mistake() -> None:
    with pytest.raises(KataError, match="defines no `Nothing`"):
        answer_source(replace(BANK.kata("layer_norm"), entry="Nothing"))
