"""Which parameter plays which role: whatever the names, the right assignment is among the candidates."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from graders.binding import MAX_CANDIDATES, Binding, Piece, candidates, head_count
from katas.bank import Kata, Role

Shape = tuple[int, ...]
D, H = 6, 3
BASES = ("q_proj", "k_proj", "v_proj", "out_proj")
ROLES: dict[str, Shape] = {
    f"{base}.{part}": (D, D) if part == "weight" else (D,) for base in BASES for part in ("weight", "bias")
}
CONFIG: dict[str, object] = {"d_model": D, "num_heads": H}
KATA = Kata(
    id="attention",
    folder=Path(),
    kind="code",
    track="attention",
    level=1,
    title={},
    roles=(
        Role("q_proj", ("w_q", "query", "fc_q"), bias_optional=True),
        Role("k_proj", ("w_k", "key", "fc_k"), bias_optional=True),
        Role("v_proj", ("w_v", "value", "fc_v"), bias_optional=True),
        Role("out_proj", ("w_o", "output", "fc_o")),
    ),
    fused=(("q_proj", "k_proj", "v_proj"), ("k_proj", "v_proj")),
)  # fmt: skip
VALUES = {
    role: torch.randn(shape, generator=torch.Generator().manual_seed(n))
    for n, (role, shape) in enumerate(ROLES.items())
}
Q, K, V, O = (VALUES[f"{base}.weight"] for base in BASES)  # noqa: E741
BQ, BK, BV, BO = (VALUES[f"{base}.bias"] for base in BASES)


def plans(parameters: dict[str, Tensor], config: dict[str, object] = CONFIG) -> list[Binding]:
    """The bindings for a submission with parameters of these names and shapes."""
    return candidates(KATA, ROLES, [(name, tuple(value.shape)) for name, value in parameters.items()], config)


def made(plan: Binding, parameters: dict[str, Tensor]) -> bool:
    """Whether the plan gives exactly these values."""
    weights = plan.weights(VALUES, CONFIG)
    return weights.keys() == parameters.keys() and all(torch.equal(weights[n], v) for n, v in parameters.items())


def linear(name: str, weight: Tensor, bias: Tensor | None = None) -> dict[str, Tensor]:
    return {f"{name}.weight": weight} | ({} if bias is None else {f"{name}.bias": bias})


OUT = linear("out_proj", O, BO)


def heads(tensor: Tensor) -> Tensor:
    return tensor.reshape(H, D // H, *tensor.shape[1:])  # (H, Dh, ...)


STYLES: dict[str, dict[str, Tensor]] = {
    "the reference's names": VALUES,
    "aliases": linear("w_q", Q, BQ) | linear("w_k", K, BK) | linear("w_v", V, BV) | linear("w_o", O, BO),
    "aliases inside another module": linear("core.fc_q", Q, BQ)
    | linear("core.fc_k", K, BK)
    | linear("core.fc_v", V, BV)
    | linear("fc_o", O, BO),
    "aliases in capitals": linear("WQ", Q, BQ) | linear("WK", K, BK) | linear("WV", V, BV) | linear("WO", O, BO),
    "nameless": linear("a", Q, BQ) | linear("b", K, BK) | linear("c", V, BV) | linear("d", O, BO),
    "names in another order": linear("d", O, BO) | linear("c", V, BV) | linear("b", K, BK) | linear("a", Q, BQ),
    "a list of four": linear("l.0", Q, BQ) | linear("l.1", K, BK) | linear("l.2", V, BV) | linear("l.3", O, BO),
    "names that lie": linear("w_k", Q, BQ) | linear("w_q", K, BK) | linear("w_v", V, BV) | linear("w_o", O, BO),
    "fused by blocks": linear("qkv", torch.cat([Q, K, V]), torch.cat([BQ, BK, BV])) | OUT,
    "fused by blocks in another order": linear("in_proj", torch.cat([V, Q, K]), torch.cat([BV, BQ, BK])) | OUT,
    "fused by heads": linear(
        "qkv",
        torch.cat([heads(Q), heads(K), heads(V)], 1).reshape(3 * D, D),
        torch.cat([heads(BQ), heads(BK), heads(BV)], 1).reshape(3 * D),
    )
    | OUT,
    "fused keys and values": linear("w_q", Q, BQ) | linear("kv", torch.cat([K, V]), torch.cat([BK, BV])) | OUT,
    "fused without bias": linear("qkv", torch.cat([Q, K, V])) | OUT,
    "one matrix a head": {
        name: value
        for base, weight, bias in (("q", Q, BQ), ("k", K, BK), ("v", V, BV))
        for h in range(H)
        for name, value in linear(f"{base}s.{h}", heads(weight)[h], heads(bias)[h]).items()
    }
    | OUT,
    "a module a head": {
        name: value
        for h in range(H)
        for base, weight, bias in (("query", Q, BQ), ("key", K, BK), ("value", V, BV))
        for name, value in linear(f"heads.{h}.{base}", heads(weight)[h], heads(bias)[h]).items()
    }
    | OUT,
    "bare transposed matrices": {"W_q": Q.T, "W_k": K.T, "W_v": V.T, "W_o": O.T, "b_o": BO},
    "bare matrices": {"W_q": Q, "W_k": K, "W_v": V, "W_o": O, "b_o": BO},
    "bare matrices with an axis in front": {"w_q": Q[None], "w_k": K[None], "w_v": V[None]} | OUT,
    "stacked (H, D, Dh)": {
        "w_q": heads(Q).transpose(1, 2),
        "w_k": heads(K).transpose(1, 2),
        "w_v": heads(V).transpose(1, 2),
    }
    | OUT,
    "stacked (H, Dh, D)": {"w_q": heads(Q), "w_k": heads(K), "w_v": heads(V)} | OUT,
    "stacked output (H, Dh, D)": linear("w_q", Q)
    | linear("w_k", K)
    | linear("w_v", V)
    | {"w_o": O.T.reshape(H, -1, D), "b_o": BO},
    "a bias with two axes in front": linear("w_q", Q, BQ)
    | linear("w_k", K, BK)
    | linear("w_v", V, BV)
    | {"w_o": O.T, "b_o": BO[None, None]},
    "no bias but the output's": linear("w_q", Q) | linear("w_k", K) | linear("w_v", V) | OUT,
    "a key without bias": linear("w_q", Q, BQ) | linear("w_k", K) | linear("w_v", V, BV) | OUT,
}  # fmt: skip


@pytest.mark.parametrize("style", STYLES)
def test_every_style_is_among_the_candidates(style: str) -> None:
    parameters = STYLES[style]
    found = plans(parameters)
    right = [plan for plan in found if made(plan, parameters)]
    assert right, [plan.pieces for plan in found][:4]
    missing = {role for role in ROLES if role.endswith(".bias") and not any(
        role in piece.roles for piece in right[0].pieces
    )}  # fmt: skip
    assert right[0].zeroed == missing


@pytest.mark.parametrize(
    "style", ["the reference's names", "aliases", "aliases inside another module", "aliases in capitals"]
)
def test_names_that_are_known_come_first(style: str) -> None:
    assert made(plans(STYLES[style])[0], STYLES[style])


def test_equal_names_leave_nothing_to_try() -> None:
    assert len(plans(VALUES)) == 1
    assert len(plans({name: value for name, value in VALUES.items() if name != "k_proj.bias"})) == 1


def is_bijection(plan: Binding, values: dict[str, Tensor], config: dict[str, object]) -> bool:
    """Whether every number of every role that is used stands in exactly one place of the submission."""
    start, numbered = 0, {}
    for role, value in values.items():
        numbered[role] = torch.arange(start, start + value.numel()).reshape(value.shape)
        start += value.numel()
    used = [numbered[role] for role in values if role not in plan.zeroed]
    wanted = sorted(int(n) for value in used for n in value.reshape(-1))
    got = sorted(int(n) for value in plan.weights(numbered, config).values() for n in value.reshape(-1))
    return got == wanted


@pytest.mark.parametrize("style", STYLES)
def test_every_candidate_is_a_bijection_and_fits_the_shapes(style: str) -> None:
    shapes = {name: value.shape for name, value in STYLES[style].items()}
    for plan in plans(STYLES[style]):
        assert is_bijection(plan, VALUES, CONFIG)
        assert {name: value.shape for name, value in plan.weights(VALUES, CONFIG).items()} == shapes


@settings(deadline=None, max_examples=60, derandomize=True)
@given(
    heads=st.sampled_from([1, 2, 3]),
    wide=st.integers(1, 3),
    names=st.lists(
        st.sampled_from(["w_q", "query", "a", "x.0", "x.1", "h.{h}", "{0}"]), min_size=4, max_size=4, unique=True
    ),
    order=st.permutations(range(4)),
    biased=st.lists(st.booleans(), min_size=3, max_size=3),
)
def test_candidates_are_bijections_whatever_the_names(
    heads: int, wide: int, names: list[str], order: list[int], biased: list[bool]
) -> None:
    width = heads * wide
    roles: dict[str, Shape] = {role: (width,) * len(shape) for role, shape in ROLES.items()}
    parameters: list[tuple[str, Shape]] = []
    for place in order:
        parameters.append((f"{names[place]}.weight", (width, width)))
        if place == 3 or biased[place]:
            parameters.append((f"{names[place]}.bias", (width,)))
    config: dict[str, object] = {"num_heads": heads}
    found = candidates(KATA, roles, parameters, config)
    values = {role: torch.zeros(shape) for role, shape in roles.items()}
    assert 0 < len(found) <= MAX_CANDIDATES
    assert all(is_bijection(plan, values, config) for plan in found)


def test_gradients_travel_by_the_same_map_as_weights() -> None:
    for style in ("fused by heads", "stacked (H, D, Dh)", "bare transposed matrices"):
        for plan in plans(STYLES[style])[:4]:
            leaves = {role: value.clone().requires_grad_() for role, value in VALUES.items()}
            weights = plan.weights(leaves, CONFIG)
            loss = sum(((value**3).sum() for value in weights.values()), torch.zeros(()))
            loss.backward()  # type: ignore[no-untyped-call]
            by_role = {
                role: leaf.grad if leaf.grad is not None else torch.zeros_like(leaf) for role, leaf in leaves.items()
            }
            for name, grad in plan.gradients(by_role, CONFIG).items():
                assert torch.allclose(grad, 3 * weights[name].detach() ** 2)


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        linear("w_q", Q, BQ) | linear("w_k", K, BK) | linear("w_v", V, BV),
        VALUES | linear("extra", Q),
        VALUES | {"scale": torch.zeros(())},
        linear("w_q", Q[:3], BQ[:3]) | linear("w_k", K, BK) | linear("w_v", V, BV) | OUT,
        linear("qkv", torch.cat([Q, K, V])[:-1]) | OUT,
        linear("w_q", Q) | linear("w_k", K) | linear("w_v", V) | linear("w_o", O),
        {f"heads.{h}.weight": Q for h in range(2)} | OUT,
    ],
    ids=["nothing", "one short", "one more", "a scalar more", "half a matrix", "a row short", "needed bias", "two heads"],
)  # fmt: skip
def test_nothing_fits(parameters: dict[str, Tensor]) -> None:
    assert plans(parameters) == []


def test_many_equal_shapes_with_one_too_many_end_soon() -> None:
    names = [f"part{n}" for n in range(9)]
    roles: dict[str, Shape] = {f"{name}.{part}": (D,) for name in names for part in ("weight", "bias")}
    found: list[tuple[str, Shape]] = [(f"p{n}", (D,)) for n in range(19)]  # 18! ways, none of which fits
    assert candidates(KATA, roles, found, CONFIG) == []


def test_names_full_of_numbers_end_soon() -> None:
    found: list[tuple[str, Shape]] = [("1." * 90 + f"{n}.weight", (D, D)) for n in range(500)]
    assert candidates(KATA, {name: tuple(value.shape) for name, value in VALUES.items()}, found, CONFIG) == []


@pytest.mark.parametrize("name", ["heads.{h:>99999999999}.{n}", "{h.__class__}.{n}", "{.{n}", "{0}{1}.{n}", "{h}.{n}"])
def test_braces_in_names_are_letters_like_any_other(name: str) -> None:
    parameters = {
        f"{name.replace('{n}', str(h))}.weight": heads(Q)[h] for h in range(H)
    } | linear("k", K) | linear("v", V) | OUT  # fmt: skip
    found = plans(parameters)
    if name == "{h}.{n}":  # two counted places at once: which is the head's stays open, but nothing breaks
        assert all(is_bijection(plan, VALUES, CONFIG) for plan in found)
    else:
        assert any(made(plan, parameters) for plan in found)


def test_the_number_of_heads_is_read_from_the_constructors_arguments() -> None:
    assert head_count({"num_heads": 4}) == 4
    assert head_count({"nhead": 2}) == 2
    assert head_count({"num_heads": "4", "d_model": 8}) == 1
    assert head_count({"num_heads": 0}) == 1


def test_a_piece_tells_its_own_names() -> None:
    piece = Piece("heads.{h}.weight", ("q_proj.weight",), "per_head")
    assert list(piece.make(VALUES, H)) == ["heads.0.weight", "heads.1.weight", "heads.2.weight"]
