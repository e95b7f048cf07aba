"""What causal self-attention must get right, edge cases first."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from katas.script import Case


def cases(draw: Any) -> Iterator[Case]:
    yield from _shapes(draw)
    yield from _refusals(draw)
    yield from _values(draw)
    yield from _gradients(draw)
    yield from _relations(draw)
    yield from _randomness(draw)
    yield from _manners(draw)


def _shapes(draw: Any) -> Iterator[Case]:
    case = draw.case("one example of one token", "一个样本、一个词元", group="shapes", visible=True)
    case.entry(8, 2)(case.normal(1, 1, 8))
    yield case

    case = draw.case("a prime length and heads of odd width", "长度为质数，每头宽度为奇数", group="shapes")
    case.entry(15, 3)(case.normal(2, 7, 15))
    yield case

    case = draw.case("one head, and heads of width one", "单头，以及每头宽度为一", group="shapes")
    x = case.normal(2, 5, 6)
    case.entry(6, 1)(x)
    case.entry(6, 6)(x)
    yield case

    case = draw.case("as many tokens as heads, as many heads as examples", "词元数、头数与批次大小相同", group="shapes")
    case.entry(12, 3)(case.normal(3, 3, 12))
    yield case

    case = draw.case("an input that is not contiguous", "内存不连续的输入", group="shapes")
    case.entry(8, 2)(case.normal(5, 2, 8).transpose(0, 1))
    yield case

    case = draw.case("one sequence expanded over the batch", "同一序列沿批次 expand", group="shapes")
    case.entry(8, 2)(case.normal(1, 5, 8).expand(3, 5, 8))
    yield case

    case = draw.case("short, long and short again", "先短、后长、再短", group="shapes")
    attend = case.entry(8, 2)
    for length in (3, 9, 4):
        attend(case.normal(2, length, 8))
    yield case

    for dtype in ("float64", "bfloat16", "float16"):
        case = draw.case(f"{dtype} in, {dtype} out", f"输入 {dtype}，输出 {dtype}", group="shapes", dtype=dtype)
        case.entry(8, 2)(case.normal(2, 5, 8))
        yield case


def _refusals(draw: Any) -> Iterator[Case]:
    for d_model, num_heads in ((10, 3), (9, 2)):
        case = draw.case(
            f"width {d_model} with {num_heads} heads is refused",
            f"拒绝宽度 {d_model} 配 {num_heads} 个头",
            group="errors",
        )
        case.entry(d_model, num_heads)
        case.refused(
            en=f"a d_model of {d_model} is not divisible by {num_heads} heads: the constructor must say so",
            zh=f"d_model = {d_model} 不能被 {num_heads} 个头整除，构造时就应报错说明",
        )
        yield case


def _values(draw: Any) -> Iterator[Case]:
    case = draw.case("two heads", "两个头", visible=True)
    case.entry(8, 2)(case.normal(2, 5, 8))
    yield case

    case = draw.case("three heads, more tokens than channels", "三个头，词元数多于通道数")
    case.entry(12, 3)(case.normal(2, 14, 12))
    yield case

    case = draw.case("two tokens: the first sees itself alone", "两个词元：第一个只看得到自己", visible=True)
    case.entry(8, 2)(case.normal(3, 2, 8))
    yield case

    case = draw.case("strong scores, where the future would dominate", "分数悬殊，未来若可见便会占优")
    case.entry(8, 2)(case.normal(2, 6, 8, scale=3.0))
    yield case

    case = draw.case("training mode, dropout left at its default of zero", "训练模式，dropout 取默认值零")
    attend = case.entry(8, 2)
    attend.train()
    attend(case.normal(2, 5, 8))
    yield case


def _gradients(draw: Any) -> Iterator[Case]:
    case = draw.case("gradients of the input and of every weight", "输入与所有权重的梯度", group="gradient")
    case.backward(case.entry(8, 2)(case.normal(2, 5, 8)))
    yield case

    case = draw.case(
        "an early output sends no gradient to later tokens", "前面的输出不向后面的词元传梯度", group="gradient"
    )
    out = case.entry(12, 3)(case.normal(2, 6, 12))
    case.backward(out[:, :3])
    yield case


def _relations(draw: Any) -> Iterator[Case]:
    case = draw.case(
        "a later token never changes an earlier output", "后面的词元不改变前面的输出", group="property", visible=True
    )
    attend, x, other = case.entry(8, 2), case.normal(2, 6, 8), case.normal(2, 6, 8)
    changed = torch.cat([x[:, :3], other[:, 3:]], dim=1)
    case.same(
        attend(x)[:, :3],
        attend(changed)[:, :3],
        en="changing the tokens from position 3 on changes outputs before it",
        zh="改动位置 3 及之后的词元，影响了它之前的输出",
    )
    yield case

    case = draw.case("a prefix alone gives the same", "单独计算前缀，结果相同", group="property")
    attend, x = case.entry(12, 3), case.normal(2, 7, 12)
    case.same(
        attend(x)[:, :4],
        attend(x[:, :4]),
        en="the outputs of a prefix depend on what follows it",
        zh="前缀的输出依赖其后的内容",
    )
    yield case

    case = draw.case("the last token sees its past in any order", "最后一个词元眼中的历史与顺序无关", group="property")
    attend, x, order = case.entry(8, 2), case.normal(2, 6, 8), case.permutation(5)
    case.same(
        attend(x)[:, 5:],
        attend(x[:, [*order, 5]])[:, 5:],
        en="reordering the past changes the last output: attention itself knows no positions",
        zh="打乱历史的顺序改变了最后的输出，而注意力本身不含位置信息",
    )
    yield case

    case = draw.case("one example does not see another", "批次中的样本互不影响", group="property")
    attend, x = case.entry(8, 2), case.normal(3, 5, 8)
    case.same(
        attend(x)[1:2],
        attend(x[1:2]),
        en="an example's output depends on its neighbours in the batch",
        zh="样本的输出依赖同批的其他样本",
    )
    yield case

    case = draw.case("eval mode drops nothing", "评估模式不丢弃", group="property")
    attend, x = case.entry(8, 2, dropout=0.5), case.normal(2, 5, 8)
    case.same(attend(x), attend(x), en="two calls in eval mode differ", zh="评估模式下两次调用结果不同")
    yield case


def _randomness(draw: Any) -> Iterator[Case]:
    for p in (0.5, 0.25):
        case = draw.case(f"dropout {p} in training drops weights", f"训练时 dropout {p} 丢弃权重", group="distribution")
        attend, x = case.entry(4, 1, dropout=p), case.normal(256, 1, 4)
        kept = attend(x)
        attend.train()
        out = case.unchecked(attend(x))
        case.holds(
            _drops_weights_at_half if p == 0.5 else _drops_weights_at_a_quarter,
            out,
            kept,
            en="attention weights are not dropped with that probability and the rest scaled by 1 / (1 - dropout)",
            zh="注意力权重没有按该概率丢弃，或保留下来的没有乘以 1 / (1 - dropout)",
        )
        yield case


def _manners(draw: Any) -> Iterator[Case]:
    case = draw.case("parameters are registered, a mask is none", "参数已注册，掩码不是参数", group="hygiene")
    attend = case.entry(8, 2)
    attend(case.normal(2, 5, 8))
    case.holds(
        _has_four_square_matrices,
        attend.describe(),
        en="the parameters are not those of four D by D projections, with or without biases, all of them trainable",
        zh="参数不是四个 D×D 投影（偏置可有可无），或并非全部可训练",
    )
    yield case

    case = draw.case("a copy from the state_dict gives the same", "由 state_dict 复制的模块结果相同", group="hygiene")
    attend, x = case.entry(8, 2), case.normal(2, 5, 8)
    first = attend(x)
    second = attend.reloaded()(x)
    case.same(
        first, second, en="the copy or the second call gives something else", zh="复制出的模块或第二次调用结果不同"
    )
    yield case


def _has_four_square_matrices(facts: dict[str, Any], width: int = 8) -> bool:
    sizes = [torch.Size(shape).numel() for _, shape, trainable in facts["parameters"] if trainable]
    return 4 * width**2 <= sum(sizes) <= 4 * width**2 + 4 * width and len(sizes) == len(facts["parameters"])


def _drops_weights_at_half(out: Tensor, kept: Tensor) -> bool:
    return _drops_weights(out, kept, 0.5)


def _drops_weights_at_a_quarter(out: Tensor, kept: Tensor) -> bool:
    return _drops_weights(out, kept, 0.25)


def _drops_weights(out: Tensor, kept: Tensor, p: float) -> bool:
    """With a single token and head, `kept` = bias + h, so that each row of `out` is the bias or bias + h / (1 - p).

    The first row gives two candidates for the bias; one of them must explain every row, with a share of p dropped to
    within 56 of 256 rows (false alarm under 5e-11).
    """
    if out.shape != kept.shape:
        return False
    out, kept = out.double().flatten(0, 1), kept.double().flatten(0, 1)  # (256, D)
    for bias in (out[0], (kept[0] - (1 - p) * out[0]) / p):
        dropped = (out - bias).abs().amax(dim=-1) < 1e-4
        whole = (out - bias - (kept - bias) / (1 - p)).abs().amax(dim=-1) < 1e-4
        if bool((dropped | whole).all()) and abs(int(dropped.sum()) - p * len(out)) <= 56:
            return True
    return False
