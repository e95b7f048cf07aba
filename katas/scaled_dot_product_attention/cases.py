"""What scaled dot-product attention must get right, edge cases first."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from katas.script import Case


def cases(draw: Any) -> Iterator[Case]:
    yield from _shapes(draw)
    yield from _values(draw)
    yield from _gradients(draw)
    yield from _relations(draw)
    yield from _randomness(draw)
    yield from _manners(draw)


def _shapes(draw: Any) -> Iterator[Case]:
    case = draw.case("one query and one key", "只有一个查询和一个键", group="shapes", degenerate=True)
    case.entry(case.normal(1, 1, 4), case.normal(1, 1, 4), case.normal(1, 1, 4))
    yield case

    case = draw.case("no batch axis, value wider than key", "没有批次维，值比键宽", group="shapes", visible=True)
    case.entry(case.normal(3, 5), case.normal(7, 5), case.normal(7, 11))
    yield case

    case = draw.case("batch and heads, prime lengths", "带批次与多头，长度为质数", group="shapes")
    case.entry(case.normal(2, 3, 5, 4), case.normal(2, 3, 7, 4), case.normal(2, 3, 7, 4))
    yield case

    case = draw.case("heads split off by a transpose, not contiguous", "由转置拆出的多头，内存不连续", group="shapes")
    query, key, value = (case.normal(2, n, 3, 4).transpose(1, 2) for n in (5, 6, 6))
    case.entry(query, key, value, attn_mask=case.mask(5, 6).T.contiguous().T)
    yield case

    case = draw.case("keys and values expanded over the heads", "键和值沿头维 expand", group="shapes")
    key, value = case.normal(2, 1, 6, 4).expand(2, 3, 6, 4), case.normal(2, 1, 6, 5).expand(2, 3, 6, 5)
    case.entry(case.normal(2, 3, 4, 4), key, value)
    yield case

    case = draw.case("a padding mask broadcast over heads and queries", "沿头与查询广播的填充掩码", group="shapes")
    real = torch.arange(6) < torch.tensor([4, 6]).reshape(2, 1, 1, 1)
    case.entry(case.normal(2, 3, 5, 4), case.normal(2, 3, 6, 4), case.normal(2, 3, 6, 4), attn_mask=real)
    yield case

    for dtype in ("float64", "bfloat16", "float16"):
        case = draw.case(f"{dtype} in, {dtype} out", f"输入 {dtype}，输出 {dtype}", group="shapes", dtype=dtype)
        query, key, value = case.normal(2, 2, 5, 8), case.normal(2, 2, 6, 8), case.normal(2, 2, 6, 8)
        case.entry(query, key, value, attn_mask=case.mask(5, 6))
        case.entry(query, key, value, attn_mask=case.normal(5, 6), is_causal=True)
        yield case


def _values(draw: Any) -> Iterator[Case]:
    case = draw.case("no mask, another length of the keys", "无掩码，键与查询长度不同", visible=True)
    case.entry(case.normal(2, 4, 8), case.normal(2, 6, 8), case.normal(2, 6, 3))
    yield case

    case = draw.case("a bool mask, True may be attended", "布尔掩码，True 表示可以关注", visible=True)
    query, key, value = case.normal(2, 5, 8), case.normal(2, 5, 8), case.normal(2, 5, 8)
    case.entry(query, key, value, attn_mask=case.mask(2, 5, 5))
    yield case

    case = draw.case("a float mask is added to the scores", "浮点掩码加到分数上")
    case.entry(case.normal(2, 4, 8), case.normal(2, 6, 8), case.normal(2, 6, 3), attn_mask=case.normal(2, 4, 6))
    yield case

    case = draw.case("a float mask of zeros and -inf", "由 0 和 -inf 组成的浮点掩码")
    blocked = torch.zeros(4, 6).masked_fill(~case.mask(4, 6), float("-inf"))
    case.entry(case.normal(2, 4, 8), case.normal(2, 6, 8), case.normal(2, 6, 3), attn_mask=blocked)
    yield case

    case = draw.case("a query that may attend to nothing gives zeros", "没有可关注的键时输出零", visible=True)
    query, key, value = case.normal(2, 4, 8), case.normal(2, 6, 8), case.normal(2, 6, 3)
    mask = case.mask(4, 6)
    mask[1] = False
    case.entry(query, key, value, attn_mask=mask)
    case.entry(query, key, value, attn_mask=torch.zeros(4, 6).masked_fill(~mask, float("-inf")))
    yield case

    case = draw.case("causal, as many keys as queries", "因果，键与查询一样多")
    case.entry(case.normal(2, 5, 8), case.normal(2, 5, 8), case.normal(2, 5, 3), is_causal=True)
    yield case

    case = draw.case("causal with more keys, and with fewer", "因果，键更多，键更少")
    case.entry(case.normal(2, 4, 8), case.normal(2, 7, 8), case.normal(2, 7, 3), is_causal=True)
    case.entry(case.normal(2, 7, 8), case.normal(2, 4, 8), case.normal(2, 4, 3), is_causal=True)
    yield case

    case = draw.case("causal and a mask at once: both hold", "因果标志与掩码同时给出：两者都生效")
    query, key, value = case.normal(2, 5, 8), case.normal(2, 5, 8), case.normal(2, 5, 3)
    mask = case.mask(2, 5, 5, keep=0.5).logical_or(torch.eye(5, dtype=torch.bool))
    case.entry(query, key, value, attn_mask=mask, is_causal=True)
    case.entry(query, key, value, attn_mask=case.normal(5, 5), is_causal=True)
    yield case

    case = draw.case("a scale of one's own, negative and zero too", "自定缩放系数，包括负数和 0")
    query, key, value = case.normal(2, 4, 8), case.normal(2, 6, 8), case.normal(2, 6, 3)
    case.entry(query, key, value, scale=0.75)
    case.entry(query, key, value, scale=-0.5)
    case.entry(query, key, value, attn_mask=case.normal(4, 6), scale=0.0)
    yield case

    case = draw.case("scores around 200 do not overflow", "分数在 200 上下也不溢出")
    case.entry(case.normal(2, 4, 8), case.normal(2, 6, 8), case.normal(2, 6, 3), attn_mask=torch.full((4, 6), 200.0))
    yield case


def _gradients(draw: Any) -> Iterator[Case]:
    case = draw.case("gradients of query, key and value", "查询、键、值的梯度", group="gradient")
    query, key, value = case.normal(2, 4, 8), case.normal(2, 6, 8), case.normal(2, 6, 3)
    case.backward(case.entry(query, key, value))
    yield case

    case = draw.case("gradients of a learned float mask", "可学习浮点掩码的梯度", group="gradient")
    query, key, value = case.normal(2, 5, 8), case.normal(2, 5, 8), case.normal(2, 5, 3)
    case.backward(case.entry(query, key, value, attn_mask=case.normal(5, 5), is_causal=True))
    yield case

    case = draw.case(
        "a fully masked query has zero gradients, not NaN", "全被遮住的查询梯度为零而非 NaN", group="gradient"
    )
    query, key, value = case.normal(2, 4, 8), case.normal(2, 6, 8), case.normal(2, 6, 3)
    mask = case.mask(4, 6)
    mask[2] = False
    first = case.entry(query, key, value, attn_mask=mask)
    second = case.entry(query, key, value, attn_mask=torch.zeros(4, 6).masked_fill(~mask, float("-inf")))
    case.backward(first, second, wrt=(query, key, value))
    yield case


def _relations(draw: Any) -> Iterator[Case]:
    case = draw.case("the weights of each query sum to one", "每个查询的权重之和为一", group="property")
    query, key = case.normal(2, 4, 8), case.normal(2, 6, 8)
    weights = case.entry(query, key, torch.eye(6).expand(2, 6, 6))  # an identity as value shows the weights
    case.holds(
        _rows_are_distributions,
        weights,
        en="the weights of a query over the keys are not a distribution",
        zh="某个查询在各键上的权重不构成概率分布",
    )
    yield case

    case = draw.case("keys and values in another order", "键和值换一种顺序", group="property")
    query, key, value = case.normal(2, 4, 8), case.normal(2, 6, 8), case.normal(2, 6, 3)
    order = case.permutation(6)
    case.same(
        case.entry(query, key, value),
        case.entry(query, key[:, order], value[:, order]),
        en="reordering keys and values together changes the result",
        zh="键和值一起换序后结果变了",
    )
    yield case

    case = draw.case("a later token changes no earlier output", "后面的词元不影响前面的输出", group="property")
    query, key, value = case.normal(1, 6, 8), case.normal(1, 6, 8), case.normal(1, 6, 3)
    whole = case.entry(query, key, value, is_causal=True)
    start = case.entry(query[:, :4], key[:, :4], value[:, :4], is_causal=True)
    case.same(whole[:, :4], start, en="an output depends on a later token", zh="某个输出依赖后面的词元")
    yield case

    case = draw.case("one example does not see another", "批次中的样本互不影响", group="property")
    query, key, value = case.normal(3, 4, 8), case.normal(3, 5, 8), case.normal(3, 5, 3)
    together = case.entry(query, key, value)
    alone = case.entry(query[1:2], key[1:2], value[1:2])
    case.same(
        together[1:2], alone, en="an example's output depends on its neighbours", zh="样本的输出依赖同批的其他样本"
    )
    yield case


def _randomness(draw: Any) -> Iterator[Case]:
    for p in (0.5, 0.25):
        case = draw.case(f"dropout_p = {p} drops weights", f"dropout_p = {p} 会丢弃权重", group="distribution")
        value = case.uniform(256, 1, 2, low=1.0, high=2.0)
        # With a single key each weight is 1 before dropout, so the output is either 0 or value / (1 - p).
        out = case.unchecked(case.entry(case.normal(256, 1, 4), case.normal(256, 1, 4), value, dropout_p=p))
        case.holds(
            _drops_weights_at_half if p == 0.5 else _drops_weights_at_a_quarter,
            out,
            value,
            en="weights are not dropped with that probability and the rest scaled by 1 / (1 - dropout_p)",
            zh="权重没有按该概率丢弃，或保留下来的没有乘以 1 / (1 - dropout_p)",
        )
        yield case


def _manners(draw: Any) -> Iterator[Case]:
    case = draw.case("the same tensors twice give the same result", "同样的张量调用两次结果相同", group="hygiene")
    query, key, value = case.normal(2, 5, 8), case.normal(2, 5, 8), case.normal(2, 5, 3)
    mask = case.mask(5, 5).logical_or(torch.eye(5, dtype=torch.bool))
    first = case.entry(query, key, value, attn_mask=mask, is_causal=True)
    second = case.entry(query, key, value, attn_mask=mask, is_causal=True)
    case.same(first, second, en="the second call gives something else", zh="第二次调用的结果不同")
    yield case

    case = draw.case("a float mask is left as it was", "浮点掩码保持原样", group="hygiene")
    case.entry(
        case.normal(2, 5, 8), case.normal(2, 5, 8), case.normal(2, 5, 3), attn_mask=case.normal(5, 5), is_causal=True
    )
    yield case


def _rows_are_distributions(weights: Tensor) -> bool:
    weights = weights.double()
    return bool((weights >= 0).all()) and bool((weights.sum(dim=-1) - 1).abs().max() < 1e-5)


def _drops_weights_at_half(out: Tensor, value: Tensor) -> bool:
    return _drops_weights(out, value, 0.5)


def _drops_weights_at_a_quarter(out: Tensor, value: Tensor) -> bool:
    return _drops_weights(out, value, 0.25)


def _drops_weights(out: Tensor, value: Tensor, p: float) -> bool:
    """Rows are 0 or value / (1 - p), whole; the share of zeros is p to within 56 of 256 (false alarm under 5e-11)."""
    if out.shape != value.shape:
        return False
    ratio = out.double() / value.double() * (1 - p)
    dropped, kept = ratio.abs().amax(dim=-1) < 1e-3, (ratio - 1).abs().amax(dim=-1) < 1e-3
    return bool((dropped | kept).all()) and abs(int(dropped.sum()) - p * len(out)) <= 56
