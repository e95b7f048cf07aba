"""What multi-head attention must get right, edge cases first."""

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
    case = draw.case("one example, one query, one key", "一个样本、一个查询、一个键", group="shapes")
    case.entry(8, 2)(case.normal(1, 1, 8), case.normal(1, 1, 8), case.normal(1, 1, 8))
    yield case

    case = draw.case("more keys than queries", "键比查询多", group="shapes", visible=True)
    memory = case.normal(2, 7, 12)
    case.entry(12, 3)(case.normal(2, 5, 12), memory, memory)
    yield case

    case = draw.case("more queries than keys, odd head width", "查询比键多，每头宽度为奇数", group="shapes")
    case.entry(15, 3)(case.normal(2, 7, 15), case.normal(2, 4, 15), case.normal(2, 4, 15))
    yield case

    case = draw.case("one head, and heads of width one", "单头，以及每头宽度为一", group="shapes")
    query, key, value = case.normal(2, 5, 6), case.normal(2, 6, 6), case.normal(2, 6, 6)
    case.entry(6, 1)(query, key, value)
    case.entry(6, 6)(query, key, value)
    yield case

    case = draw.case("inputs that are not contiguous", "内存不连续的输入", group="shapes")
    query, key, value = (case.normal(n, 2, 8).transpose(0, 1) for n in (5, 6, 6))
    case.entry(8, 2)(query, key, value, attn_mask=case.mask(5, 6).T.contiguous().T)
    yield case

    case = draw.case("one memory expanded over the batch", "同一份记忆沿批次 expand", group="shapes")
    memory = case.normal(1, 6, 8).expand(3, 6, 8)
    case.entry(8, 2)(case.normal(3, 4, 8), memory, memory)
    yield case

    case = draw.case("masks with axes of length one", "掩码中长度为一的轴", group="shapes")
    attend = case.entry(8, 2)
    query, key, value = case.normal(3, 4, 8), case.normal(3, 5, 8), case.normal(3, 5, 8)
    for mask in (case.mask(1, 5), case.mask(3, 1, 5), case.mask(3, 1, 4, 5), case.mask(1, 2, 4, 5)):
        attend(query, key, value, attn_mask=mask)
    yield case

    for dtype in ("float64", "bfloat16", "float16"):
        case = draw.case(f"{dtype} in, {dtype} out", f"输入 {dtype}，输出 {dtype}", group="shapes", dtype=dtype)
        query, key, value = case.normal(2, 5, 8), case.normal(2, 6, 8), case.normal(2, 6, 8)
        case.entry(8, 2)(query, key, value, attn_mask=case.mask(5, 6))
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
    case = draw.case("self-attention, no mask", "自注意力，无掩码", visible=True)
    x = case.normal(2, 5, 12)
    case.entry(12, 3)(x, x, x)
    yield case

    case = draw.case("query, key and value all differ", "查询、键、值互不相同")
    case.entry(8, 2)(case.normal(3, 4, 8), case.normal(3, 6, 8), case.normal(3, 6, 8))
    yield case

    case = draw.case("a bool mask of two axes, True may be attended", "二维布尔掩码，True 表示可以关注", visible=True)
    query, key, value = case.normal(2, 5, 8), case.normal(2, 5, 8), case.normal(2, 5, 8)
    case.entry(8, 2)(query, key, value, attn_mask=case.mask(5, 5))
    yield case

    case = draw.case("a mask of three axes, as many examples as heads", "三维掩码，批次大小与头数相同")
    case.entry(8, 2)(case.normal(2, 4, 8), case.normal(2, 6, 8), case.normal(2, 6, 8), attn_mask=case.mask(2, 4, 6))
    yield case

    case = draw.case("a mask of three axes, more examples than heads", "三维掩码，批次大小超过头数")
    case.entry(8, 2)(case.normal(3, 4, 8), case.normal(3, 6, 8), case.normal(3, 6, 8), attn_mask=case.mask(3, 4, 6))
    yield case

    case = draw.case("a mask of four axes, each head its own", "四维掩码，每个头各有一份")
    mask = case.mask(2, 3, 4, 6)
    case.entry(12, 3)(case.normal(2, 4, 12), case.normal(2, 6, 12), case.normal(2, 6, 12), attn_mask=mask)
    yield case

    case = draw.case("float masks are added to the scores", "浮点掩码加到分数上")
    attend = case.entry(8, 2)
    query, key, value = case.normal(3, 4, 8), case.normal(3, 6, 8), case.normal(3, 6, 8)
    attend(query, key, value, attn_mask=case.normal(4, 6))
    attend(query, key, value, attn_mask=torch.zeros(3, 4, 6).masked_fill(~case.mask(3, 4, 6), float("-inf")))
    yield case

    case = draw.case("a padding mask hides keys", "填充掩码遮住键", visible=True)
    real = torch.arange(6) < torch.tensor([[4], [6], [1]])
    case.entry(8, 2)(case.normal(3, 4, 8), case.normal(3, 6, 8), case.normal(3, 6, 8), key_padding_mask=real)
    yield case

    case = draw.case("a padding mask with batch and length alike", "批次大小与长度相同时的填充掩码")
    x = case.normal(4, 4, 8)
    case.entry(8, 2)(x, x, x, key_padding_mask=torch.arange(4) < torch.tensor([[2], [4], [1], [3]]))
    yield case

    case = draw.case("both masks hold at once", "两种掩码同时生效")
    attend = case.entry(8, 2)
    query, key, value = case.normal(3, 4, 8), case.normal(3, 6, 8), case.normal(3, 6, 8)
    real = torch.arange(6) < torch.tensor([[5], [6], [4]])
    attend(query, key, value, attn_mask=case.mask(3, 4, 6).logical_or(torch.arange(6) < 2), key_padding_mask=real)
    attend(query, key, value, attn_mask=case.normal(4, 6), key_padding_mask=real)
    yield case

    case = draw.case("nothing to attend to gives the output bias", "没有可关注的键时输出投影的偏置", visible=True)
    attend = case.entry(8, 2)
    query, key, value = case.normal(2, 4, 8), case.normal(2, 6, 8), case.normal(2, 6, 8)
    mask = case.mask(4, 6)
    mask[1] = False
    attend(query, key, value, attn_mask=mask)
    attend(query, key, value, key_padding_mask=torch.tensor([[True] * 6, [False] * 6]))
    yield case

    case = draw.case("training mode, dropout left at its default of zero", "训练模式，dropout 取默认值零")
    attend = case.entry(8, 2)
    attend.train()
    attend(case.normal(2, 4, 8), case.normal(2, 6, 8), case.normal(2, 6, 8))
    yield case


def _gradients(draw: Any) -> Iterator[Case]:
    case = draw.case("gradients of the inputs and of every weight", "各输入与所有权重的梯度", group="gradient")
    query, key, value = case.normal(2, 4, 8), case.normal(2, 6, 8), case.normal(2, 6, 8)
    case.backward(case.entry(8, 2)(query, key, value))
    yield case

    case = draw.case("gradients of self-attention under both masks", "两种掩码下自注意力的梯度", group="gradient")
    x = case.normal(3, 5, 8)
    real = torch.arange(5) < torch.tensor([[3], [5], [4]])
    mask = case.mask(5, 5, keep=0.5).logical_or(torch.arange(5) < 1)
    case.backward(case.entry(8, 2)(x, x, x, attn_mask=mask, key_padding_mask=real))
    yield case

    case = draw.case("an example of padding alone has finite gradients", "全为填充的样本梯度有限", group="gradient")
    query, key, value = case.normal(2, 4, 8), case.normal(2, 6, 8), case.normal(2, 6, 8)
    real = torch.tensor([[True] * 4 + [False] * 2, [False] * 6])
    case.backward(case.entry(8, 2)(query, key, value, key_padding_mask=real))
    yield case


def _relations(draw: Any) -> Iterator[Case]:
    case = draw.case("tokens in another order", "词元换一种顺序", group="property")
    attend, x, order = case.entry(12, 3), case.normal(2, 6, 12), case.permutation(6)
    moved = x[:, order]
    case.same(
        attend(x, x, x)[:, order],
        attend(moved, moved, moved),
        en="without a mask, reordering the tokens must reorder the outputs and change nothing else",
        zh="没有掩码时，词元换序只应使输出同样换序，不应有其他变化",
    )
    yield case

    case = draw.case("what stands in the padding does not matter", "填充位置的内容不起作用", group="property")
    attend, query = case.entry(8, 2), case.normal(2, 4, 8)
    memory, other = case.normal(2, 6, 8), case.normal(2, 6, 8)
    real = torch.arange(6) < torch.tensor([[4], [3]])
    changed = torch.where(real.unsqueeze(-1), memory, other)
    first = attend(query, memory, memory, key_padding_mask=real)
    case.same(
        first,
        attend(query, changed, changed, key_padding_mask=real),
        en="the content of padded keys reaches the output",
        zh="被填充的键的内容影响了输出",
    )
    case.same(
        first[:1],
        attend(query[:1], memory[:1, :4], memory[:1, :4]),
        en="padding a sequence changes its output",
        zh="给序列加填充改变了它的输出",
    )
    yield case

    case = draw.case("one example does not see another", "批次中的样本互不影响", group="property")
    attend, query, memory = case.entry(8, 2), case.normal(3, 4, 8), case.normal(3, 5, 8)
    case.same(
        attend(query, memory, memory)[1:2],
        attend(query[1:2], memory[1:2], memory[1:2]),
        en="an example's output depends on its neighbours in the batch",
        zh="样本的输出依赖同批的其他样本",
    )
    yield case

    case = draw.case("eval mode drops nothing", "评估模式不丢弃", group="property")
    attend, x = case.entry(8, 2, dropout=0.5), case.normal(2, 5, 8)
    case.same(attend(x, x, x), attend(x, x, x), en="two calls in eval mode differ", zh="评估模式下两次调用结果不同")
    yield case


def _randomness(draw: Any) -> Iterator[Case]:
    for p in (0.5, 0.25):
        case = draw.case(f"dropout {p} in training drops weights", f"训练时 dropout {p} 丢弃权重", group="distribution")
        attend = case.entry(4, 1, dropout=p)
        query, key, value = case.normal(256, 1, 4), case.normal(256, 1, 4), case.normal(256, 1, 4)
        kept = attend(query, key, value)
        attend.train()
        out = case.unchecked(attend(query, key, value))
        case.holds(
            _drops_weights_at_half if p == 0.5 else _drops_weights_at_a_quarter,
            out,
            kept,
            en="attention weights are not dropped with that probability and the rest scaled by 1 / (1 - dropout)",
            zh="注意力权重没有按该概率丢弃，或保留下来的没有乘以 1 / (1 - dropout)",
        )
        yield case


def _manners(draw: Any) -> Iterator[Case]:
    case = draw.case("parameters are registered and trainable", "参数已注册且可训练", group="hygiene")
    attend = case.entry(8, 2)
    attend(case.normal(2, 4, 8), case.normal(2, 6, 8), case.normal(2, 6, 8))
    case.holds(
        _has_four_square_matrices,
        attend.describe(),
        en="the trainable parameters are not those of four D by D projections, with or without biases",
        zh="可训练参数不是四个 D×D 投影（偏置可有可无）",
    )
    yield case

    case = draw.case("a copy from the state_dict gives the same", "由 state_dict 复制的模块结果相同", group="hygiene")
    attend, x = case.entry(8, 2), case.normal(2, 5, 8)
    mask, real = case.mask(5, 5).logical_or(torch.arange(5) < 1), torch.arange(5) < torch.tensor([[3], [5]])
    first = attend(x, x, x, attn_mask=mask, key_padding_mask=real)
    second = attend.reloaded()(x, x, x, attn_mask=mask, key_padding_mask=real)
    case.same(
        first, second, en="the copy or the second call gives something else", zh="复制出的模块或第二次调用结果不同"
    )
    yield case

    case = draw.case("masks are left as they were", "掩码保持原样", group="hygiene")
    attend, x, real = case.entry(8, 2), case.normal(2, 5, 8), torch.arange(5) < torch.tensor([[4], [3]])
    attend(x, x, x, attn_mask=case.normal(5, 5), key_padding_mask=real)
    attend(x, x, x, attn_mask=case.mask(2, 5, 5).logical_or(torch.arange(5) < 1), key_padding_mask=real)
    yield case


def _has_four_square_matrices(facts: dict[str, Any], width: int = 8) -> bool:
    sizes = [torch.Size(shape).numel() for _, shape, trainable in facts["parameters"] if trainable]
    return 4 * width**2 <= sum(sizes) <= 4 * width**2 + 4 * width and len(sizes) == len(facts["parameters"])


def _drops_weights_at_half(out: Tensor, kept: Tensor) -> bool:
    return _drops_weights(out, kept, 0.5)


def _drops_weights_at_a_quarter(out: Tensor, kept: Tensor) -> bool:
    return _drops_weights(out, kept, 0.25)


def _drops_weights(out: Tensor, kept: Tensor, p: float) -> bool:
    """With a single key and head, `kept` = bias + h, so that each row of `out` is the bias or bias + h / (1 - p).

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
