"""What the concept katas claim as numbers, found once more by running torch."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from katas.bank import Bank
from katas.quiz import read_quiz
from reference.position import SinusoidalPositionalEncoding


def number(kata: str, question: str) -> float:
    """The right number of a question."""
    found = {one.id: one.number for one in read_quiz(Bank.open().kata(kata)).questions}[question]
    assert found is not None
    return found.value


def attention(x: Tensor, weights: list[Tensor], heads: int = 1, *, causal: bool = False) -> Tensor:
    """One self-attention layer, its output projection with it."""
    length, width = x.shape
    query, key, value = ((x @ w).view(length, heads, width // heads).transpose(0, 1) for w in weights[:3])
    scores = query @ key.transpose(-1, -2) / math.sqrt(width // heads)
    if causal:
        scores = scores.masked_fill(torch.ones(length, length).triu(1).bool(), -torch.inf)
    return (scores.softmax(-1) @ value).transpose(0, 1).reshape(length, width) @ weights[3]


def flops(length: int, width: int, heads: int = 8) -> int:
    """Of one layer, counted by torch while it runs."""
    x, weights = torch.randn(length, width), [torch.randn(width, width) for _ in range(4)]
    with FlopCounterMode(display=False) as counter:
        attention(x, weights, heads)
    return int(counter.get_total_flops())


@pytest.mark.parametrize("heads", [1, 8, 64])
def test_the_number_of_heads_does_not_change_the_number_of_parameters(heads: int) -> None:
    layer = nn.MultiheadAttention(512, heads)
    assert sum(parameter.numel() for parameter in layer.parameters()) == number("mha_what", "parameters")


def test_a_head_scales_by_the_root_of_its_own_width() -> None:
    assert number("mha_what", "scale") == math.sqrt(nn.MultiheadAttention(512, 8).head_dim)


def test_concatenating_and_projecting_is_the_sum_of_the_heads_contributions() -> None:
    heads, out = torch.randn(3, 5, 4, dtype=torch.float64), torch.randn(12, 12, dtype=torch.float64)
    joined = heads.transpose(0, 1).reshape(5, 12) @ out
    torch.testing.assert_close(joined, sum(heads[h] @ out[4 * h : 4 * h + 4] for h in range(3)))


def test_the_arithmetic_of_a_layer_is_what_torch_counts() -> None:
    assert flops(512, 512) == number("attention_complexity", "flops")
    assert flops(64, 32) == 8 * 64 * 32**2 + 4 * 64**2 * 32
    assert flops(64, 32, heads=1) == flops(64, 32, heads=8)


def test_doubling_the_length_at_equal_width_costs_eight_thirds() -> None:
    assert flops(128, 64) / flops(64, 64) == pytest.approx(number("attention_complexity", "doubling"))


def test_pairs_cost_as_much_as_projections_at_twice_the_width() -> None:
    length, width = int(number("attention_complexity", "crossing")), 768
    assert 4 * length**2 * width == 8 * length * width**2


def test_the_share_of_the_pairs_in_gpt3_is_that_of_the_count() -> None:
    length, width = 2048, 12288
    pairs, rest = 4 * length**2 * width, 8 * length * width**2 + 2 * 2 * length * width * 4 * width
    assert 100 * pairs / (pairs + rest) == pytest.approx(number("attention_complexity", "share"))


def test_stored_weights_take_four_gibibytes() -> None:
    weights = torch.empty(32, 8192, 8192, dtype=torch.float16, device="meta")
    assert weights.nbytes / 2**30 == number("attention_complexity", "memory")


def test_the_sinusoidal_table_holds_what_is_claimed() -> None:
    table = SinusoidalPositionalEncoding(4)(torch.zeros(1, 8, 4, dtype=torch.float64))[0]
    assert table[3, 2].item() == pytest.approx(number("positional_encoding_what", "value"), rel=1e-6)
    wide = SinusoidalPositionalEncoding(512)(torch.zeros(1, 1300, 512, dtype=torch.float64))[0]
    assert wide[1234].norm().item() == pytest.approx(number("positional_encoding_what", "norm"))
    products = wide @ wide.T
    torch.testing.assert_close(products[3, 5], products[1003, 1005], rtol=0, atol=1e-3)
    torch.testing.assert_close(products[500, 507], products[500, 493], rtol=0, atol=1e-3)


def test_learned_positions_of_gpt2_are_so_many() -> None:
    assert nn.Embedding(1024, 768, device="meta").weight.numel() == number("positional_encoding_what", "learned")


def test_order_is_invisible_without_positions_but_for_two_causal_layers() -> None:
    torch.manual_seed(0)
    x = torch.randn(5, 16, dtype=torch.float64)
    swapped = x[[1, 0, 2, 3, 4]]
    first, second = ([torch.randn(16, 16, dtype=torch.float64) / 4 for _ in range(4)] for _ in range(2))

    def deep(x: Tensor, causal: bool) -> Tensor:
        x = x + attention(x, first, causal=causal)
        return x + attention(x, second, causal=causal)

    once = attention(x, first, causal=True)[4] - attention(swapped, first, causal=True)[4]
    assert once.abs().max() < 1e-12
    assert (deep(x, True)[4] - deep(swapped, True)[4]).abs().max() > 1e-3
    assert (deep(x, False)[4] - deep(swapped, False)[4]).abs().max() < 1e-12
