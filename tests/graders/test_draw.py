"""Everything that a case draws follows from the seed and its own name."""

from __future__ import annotations

import torch

from graders.draw import Draw, Source
from katas.script import Case, Group

SEED = 11


def source(name: str = "a case", seed: int = SEED, dtype: str = "float32") -> Source:
    return Source(seed, name, dtype, entry_is_class=False)


def case(name: str = "a case", seed: int = SEED, dtype: str = "float32") -> Case:
    return Draw(seed, entry_is_class=False).case(name, "一例", dtype=dtype)


def test_a_seed_repeats_and_another_seed_or_name_differs() -> None:
    first = case().normal(4)
    assert torch.equal(case().normal(4), first)
    assert not torch.equal(case(seed=12).normal(4), first)
    assert not torch.equal(case("another").normal(4), first)


def test_a_case_is_a_stream_of_its_own() -> None:
    draw = Draw(SEED, entry_is_class=False)
    first = draw.case("first", "一")
    second = draw.case("second", "二")
    drawn = second.normal(3)
    first.normal(1000)
    assert torch.equal(draw.case("second", "二").normal(3), drawn)


def test_the_global_generator_is_left_alone() -> None:
    before = torch.get_rng_state()
    drawn = source()
    drawn.normal(3), drawn.mask(2, 3, keep=0.5, full_rows=True), drawn.weights({"weight": torch.Size([3])})["weight"]
    assert torch.equal(torch.get_rng_state(), before)


def test_floating_tensors_have_the_dtype_of_the_case() -> None:
    for dtype in ("float64", "float32", "bfloat16", "float16"):
        drawn = case(dtype=dtype)
        assert drawn.normal(2).dtype is drawn.uniform(2).dtype is getattr(torch, dtype)


def test_numbers_lie_where_they_are_asked_for() -> None:
    drawn = case()
    uniform, ints = drawn.uniform(1000, low=-2.0, high=5.0), drawn.integers(1000, low=3, high=6)
    assert -2.0 <= float(uniform.min()) < -1.5
    assert 4.5 < float(uniform.max()) <= 5.0
    assert set(ints.tolist()) == {3, 4, 5}
    assert ints.dtype is torch.int64
    assert 25 < float(drawn.normal(1000, scale=30.0).std()) < 35


def test_no_row_of_a_mask_is_empty_unless_it_may_be() -> None:
    drawn = case()
    assert bool(drawn.mask(200, 3, keep=0.1).any(-1).all())
    assert not bool(drawn.mask(200, 3, keep=0.1, full_rows=False).any(-1).all())
    assert drawn.mask(0, 3).shape == (0, 3)


def test_a_permutation_is_never_the_identity() -> None:
    for seed in range(40):
        order = case(seed=seed).permutation(2)
        assert order == [1, 0]
    assert case().permutation(1) == [0]
    assert sorted(case().permutation(7)) == list(range(7))


def test_weights_are_like_trained_ones_and_never_constants() -> None:
    drawn = source()
    shapes = {"proj.weight": torch.Size([400, 100]), "norm.weight": torch.Size([400]), "norm.bias": torch.Size([400])}
    matrix, gain, bias = drawn.weights(shapes).values()
    assert [matrix.shape, gain.shape, bias.shape] == list(shapes.values())
    assert 0.09 < float(matrix.std()) < 0.11
    assert 0.9 < float(gain.mean()) < 1.1
    assert -0.1 < float(bias.mean()) < 0.1
    assert float(bias.std()) > 0.2


def test_a_drawn_case_carries_what_its_author_said() -> None:
    made = Draw(SEED, entry_is_class=True).case("en", "zh", group="hygiene", visible=True, degenerate=True)
    assert (made.group, made.visible, made.degenerate, made.watched) == (Group.HYGIENE, True, True, True)
    assert (made.title.en, made.title.zh, made.name) == ("en", "zh", "en")
