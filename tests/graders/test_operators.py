"""What a forbidden name stands for: read from this torch, so that each name that the katas forbid is really known to it."""

from __future__ import annotations

import pytest
import torch

from graders.operators import plan
from katas.bank import Bank

BANK = Bank.open()


def operators(*forbidden: str) -> set[str]:
    """Names of the operators that refuse, without namespace and overload."""
    return {name.split("::")[1].split(".")[0] for _, name, _ in plan(forbidden)["operators"]}


def functions(*forbidden: str) -> set[str]:
    """Functions and classes that refuse, as MODULE:PATH."""
    return {f"{module}:{path}" for _, module, path in plan(forbidden)["functions"]}


@pytest.mark.parametrize("kata", BANK.ids())
def test_every_name_that_a_kata_forbids_stands_for_something(kata: str) -> None:
    forbidden = BANK.kata(kata).forbidden
    for name in forbidden:
        assert any(plan((name,)).values()), name
    told = {row[0] for rows in plan(forbidden).values() for row in rows}
    assert told <= set(forbidden)


def test_attention_stands_for_its_lower_kernels() -> None:
    found = operators("torch.nn.functional.scaled_dot_product_attention")
    assert {"scaled_dot_product_attention", "_scaled_dot_product_attention_math"} <= found
    assert "_scaled_dot_product_flash_attention_for_cpu" in found
    assert found.isdisjoint({"_softmax", "softmax", "matmul", "bmm", "dropout", "_safe_softmax"})


@pytest.mark.parametrize("name", ["torch.nn.LayerNorm", "torch.nn.functional.layer_norm", "torch.layer_norm"])
def test_every_home_of_an_operator_means_the_same(name: str) -> None:
    assert {"layer_norm", "native_layer_norm"} <= operators(name)
    assert {"torch.nn.modules.normalization:LayerNorm", "torch.nn.functional:layer_norm"} <= functions(name)
    assert {"torch._refs:native_layer_norm", "torch._refs.nn.functional:layer_norm"} <= functions(name)


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("torch.nn.functional.cross_entropy", {"nll_loss", "_log_softmax", "binary_cross_entropy", "log_softmax"}),
        ("torch.nn.functional.nll_loss", {"cross_entropy_loss", "poisson_nll_loss", "gather"}),
        ("torch.nn.functional.kl_div", {"xlogy", "binary_cross_entropy"}),
        ("torch.nn.LayerNorm", {"native_group_norm", "rms_norm", "var_mean", "norm"}),
        ("torch.masked.softmax", {"softmax", "_softmax", "_masked_softmax"}),
        ("torch.nn.MultiheadAttention", {"scaled_dot_product_attention", "linear", "softmax"}),
        ("torch.softmax", {"log_softmax", "_log_softmax", "exp"}),
    ],
)
def test_what_is_not_meant_stays_allowed(name: str, left: set[str]) -> None:
    assert operators(name).isdisjoint(left)
    known = {whole.split("::")[1].split(".")[0] for whole in torch._C._dispatch_get_all_op_names()}
    assert left <= known


def test_a_method_alone_leaves_the_operator_alone() -> None:
    assert operators("torch.Tensor.softmax") == set()
    assert functions("torch.Tensor.softmax") == {"torch:Tensor.softmax"}


def test_every_operator_names_a_key_that_has_a_kernel() -> None:
    for _, name, keys in plan(BANK.kata("layer_norm").forbidden)["operators"]:
        assert keys
        assert all(torch._C._dispatch_has_kernel_for_dispatch_key(name, key) for key in keys)


def test_nothing_forbidden_is_nothing_to_refuse() -> None:
    assert plan(()) == {"operators": [], "functions": []}
