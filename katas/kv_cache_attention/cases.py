"""Cases of kv_cache_attention."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from katas.script import Case


def cases(draw: Any) -> Iterator[Case]:
    """No past, a past, several new tokens at once; then equality with the full pass, branches, gradients, dtypes."""
    case = draw.case("one token, no past", "一个词元，没有历史", group="shapes")
    case.entry(8, 2)(case.normal(2, 1, 8))
    yield case

    case = draw.case("a whole sequence without a cache", "不带缓存的整段序列", visible=True)
    case.entry(8, 2)(case.normal(2, 5, 8))
    yield case

    case = draw.case("one new token after five", "五个词元之后来一个新词元", visible=True)
    case.entry(8, 2)(case.normal(2, 1, 8), cache=past(case, 2, 2, 5, 4))
    yield case

    case = draw.case("three new tokens after four, at once", "四个词元之后一次来三个新词元", visible=True)
    case.entry(12, 3)(case.normal(2, 3, 12), cache=past(case, 2, 3, 4, 4))
    yield case

    case = draw.case("more new tokens than past ones", "新词元比历史还多")
    case.entry(8, 4)(case.normal(2, 6, 8), cache=past(case, 2, 4, 2, 2))
    yield case

    case = draw.case("as many new tokens as past ones", "新词元与历史一样多")
    case.entry(8, 2)(case.normal(3, 3, 8), cache=past(case, 3, 2, 3, 4))
    yield case

    case = draw.case("a prompt, then three single tokens", "先是提示词，再逐个来三个词元")
    attend, x = case.entry(12, 2), case.normal(2, 7, 12)
    step = attend(x[:, :4])
    for t in range(4, 7):
        step = attend(x[:, t : t + 1], cache=step[1])
    yield case

    case = draw.case("two sequences in turn through one module", "同一个模块轮流处理两段序列")
    attend, a, b = case.entry(8, 2), case.normal(2, 4, 8), case.normal(2, 4, 8)
    first, second = attend(a[:, :2]), attend(b[:, :3])
    attend(a[:, 2:], cache=first[1])
    attend(b[:, 3:], cache=second[1])
    yield case

    case = draw.case("large scores", "分数很大")
    case.entry(8, 2)(case.normal(2, 2, 8, scale=4.0), cache=past(case, 2, 2, 3, 4, scale=3.0))
    yield case

    case = draw.case("gradients without a past", "没有历史时的梯度", group="gradient")
    case.backward(case.entry(8, 2)(case.normal(2, 4, 8))[0])
    yield case

    case = draw.case("gradients reach a given cache", "梯度能传到给定的缓存", group="gradient")
    x, (key, value) = case.normal(2, 2, 8), past(case, 2, 2, 3, 4)
    out = case.entry(8, 2)(x, cache=(key, value))
    case.backward(out[0], wrt=(x, key, value))
    yield case

    case = draw.case("gradients flow through the cache to earlier tokens", "梯度经缓存传到先前的词元", group="gradient")
    attend, early, late = case.entry(8, 2), case.normal(2, 3, 8), case.normal(2, 2, 8)
    case.backward(attend(late, cache=attend(early)[1])[0])
    yield case

    case = draw.case("token by token equals the full pass", "逐个词元计算等于整段计算", group="property", visible=True)
    attend, x = case.entry(8, 2), case.normal(2, 5, 8)
    whole, step = attend(x), attend(x[:, :1])
    for t in range(1, 5):
        step = attend(x[:, t : t + 1], cache=step[1])
        case.same(
            step[0],
            whole[0][:, t : t + 1],
            en=f"token {t}, fed alone with the cache, gives another output than in the full pass",
            zh=f"词元 {t} 带缓存单独计算，与整段一次计算的输出不同",
        )
    case.same(
        step[1][0],
        whole[1][0],
        en="after the last token the cached keys are not those of the full pass",
        zh="最后一个词元之后，缓存的键与整段计算的不同",
    )
    yield case

    case = draw.case("pieces of any length equal the full pass", "任意分段计算等于整段计算", group="property")
    attend, x = case.entry(12, 3), case.normal(2, 7, 12)
    whole, one = attend(x), attend(x[:, :2])
    two = attend(x[:, 2:5], cache=one[1])
    three = attend(x[:, 5:], cache=two[1])
    for piece, start, stop in ((one, 0, 2), (two, 2, 5), (three, 5, 7)):
        case.same(
            piece[0],
            whole[0][:, start:stop],
            en=f"tokens {start} to {stop - 1}, fed as one piece, give another output than in the full pass",
            zh=f"词元 {start} 到 {stop - 1} 作为一段输入，与整段一次计算的输出不同",
        )
    yield case

    case = draw.case("a reordered batch takes its cache along", "批次重排时缓存随之重排", group="property")
    attend, x, later, order = case.entry(8, 2), case.normal(3, 4, 8), case.normal(3, 2, 8), case.permutation(3)
    first = attend(x)
    straight = attend(later, cache=first[1])
    moved = attend(later[order], cache=(first[1][0][order], first[1][1][order]))
    case.same(
        moved[0],
        straight[0][order],
        en="with batch rows and cache reordered alike, the outputs are not reordered alike",
        zh="样本与缓存按同样的次序重排，输出却没有按同样的次序重排",
    )
    yield case

    case = draw.case("two continuations share one past", "两种后续共用同一段历史", group="property")
    attend, x, a, b = case.entry(8, 4), case.normal(2, 3, 8), case.normal(2, 1, 8), case.normal(2, 2, 8)
    first = attend(x)
    before = attend(a, cache=first[1])
    attend(b, cache=first[1])
    after = attend(a, cache=first[1])
    case.same(
        after[0],
        before[0],
        en="continuing a past changes what a second continuation of it gives",
        zh="从同一段历史续写过一次之后，再续写的结果就变了",
    )
    yield case

    case = draw.case(
        "a later token of the same piece changes nothing earlier", "同一段里后面的词元不影响前面", group="property"
    )
    attend, x, cache = case.entry(8, 2), case.normal(2, 4, 8), past(case, 2, 2, 3, 4)
    later = x.clone()
    later[:, 2:] = case.normal(2, 2, 8)
    case.same(
        attend(later, cache=cache)[0][:, :2],
        attend(x, cache=cache)[0][:, :2],
        en="changing new tokens 2 and 3 changes the outputs of new tokens 0 and 1",
        zh="改动新词元 2 和 3，新词元 0 和 1 的输出跟着变了",
    )
    yield case

    case = draw.case("a cache of length 0", "长度为 0 的缓存", group="shapes")
    case.entry(8, 2)(case.normal(2, 3, 8), cache=past(case, 2, 2, 0, 4))
    yield case

    case = draw.case("one batch row, one head", "批大小为 1、一个头", group="shapes")
    case.entry(5, 1)(case.normal(1, 2, 5), cache=past(case, 1, 1, 3, 5))
    yield case

    case = draw.case("odd width, heads of width 5", "奇数宽度，每头宽 5", group="shapes")
    case.entry(15, 3)(case.normal(2, 2, 15), cache=past(case, 2, 3, 4, 5))
    yield case

    case = draw.case("as many heads as features", "头数等于特征数", group="shapes")
    case.entry(7, 7)(case.normal(2, 3, 7), cache=past(case, 2, 7, 2, 1))
    yield case

    case = draw.case(
        "transposed input and a cache that is not contiguous", "转置得到的输入与非连续的缓存", group="shapes"
    )
    key, value = (case.normal(2, 4, 2, 4).transpose(1, 2) for _ in range(2))
    case.entry(8, 2)(case.normal(3, 2, 8).transpose(0, 1), cache=(key, value))
    yield case

    case = draw.case("a cache expanded over the batch", "沿批次 expand 的缓存", group="shapes")
    key, value = (case.normal(1, 2, 3, 4).expand(4, 2, 3, 4) for _ in range(2))
    case.entry(8, 2)(case.normal(4, 1, 8), cache=(key, value))
    yield case

    case = draw.case("float64 to the last digits", "float64 精确到末位", group="shapes", dtype="float64")
    case.entry(8, 2)(case.normal(2, 2, 8), cache=past(case, 2, 2, 3, 4))
    yield case

    case = draw.case("bfloat16", "bfloat16", group="shapes", dtype="bfloat16")
    case.entry(8, 2)(case.normal(2, 2, 8), cache=past(case, 2, 2, 3, 4))
    yield case

    case = draw.case("float16", "float16", group="shapes", dtype="float16")
    case.entry(8, 2)(case.normal(2, 2, 8), cache=past(case, 2, 2, 3, 4))
    yield case

    case = draw.case("a width not divisible by the heads is refused", "宽度不能被头数整除要拒绝", group="errors")
    case.entry(10, 4)(case.normal(2, 3, 10))
    case.refused(en="d_model 10 cannot be split into 4 heads", zh="d_model 为 10，分不成 4 个头")
    yield case

    case = draw.case("a cache of another batch size is refused", "批大小不同的缓存要拒绝", group="errors")
    case.entry(8, 2)(case.normal(2, 1, 8), cache=past(case, 3, 2, 4, 4))
    case.refused(en="the cache holds 3 sequences, x holds 2", zh="缓存里有 3 段序列，x 里有 2 段")
    yield case

    case = draw.case("x, cache and the global state are left alone", "不改动 x、缓存与全局状态", group="hygiene")
    case.entry(8, 2)(case.normal(2, 2, 8), cache=past(case, 2, 2, 3, 4))
    yield case

    case = draw.case(
        "weights survive saving, the cache is no part of them", "权重存取后不变，缓存不在其中", group="hygiene"
    )
    attend, x = case.entry(6, 2), case.normal(2, 3, 6)
    first = attend(x)
    case.holds(
        only_projections,
        attend.describe(),
        en="after a call the module should hold its four projections, all trainable, and no keys or values",
        zh="调用之后，模块里应当只有四个可训练的投影，而不存放键和值",
    )
    case.same(
        attend.reloaded()(x)[0],
        first[0],
        en="a copy that loads the state_dict gives another result",
        zh="载入同一份 state_dict 的副本给出了不同的结果",
    )
    yield case


def past(case: Case, batch: int, heads: int, length: int, width: int, scale: float = 1.0) -> tuple[Tensor, Tensor]:
    """Keys and values of `length` earlier tokens."""
    key: Tensor = case.normal(batch, heads, length, width, scale=scale)
    value: Tensor = case.normal(batch, heads, length, width, scale=scale)
    return key, value


def only_projections(facts: dict[str, Any]) -> bool:
    """Whether the four matrices are there, everything is trained, and no buffer grew with the batch of two."""
    count = sum(torch.Size(shape).numel() for _, shape, _ in facts["parameters"])
    trained = all(trained for _, _, trained in facts["parameters"])
    return (
        trained
        and count >= 4 * 6 * 6
        and not any(shape[:1] == [2] and len(shape) == 4 for _, shape in facts["buffers"])
    )
