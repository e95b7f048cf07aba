"""Cases of transformer_encoder_layer."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from katas.script import Case

NINF = float("-inf")


def cases(draw: Any) -> Iterator[Case]:
    """Both places of the norm, every form of mask, then relations, shapes, dtypes and dropout."""
    case = draw.case("norm after each sum, no mask", "每次相加之后归一化，无掩码", visible=True)
    case.entry(12, 3, 20)(case.normal(2, 5, 12))
    yield case

    case = draw.case("norm before each sublayer, no mask", "每个子层之前归一化，无掩码", visible=True)
    case.entry(12, 3, 20, norm_first=True)(case.normal(2, 5, 12))
    yield case

    case = draw.case("a residual stream far from unit size", "残差流的尺度远离 1")
    x = case.normal(2, 4, 8, scale=4.0) + 2.0
    case.entry(8, 2, 12, norm_first=True)(x)
    case.entry(8, 2, 12)(x)
    yield case

    case = draw.case("a padding mask", "带填充掩码", visible=True)
    case.entry(8, 2, 16)(case.normal(3, 5, 8), key_padding_mask=real_tokens(5, [5, 3, 1]))
    yield case

    case = draw.case("a padding mask, norm before each sublayer", "带填充掩码，子层之前归一化")
    case.entry(8, 2, 16, norm_first=True)(case.normal(3, 5, 8), key_padding_mask=real_tokens(5, [2, 5, 4]))
    yield case

    case = draw.case("a bool mask of two axes", "两个轴的布尔掩码")
    case.entry(8, 4, 12)(case.normal(2, 6, 8), attn_mask=case.mask(6, 6))
    yield case

    case = draw.case("a bool mask of three axes, one for each batch row", "三个轴的布尔掩码，每个样本各一张")
    case.entry(8, 2, 12)(case.normal(2, 4, 8), attn_mask=case.mask(2, 4, 4))
    yield case

    case = draw.case("a bool mask of four axes, one for each head", "四个轴的布尔掩码，每个头各一张")
    case.entry(8, 2, 12, norm_first=True)(case.normal(3, 4, 8), attn_mask=case.mask(3, 2, 4, 4))
    yield case

    case = draw.case("a float mask is added to the scores", "浮点掩码加到分数上")
    added = case.normal(5, 5, scale=2.0).masked_fill(~case.mask(5, 5), NINF)
    case.entry(9, 3, 10)(case.normal(2, 5, 9), attn_mask=added)
    yield case

    case = draw.case("attention mask and padding mask together", "注意力掩码与填充掩码同时使用")
    causal = torch.ones(5, 5, dtype=torch.bool).tril()
    case.entry(8, 2, 12)(case.normal(3, 5, 8), attn_mask=causal, key_padding_mask=real_tokens(5, [5, 4, 2]))
    yield case

    case = draw.case("a row that may attend to nothing", "有的行什么都不能看")
    mask = case.mask(4, 4)
    mask[1] = False
    layer, x = case.entry(8, 2, 12), case.normal(2, 4, 8)
    layer(x, attn_mask=mask, key_padding_mask=real_tokens(4, [4, 0]))
    yield case

    case = draw.case("gradients, norm after each sum", "梯度，每次相加之后归一化", group="gradient")
    x = case.normal(2, 4, 8)
    out = case.entry(8, 2, 12)(x, attn_mask=case.mask(4, 4), key_padding_mask=real_tokens(4, [4, 3]))
    case.backward(out)
    yield case

    case = draw.case("gradients, norm before each sublayer", "梯度，每个子层之前归一化", group="gradient")
    case.backward(case.entry(6, 3, 10, norm_first=True)(case.normal(2, 3, 6)))
    yield case

    case = draw.case(
        "gradients stay finite where nothing may be attended", "什么都不能看时梯度仍有限", group="gradient"
    )
    x = case.normal(2, 3, 8)
    case.backward(case.entry(8, 2, 12)(x, key_padding_mask=real_tokens(3, [0, 3])))
    yield case

    case = draw.case("what stands in the padding has no influence", "填充位置的内容没有影响", group="property")
    layer, x, real = case.entry(8, 2, 12), case.normal(2, 6, 8), real_tokens(6, [4, 4])
    other = x.clone()
    other[:, 4:] = case.normal(2, 2, 8, scale=3.0)
    out = layer(x, key_padding_mask=real)
    case.same(
        layer(other, key_padding_mask=real)[:, :4],
        out[:, :4],
        en="changing padded tokens changes the results of real ones",
        zh="改动填充位置的内容，真实词元的结果跟着变了",
    )
    case.same(
        layer(x[:, :4])[:, :4],
        out[:, :4],
        en="real tokens give other results without the padding behind them",
        zh="去掉后面的填充，真实词元的结果就变了",
    )
    yield case

    case = draw.case("a batch row does not depend on the others", "一个样本的结果与同批其他样本无关", group="property")
    layer, x = case.entry(8, 4, 12, norm_first=True), case.normal(3, 4, 8)
    case.same(
        layer(x)[1:2],
        layer(x[1:2]),
        en="a sequence gives another result alone than inside a batch",
        zh="同一序列单独计算与放在一批里计算，结果不同",
    )
    yield case

    case = draw.case("reordered tokens give reordered results", "词元换序，结果也只是换序", group="property")
    layer, x = case.entry(8, 2, 12), case.normal(2, 5, 8)
    order = case.permutation(5)
    case.same(
        layer(x[:, order]),
        layer(x)[:, order],
        en="without a mask the layer must treat all positions alike",
        zh="没有掩码时，该层对各位置应一视同仁",
    )
    yield case

    case = draw.case(
        "under a causal mask later tokens change nothing earlier", "因果掩码下，后面的词元不影响前面", group="property"
    )
    layer, x = case.entry(8, 2, 12), case.normal(2, 5, 8)
    later = x.clone()
    later[:, 3:] = case.normal(2, 2, 8)
    causal = torch.ones(5, 5, dtype=torch.bool).tril()
    case.same(
        layer(later, attn_mask=causal)[:, :3],
        layer(x, attn_mask=causal)[:, :3],
        en="changing tokens 3 and 4 changes the results of tokens 0 to 2",
        zh="改动词元 3 和 4，词元 0 到 2 的结果跟着变了",
    )
    yield case

    case = draw.case("eval mode switches dropout off", "评估模式下关闭 dropout", group="property")
    layer, x = case.entry(8, 2, 12, dropout=0.5), case.normal(2, 4, 8)
    case.same(layer(x), layer(x), en="two calls in eval mode differ", zh="评估模式下两次调用结果不同")
    yield case

    case = draw.case("one token", "只有一个词元", group="shapes")
    case.entry(8, 2, 12)(case.normal(3, 1, 8))
    yield case

    case = draw.case("one batch row", "批大小为 1", group="shapes")
    case.entry(8, 2, 12)(case.normal(1, 4, 8), key_padding_mask=real_tokens(4, [3]))
    yield case

    case = draw.case(
        "odd width, heads of width 5, a narrow inner layer", "奇数宽度、每头宽 5、较窄的中间层", group="shapes"
    )
    case.entry(15, 3, 7)(case.normal(2, 3, 15))
    yield case

    case = draw.case("as many heads as features", "头数等于特征数", group="shapes")
    case.entry(7, 7, 11)(case.normal(2, 4, 7))
    yield case

    case = draw.case("transposed input and an expanded mask", "转置得到的输入与 expand 得到的掩码", group="shapes")
    layer, x = case.entry(8, 2, 12), case.normal(4, 2, 8).transpose(0, 1)
    layer(x, attn_mask=case.mask(1, 1, 4, 4).expand(2, 2, 4, 4))
    yield case

    case = draw.case("float64 to the last digits", "float64 精确到末位", group="shapes", dtype="float64")
    case.entry(8, 2, 12)(case.normal(2, 4, 8), key_padding_mask=real_tokens(4, [4, 2]))
    yield case

    case = draw.case("bfloat16", "bfloat16", group="shapes", dtype="bfloat16")
    case.entry(8, 2, 12, norm_first=True)(case.normal(2, 4, 8), attn_mask=case.mask(4, 4))
    yield case

    case = draw.case("float16", "float16", group="shapes", dtype="float16")
    case.entry(8, 2, 12)(case.normal(2, 4, 8), key_padding_mask=real_tokens(4, [4, 1]))
    yield case

    case = draw.case("a width not divisible by the heads is refused", "宽度不能被头数整除要拒绝", group="errors")
    case.entry(10, 4, 16)(case.normal(2, 3, 10))
    case.refused(en="d_model 10 cannot be split into 4 heads", zh="d_model 为 10，分不成 4 个头")
    yield case

    case = draw.case("fewer features than heads are refused", "特征数少于头数要拒绝", group="errors")
    case.entry(3, 4, 16)(case.normal(2, 3, 3))
    case.refused(en="d_model 3 cannot be split into 4 heads", zh="d_model 为 3，分不成 4 个头")
    yield case

    case = draw.case("training mode, dropout left at its default of zero", "训练模式，dropout 取默认值零")
    layer = case.entry(8, 2, 12)
    layer.train()
    layer(case.normal(2, 4, 8))
    yield case

    case = draw.case("dropout of 1 in training leaves the residual path", "训练时 dropout 为 1，只剩残差通路")
    x = case.normal(2, 4, 8, scale=2.0)
    for norm_first in (False, True):
        layer = case.entry(8, 2, 12, dropout=1.0, norm_first=norm_first)
        layer.train()
        layer(x)
    yield case

    case = draw.case(
        "dropout of one half in training is random", "训练时 dropout 为 0.5，结果是随机的", group="distribution"
    )
    layer, x = case.entry(16, 2, 24, dropout=0.5, norm_first=True), case.normal(4, 8, 16)
    layer.train()
    first, second = case.unchecked(layer(x)), case.unchecked(layer(x))
    case.holds(differ, first, second, en="two calls in training mode agree", zh="训练模式下两次调用结果相同")
    yield case

    case = draw.case("arguments and the global state are left alone", "不改动参数与全局状态", group="hygiene")
    layer = case.entry(8, 2, 12)
    layer(case.normal(2, 4, 8), attn_mask=case.mask(4, 4), key_padding_mask=real_tokens(4, [4, 3]))
    layer(case.normal(2, 3, 8), attn_mask=case.normal(3, 3))
    yield case

    case = draw.case("weights survive saving and loading", "权重存取后不变", group="hygiene")
    layer, x = case.entry(6, 2, 10), case.normal(2, 3, 6)
    case.holds(
        all_trained,
        layer.describe(),
        en="the weights of attention, feed-forward network and norms must be registered and trainable",
        zh="注意力、前馈网络与归一化的权重都应注册为可训练的参数",
    )
    case.same(
        layer.reloaded()(x),
        layer(x),
        en="a copy that loads the state_dict gives another result",
        zh="载入同一份 state_dict 的副本给出了不同的结果",
    )
    yield case


def real_tokens(length: int, lengths: list[int]) -> Tensor:
    """(B, L), True at the first `lengths[b]` places."""
    return torch.arange(length) < torch.tensor(lengths)[:, None]


def differ(first: Tensor, second: Tensor) -> bool:
    """Whether two results are different anywhere."""
    return not torch.equal(first, second)


def all_trained(facts: dict[str, Any]) -> bool:
    """Whether everything is trained, and at least the matrices and norms are there (biases may be missing)."""
    width, inner = 6, 10
    count = sum(torch.Size(shape).numel() for _, shape, _ in facts["parameters"])
    needed = 4 * width * width + 2 * width * inner + inner + width + 4 * width
    return all(trained for _, _, trained in facts["parameters"]) and count >= needed
