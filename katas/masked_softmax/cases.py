"""Cases of masked_softmax."""

from collections.abc import Iterator
from typing import Any

import torch

INF = float("inf")


def cases(draw: Any) -> Iterator[Any]:
    """Bool and additive masks, closed rows, large scores, every axis."""
    case = draw.case("a bool mask, True = may be attended", "布尔掩码，True 表示可以关注", visible=True)
    case.entry(case.normal(3, 5), case.mask(3, 5))
    yield case

    case = draw.case("a row in which every place is closed", "有一行全被遮住", visible=True)
    mask = case.mask(4, 5)
    mask[2] = False
    case.entry(case.normal(4, 5), mask)
    yield case

    case = draw.case("an additive mask of 0 and -inf", "由 0 与 -inf 组成的加性掩码", visible=True)
    additive = case.normal(3, 6, scale=0.0).masked_fill(~case.mask(3, 6), -INF)
    case.entry(case.normal(3, 6), additive)
    yield case

    case = draw.case("an additive mask of finite penalties", "取有限值的加性掩码")
    case.entry(case.normal(3, 5), case.uniform(3, 5, low=-3.0, high=2.0))
    yield case

    case = draw.case("an additive mask with a row of -inf alone", "加性掩码里有一行全是 -inf")
    additive = case.normal(4, 5).masked_fill(~case.mask(4, 5, keep=0.8), -INF)
    additive[1] = -INF
    case.entry(case.normal(4, 5), additive)
    yield case

    case = draw.case("a mask that closes nothing", "什么都不遮的掩码")
    case.entry(case.normal(2, 4, 7), torch.ones(2, 4, 7, dtype=torch.bool))
    yield case

    case = draw.case("one open place in every row", "每行只有一个位置可以关注")
    case.entry(case.normal(4, 4), torch.eye(4, dtype=torch.bool)[case.permutation(4)])
    yield case

    case = draw.case("scores that overflow exp", "分数大到 exp 会溢出")
    # Steps of 100 leave one weight in a row, exactly 1, whichever way the softmax is written.
    steps = torch.tensor([case.permutation(6) for _ in range(6)])
    case.entry(case.normal(6, 6, scale=0.0) + 100.0 * steps, case.mask(6, 6))
    yield case

    case = draw.case("the largest scores are closed ones", "最大的分数恰好被遮住")
    mask = case.mask(4, 6)
    case.entry(case.normal(4, 6) + 1e4 * (~mask), mask)
    yield case

    case = draw.case("open scores far below zero", "可以关注的分数远小于零")
    case.entry(-30000.0 - 500.0 * torch.tensor([case.permutation(5) for _ in range(4)]).float(), case.mask(4, 5))
    yield case

    case = draw.case("softmax along the first axis", "沿第一个维度做 softmax")
    case.entry(case.normal(5, 3), case.mask(3, 5).t(), dim=0)
    yield case

    case = draw.case("softmax along a middle axis, one column closed", "沿中间的维度做 softmax，其中一列全被遮住")
    mask = case.mask(2, 3, 5)
    mask[1, 2] = False
    case.entry(case.normal(2, 5, 3), mask.transpose(1, 2), dim=-2)
    yield case

    # -- gradients -------------------------------------------------------------------------------------------------

    case = draw.case("gradient through a bool mask with a closed row", "布尔掩码含全遮行时的梯度", group="gradient")
    scores, mask = case.normal(4, 6), case.mask(4, 6)
    mask[3] = False
    case.backward(case.entry(scores, mask), wrt=(scores,))
    yield case

    case = draw.case(
        "gradient through an additive mask with a closed row", "加性掩码含全遮行时的梯度", group="gradient"
    )
    scores = case.normal(4, 6)
    additive = case.normal(4, 6).masked_fill(~case.mask(4, 6), -INF)
    additive[0] = -INF
    case.backward(case.entry(scores, additive), wrt=(scores,))
    yield case

    case = draw.case("gradient of scores and of a finite penalty", "分数与有限惩罚项的梯度", group="gradient")
    scores, penalty = case.normal(2, 3, 5), case.normal(2, 3, 5)
    case.backward(case.entry(scores, penalty))
    yield case

    case = draw.case("gradient along another axis", "沿另一个维度的梯度", group="gradient")
    scores = case.normal(4, 3, 2)
    case.backward(case.entry(scores, case.mask(2, 3, 4).transpose(0, 2), dim=0), wrt=(scores,))
    yield case

    # -- properties ------------------------------------------------------------------------------------------------

    case = draw.case("every row sums to one, a closed one to zero", "每行之和为一，全遮的行为零", group="property")
    mask = case.mask(2, 5, 7)
    mask[0, 3] = False
    out = case.entry(case.normal(2, 5, 7), mask)
    want = mask.any(dim=-1).double()
    case.holds(
        lambda weights: (weights.double().sum(-1) - want).abs().max() < 1e-5,
        out,
        en="the weights of a row must sum to one, and to zero where every place is closed",
        zh="每行的权重之和应为一，全遮的行应为零",
    )
    yield case

    case = draw.case("a closed score may be anything", "被遮住的分数取何值都无影响", group="property")
    scores, mask = case.normal(3, 6), case.mask(3, 6)
    first = case.entry(scores, mask)
    second = case.entry(torch.where(mask, scores, case.normal(3, 6, scale=20.0)), mask)
    case.same(first, second, "changing closed scores changed the weights", "改动被遮住的分数，权重却变了")
    yield case

    case = draw.case("a bool mask equals its additive form", "布尔掩码与等价的加性掩码结果相同", group="property")
    scores, mask = case.normal(3, 5), case.mask(3, 5)
    first = case.entry(scores, mask)
    second = case.entry(scores, case.normal(3, 5, scale=0.0).masked_fill(~mask, -INF))
    case.same(
        first,
        second,
        "True and an added 0 must mean the same, as must False and -inf",
        "True 与加 0、False 与加 -inf 应等价",
    )
    yield case

    case = draw.case("reordering the places reorders the weights", "打乱位置，权重随之打乱", group="property")
    scores, mask, order = case.normal(3, 7), case.mask(3, 7), case.permutation(7)
    first = case.entry(scores, mask)
    second = case.entry(scores[:, order], mask[:, order])
    case.same(second, first[:, order], "the order of the places must not matter", "权重不应依赖位置的先后")
    yield case

    case = draw.case("one row does not touch another", "各行互不影响", group="property")
    scores, mask = case.normal(4, 5), case.mask(4, 5)
    alone = case.entry(scores[1:2], mask[1:2])
    together = case.entry(scores + torch.tensor([[8.0], [0.0], [-8.0], [4.0]]), mask)
    case.same(together[1:2], alone, "the other rows changed the weights of this one", "其他行改变了这一行的权重")
    yield case

    # -- shapes ----------------------------------------------------------------------------------------------------

    case = draw.case(
        "attention scores with one padding mask a sequence", "注意力分数配每条序列一个填充掩码", group="shapes"
    )
    case.entry(case.normal(2, 3, 5, 7), case.mask(2, 1, 1, 7))
    yield case

    case = draw.case("one mask for every batch and head", "所有批次与头共用一个掩码", group="shapes")
    case.entry(case.normal(2, 3, 5, 5), torch.ones(5, 5, dtype=torch.bool).tril())
    yield case

    case = draw.case("a mask that closes whole rows by broadcasting", "借广播整行遮住的掩码", group="shapes")
    open_rows = torch.tensor([[True], [False], [True]])
    case.entry(case.normal(2, 3, 5), open_rows)
    yield case

    case = draw.case("one axis only", "只有一个维度", group="shapes")
    case.entry(case.normal(11), case.mask(11))
    yield case

    case = draw.case("a row of length one", "长度为一的行", group="shapes", degenerate=True)
    case.entry(case.normal(3, 1), torch.tensor([[True], [False], [True]]))
    yield case

    case = draw.case("transposed scores and an expanded mask", "转置得到的分数与扩展得到的掩码", group="shapes")
    case.entry(case.normal(7, 3, 2).transpose(0, 2), case.mask(1, 7).expand(3, 7))
    yield case

    case = draw.case("an expanded row of scores", "由一行扩展得到的分数", group="shapes")
    case.entry(case.normal(1, 5).expand(4, 5), case.mask(4, 5))
    yield case

    case = draw.case("float64 to the last digits", "float64 精确到最后几位", group="shapes", dtype="float64")
    mask = case.mask(3, 5)
    mask[0] = False
    case.entry(case.normal(3, 5), mask)
    yield case

    case = draw.case("bfloat16 in, bfloat16 out", "输入 bfloat16，输出 bfloat16", group="shapes", dtype="bfloat16")
    mask = case.mask(4, 9)
    mask[1] = False
    case.entry(case.normal(4, 9), mask)
    yield case

    case = draw.case("float16 with scores up to a hundred", "float16，分数可达上百", group="shapes", dtype="float16")
    mask = case.mask(4, 6)
    mask[3] = False
    steps = torch.tensor([case.permutation(6) for _ in range(4)])
    case.entry(case.normal(4, 6, scale=0.0) + (20.0 * steps).half(), mask)
    yield case

    # -- refusals and hygiene --------------------------------------------------------------------------------------

    case = draw.case("a bool mask that does not broadcast", "无法广播的布尔掩码", group="errors")
    case.entry(case.normal(2, 5), case.mask(2, 4))
    case.refused("a mask (2, 4) for scores (2, 5)", "分数是 (2, 5)，掩码却是 (2, 4)")
    yield case

    case = draw.case("an additive mask that does not broadcast", "无法广播的加性掩码", group="errors")
    case.entry(case.normal(2, 3, 5), case.normal(2, 5))
    case.refused("a mask (2, 5) for scores (2, 3, 5)", "分数是 (2, 3, 5)，掩码却是 (2, 5)")
    yield case

    case = draw.case("the same scores under two masks", "同一份分数先后用两个掩码", group="hygiene")
    scores = case.normal(3, 6)
    case.entry(scores, case.mask(3, 6))
    case.entry(scores, case.mask(3, 6))
    yield case

    case = draw.case("an additive mask used twice", "同一个加性掩码用两次", group="hygiene")
    additive = case.normal(4, 5).masked_fill(~case.mask(4, 5), -INF)
    case.entry(case.normal(2, 4, 5), additive)
    case.entry(case.normal(4, 5), additive)
    yield case
