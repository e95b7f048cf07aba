"""Cases of layer_norm."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from katas.script import Case


def cases(draw: Any) -> Iterator[Case]:
    """Edge cases first: width 1, one position, constant rows, then values, gradients, relations and dtypes."""
    case = draw.case("width 1: only the bias is left", "宽度为 1：只剩下偏置", group="shapes", visible=True)
    case.entry(1)(case.normal(2, 3, 1))
    yield case

    case = draw.case("one batch row, one position", "批大小为 1、长度为 1", group="shapes")
    case.entry(6)(case.normal(1, 1, 6))
    yield case

    case = draw.case("constant rows give the bias", "各特征相等的行只输出偏置")
    case.entry(8)(constant_rows(case))
    yield case

    case = draw.case("gradient at constant rows is finite", "各特征相等的行上梯度有限", group="gradient")
    case.backward(case.entry(8)(constant_rows(case)))
    yield case

    case = draw.case("a batch of sequences", "一批序列", visible=True)
    case.entry(8)(case.normal(2, 5, 8))
    yield case

    case = draw.case("mean and spread far from 0 and 1", "均值与离散程度远离 0 和 1", visible=True)
    case.entry(7)(case.normal(3, 4, 7, scale=4.0) + 3.0)
    yield case

    case = draw.case("positions of very different size", "各位置的数量级相差悬殊")
    size = torch.tensor([0.125, 1.0, 16.0, 128.0])[:, None]
    case.entry(9)(case.normal(3, 4, 9) * size + size)
    yield case

    case = draw.case("a large eps, given by name", "按名字传入较大的 eps")
    case.entry(6, eps=0.5)(case.normal(2, 4, 6))
    yield case

    case = draw.case("the default eps outweighs a tiny variance", "方差极小时，默认的 eps 占主导")
    case.entry(8)(case.normal(2, 4, 8, scale=1e-3))
    yield case

    case = draw.case("a large common offset", "所有特征带有很大的共同偏移")
    case.entry(16)(case.normal(4, 8, 16) + 1000.0)
    yield case

    case = draw.case("normalized over two axes", "在最后两个轴上归一化")
    case.entry((4, 5))(case.normal(2, 3, 4, 5))
    yield case

    case = draw.case("normalized over every axis", "在所有轴上归一化")
    case.entry((3, 4))(case.normal(3, 4, scale=2.0))
    yield case

    case = draw.case("float64 to the last digits", "float64 精确到末位", dtype="float64")
    case.entry(6)(case.normal(2, 5, 6) + 1.0)
    yield case

    case = draw.case("gradients of x, weight and bias", "x、weight 与 bias 的梯度", group="gradient", visible=True)
    case.backward(case.entry(6)(case.normal(2, 4, 6)))
    yield case

    case = draw.case("gradients with a large eps", "eps 较大时的梯度", group="gradient")
    case.backward(case.entry(5, eps=0.3)(case.normal(3, 4, 5)))
    yield case

    case = draw.case("gradients over two axes", "两个轴上归一化时的梯度", group="gradient", dtype="float64")
    case.backward(case.entry((3, 4))(case.normal(2, 2, 3, 4)))
    yield case

    case = draw.case("a row does not depend on the batch around it", "一行的结果与同批的其他行无关", group="property")
    norm, x = case.entry(8), case.normal(3, 4, 8)
    case.same(
        norm(x)[1:2],
        norm(x[1:2]),
        en="a row gives another result alone than inside a batch",
        zh="同一行单独计算与放在一批里计算，结果不同",
    )
    yield case

    case = draw.case("a position does not depend on its neighbours", "一个位置的结果与相邻位置无关", group="property")
    norm, x = case.entry(8), case.normal(2, 5, 8)
    other = x.clone()
    other[:, 3:] = case.normal(2, 2, 8, scale=5.0)
    case.same(
        norm(other)[:, :3],
        norm(x)[:, :3],
        en="changing positions 3 and 4 changes the results of positions 0 to 2",
        zh="改动位置 3 和 4，位置 0 到 2 的结果跟着变了",
    )
    yield case

    case = draw.case("adding a constant to a row changes nothing", "给整行加上同一个数，结果不变", group="property")
    norm, x = case.entry(8), case.normal(2, 5, 8)
    case.same(
        norm(x + 2.0),
        norm(x),
        en="the mean is not taken out: adding 2 to every feature changes the result",
        zh="均值没有减掉：给每个特征都加 2，结果变了",
    )
    yield case

    case = draw.case(
        "a fresh layer gives mean 0 and variance 1", "刚构造的层输出均值 0、方差 1", group="property", degenerate=True
    )
    out = case.unchecked(case.unweighted(16)(case.normal(2, 5, 16, scale=3.0) + 1.0))
    case.holds(
        standardised,
        out,
        en="with weight 1 and bias 0, as constructed, rows do not have mean 0 and variance 1",
        zh="刚构造时 weight 为 1、bias 为 0，但各行的均值不是 0 或方差不是 1",
    )
    yield case

    case = draw.case("a single vector of prime width", "单个向量，宽度为质数", group="shapes")
    case.entry(7)(case.normal(7))
    yield case

    case = draw.case("transposed, not contiguous input", "转置得到的非连续输入", group="shapes")
    case.entry(5)(case.normal(2, 5, 4).transpose(1, 2))
    yield case

    case = draw.case("expanded input of stride 0", "expand 得到的步长为 0 的输入", group="shapes")
    case.entry(6)(case.normal(1, 3, 6).expand(4, 3, 6))
    yield case

    case = draw.case("bfloat16 in, bfloat16 out", "输入 bfloat16，输出也是 bfloat16", group="shapes", dtype="bfloat16")
    case.entry(8)(case.normal(2, 4, 8) + 1.0)
    yield case

    case = draw.case("float16 in, float16 out", "输入 float16，输出也是 float16", group="shapes", dtype="float16")
    case.entry(8)(case.normal(2, 4, 8) + 1.0)
    yield case

    case = draw.case("float16 whose squares overflow", "平方会溢出的 float16", group="shapes", dtype="float16")
    # Signs alternate, so that every deviation is above 256 and its square above 65504.
    sign = torch.tensor([1.0, -1.0] * 4, dtype=torch.float16)
    case.entry(8)(case.uniform(2, 4, 8, low=600.0, high=1600.0) * sign)
    yield case

    case = draw.case("another width is refused", "宽度不符要拒绝", group="errors")
    case.entry(6)(case.normal(2, 3, 5))
    case.refused(en="x is 5 wide, the layer was made for 6", zh="x 的宽度是 5，而该层是为 6 构造的")
    yield case

    case = draw.case("of two axes the last is too long", "两个轴中最后一轴过长，要拒绝", group="errors")
    case.entry((3, 4))(case.normal(2, 3, 5))
    case.refused(
        en="x ends in (3, 5), the layer was made for (3, 4)", zh="x 的末两轴是 (3, 5)，而该层是为 (3, 4) 构造的"
    )
    yield case

    case = draw.case("x and the global state are left alone", "不改动 x 与全局状态", group="hygiene")
    case.entry(6)(case.normal(2, 3, 6))
    yield case

    case = draw.case(
        "weight and bias are parameters and survive saving", "weight 与 bias 是参数，存取后不变", group="hygiene"
    )
    norm, x = case.entry((2, 3)), case.normal(4, 2, 3)
    case.holds(
        two_trained_parameters,
        norm.describe(),
        en="there should be two trainable parameters of shape (2, 3)",
        zh="应当恰有两个可训练的参数，形状都是 (2, 3)",
    )
    case.same(
        norm.reloaded()(x),
        norm(x),
        en="a copy that loads the state_dict gives another result",
        zh="载入同一份 state_dict 的副本给出了不同的结果",
    )
    yield case


def constant_rows(case: Case) -> Tensor:
    """Rows of one value each, between rows that vary; eighths and a width of 8 keep every way of averaging exact."""
    x: Tensor = case.normal(2, 4, 8)
    x[:, 1], x[:, 3] = 0.0, 2.625
    return x


def standardised(out: Tensor) -> bool:
    """Whether every row has mean 0 and (biased) variance 1."""
    out = out.double()
    mean, square = out.mean(-1), out.square().mean(-1)
    return bool((mean.abs() < 1e-4).all() and ((square - 1).abs() < 1e-3).all())


def two_trained_parameters(facts: dict[str, Any]) -> bool:
    """Whether there are exactly weight and bias, both trained."""
    return [[shape, trained] for _, shape, trained in facts["parameters"]] == [[[2, 3], True]] * 2
