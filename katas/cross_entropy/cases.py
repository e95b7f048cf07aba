"""Cases of cross_entropy."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor


def steps(case: Any, rows: int, classes: int, step: float) -> tuple[Tensor, Tensor]:
    """Logits whose neighbours in size are `step` apart, and each row's least likely class but one.

    However the loss is written, rounding stays small beside a loss of several steps.
    """
    order = torch.tensor([case.permutation(classes) for _ in range(rows)])
    return case.normal(rows, classes, scale=0.0) + (step * order).to(case.normal(1).dtype), (order == 1).long().argmax(
        1
    )


def cases(draw: Any) -> Iterator[Any]:
    """Indices and probabilities, ignored places, reductions, extra axes, logits that overflow."""
    case = draw.case("class indices, mean", "类别索引，取平均", visible=True)
    case.entry(case.normal(4, 7), case.integers(4, high=7))
    yield case

    case = draw.case("ignored places are not counted", "被忽略的位置不计数", visible=True)
    target = case.integers(6, high=5)
    target[[1, 4]] = -100
    case.entry(case.normal(6, 5), target)
    yield case

    case = draw.case("probabilities as the target", "以概率分布为目标", visible=True)
    case.entry(case.normal(4, 6), case.normal(4, 6, scale=2.0).softmax(1))
    yield case

    case = draw.case("the sum", "求和")
    target = case.integers(5, high=4)
    target[2] = -100
    case.entry(case.normal(5, 4), target, reduction="sum")
    yield case

    case = draw.case("one loss a place", "每个位置各一个损失")
    target = case.integers(5, high=4)
    target[3] = -100
    case.entry(case.normal(5, 4), target, reduction="none")
    yield case

    case = draw.case("the padding class 0 is ignored", "忽略作填充用的第 0 类")
    target = case.integers(6, low=1, high=5)
    target[[0, 5]] = 0
    case.entry(case.normal(6, 5), target, ignore_index=0)
    yield case

    case = draw.case("an ignore_index beyond the classes", "ignore_index 大于类别数")
    target = case.integers(2, 6, high=3)
    target[0, 2:] = 255
    case.entry(case.normal(2, 3, 6), target, ignore_index=255)
    yield case

    case = draw.case("rows of a batch that ignore unequally", "一批之中各行忽略的数目不等")
    target = case.integers(3, 4, high=5)
    target[0, 1:] = -100
    target[1, 3] = -100
    case.entry(case.normal(3, 5, 4, scale=2.0), target)
    yield case

    case = draw.case("everything is ignored, mean", "全部被忽略，取平均", degenerate=True)
    case.entry(case.normal(3, 4), torch.full((3,), -100))
    yield case

    case = draw.case("everything is ignored, sum", "全部被忽略，求和", degenerate=True)
    case.entry(case.normal(3, 4), torch.full((3,), -100), reduction="sum")
    yield case

    case = draw.case("logits that overflow exp", "logits 大到 exp 会溢出")
    case.entry(*steps(case, 4, 5, 200.0), reduction="none")
    yield case

    case = draw.case("a target whose probability underflows", "目标的概率小到下溢")
    logits, target = steps(case, 3, 4, 60.0)
    case.entry(logits - 120.0, target)
    yield case

    case = draw.case("rows at very different heights", "各行 logits 的高低相差悬殊")
    logits, target = steps(case, 3, 4, 16.0)
    case.entry(logits + torch.tensor([[0.0], [-1024.0], [512.0]]), target, reduction="none")
    yield case

    case = draw.case("as many samples as classes", "样本数恰好等于类别数")
    case.entry(case.normal(5, 5), case.integers(5, high=5))
    yield case

    # -- gradients -------------------------------------------------------------------------------------------------

    case = draw.case("gradient of the mean, one place ignored", "取平均且忽略一处时的梯度", group="gradient")
    logits, target = case.normal(5, 6), case.integers(5, high=6)
    target[0] = -100
    case.backward(case.entry(logits, target), wrt=(logits,))
    yield case

    case = draw.case("gradient under a soft target", "以概率分布为目标时的梯度", group="gradient")
    logits = case.normal(3, 5)
    case.backward(case.entry(logits, case.normal(3, 5).softmax(1)), wrt=(logits,))
    yield case

    case = draw.case("gradient of one loss a place", "逐位置损失的梯度", group="gradient")
    logits = case.normal(2, 4, 3)
    case.backward(case.entry(logits, case.integers(2, 3, high=4), reduction="none"), wrt=(logits,))
    yield case

    case = draw.case("gradient where the probability underflows", "概率下溢处的梯度", group="gradient")
    logits, target = steps(case, 3, 4, 120.0)
    case.backward(case.entry(logits, target, reduction="sum"), wrt=(logits,))
    yield case

    # -- properties ------------------------------------------------------------------------------------------------

    case = draw.case(
        "a constant on all logits of a row changes nothing", "一行 logits 同加常数，损失不变", group="property"
    )
    logits, target = case.normal(3, 6), case.integers(3, high=6)
    first = case.entry(logits, target)
    second = case.entry(logits + torch.tensor([[2.0], [-1.0], [4.0]]), target)
    case.same(second, first, "softmax only knows differences of logits", "softmax 只取决于 logits 之差")
    yield case

    case = draw.case("renaming the classes changes nothing", "给类别重新编号，损失不变", group="property")
    logits, target, order = case.normal(4, 5), case.integers(4, high=5), case.permutation(5)
    first = case.entry(logits, target, reduction="none")
    second = case.entry(logits[:, order], torch.tensor(order).argsort()[target], reduction="none")
    case.same(second, first, "the numbers of the classes must not matter", "类别的编号不应影响损失")
    yield case

    case = draw.case("ignored places have no influence", "被忽略的位置没有影响", group="property")
    logits, target = case.normal(5, 4), case.integers(5, high=4)
    target[[0, 3]] = -100
    other = logits.clone()
    other[[0, 3]] = case.normal(2, 4, scale=3.0)
    first, second = case.entry(logits, target), case.entry(other, target)
    case.same(second, first, "the logits of an ignored place changed the loss", "被忽略位置的 logits 改变了损失")
    yield case

    case = draw.case("an index equals its one-hot probabilities", "类别索引与其 one-hot 概率等价", group="property")
    logits, target = case.normal(4, 6), case.integers(4, high=6)
    first = case.entry(logits, target)
    second = case.entry(logits, torch.eye(6)[target])
    case.same(
        second, first, "an index and the one-hot row it names must cost the same", "索引与对应的 one-hot 应有相同的损失"
    )
    yield case

    case = draw.case("positions are samples", "每个位置都是一个样本", group="property")
    logits, target = case.normal(2, 5, 3), case.integers(2, 3, high=5)
    first = case.entry(logits, target)
    second = case.entry(logits.transpose(1, 2).reshape(6, 5), target.reshape(6))
    case.same(first, second, "(N, C, L) must cost what its N * L rows cost", "(N, C, L) 的损失应与展开成 N * L 行相同")
    yield case

    # -- shapes ----------------------------------------------------------------------------------------------------

    case = draw.case("sequences as long as there are classes", "序列长度恰好等于类别数", group="shapes")
    case.entry(case.normal(2, 4, 4), case.integers(2, 4, high=4), reduction="none")
    yield case

    case = draw.case("images: two axes behind the classes", "图像：类别之后还有两个维度", group="shapes")
    target = case.integers(2, 3, 5, high=4)
    target[0, 1] = -100
    case.entry(case.normal(2, 4, 3, 5), target)
    yield case

    case = draw.case("probabilities for every position", "每个位置一个概率分布", group="shapes")
    case.entry(case.normal(2, 5, 3), case.normal(2, 5, 3).softmax(1))
    yield case

    case = draw.case("one loss for every distribution", "每个分布各一个损失", group="shapes")
    case.entry(case.normal(3, 4, 2), case.normal(3, 4, 2).softmax(1), reduction="none")
    yield case

    case = draw.case("language model logits, transposed", "由语言模型输出转置而来的 logits", group="shapes")
    case.entry(case.normal(2, 7, 5).transpose(1, 2), case.integers(2, 7, high=5), reduction="none")
    yield case

    case = draw.case("one sample of many classes", "一个样本，类别很多", group="shapes")
    case.entry(case.normal(1, 97), case.integers(1, high=97))
    yield case

    case = draw.case("one class only", "只有一个类别", group="shapes", degenerate=True)
    case.entry(case.normal(3, 1), torch.zeros(3, dtype=torch.int64), reduction="none")
    yield case

    case = draw.case("expanded logits and targets", "由扩展得到的 logits 与目标", group="shapes")
    case.entry(case.normal(1, 5).expand(4, 5), case.integers(4, 1, high=5).expand(4, 3)[:, 1], reduction="sum")
    yield case

    case = draw.case("float64 to the last digits", "float64 精确到最后几位", group="shapes", dtype="float64")
    case.entry(case.normal(4, 5), case.integers(4, high=5))
    yield case

    case = draw.case("bfloat16 in, bfloat16 out", "输入 bfloat16，输出 bfloat16", group="shapes", dtype="bfloat16")
    case.entry(case.normal(4, 6), case.integers(4, high=6), reduction="none")
    yield case

    case = draw.case("float16 with logits up to a hundred", "float16，logits 可达上百", group="shapes", dtype="float16")
    case.entry(*steps(case, 4, 6, 20.0), reduction="none")
    yield case

    # -- refusals and hygiene --------------------------------------------------------------------------------------

    case = draw.case("a class that does not exist", "不存在的类别", group="errors")
    target = case.integers(4, high=5)
    target[2] = 5
    case.entry(case.normal(4, 5), target)
    case.refused("class 5 of 5 classes, which are numbered from 0", "一共 5 类、从 0 编号，目标却是第 5 类")
    yield case

    case = draw.case("more targets than samples", "目标比样本多", group="errors")
    case.entry(case.normal(4, 5), case.integers(6, high=5))
    case.refused("6 targets for 4 samples", "4 个样本却有 6 个目标")
    yield case

    case = draw.case("probabilities of another number of classes", "概率的类别数不符", group="errors")
    case.entry(case.normal(4, 5), case.normal(4, 6).softmax(1))
    case.refused("probabilities over 6 classes for 5 logits", "logits 有 5 类，概率却有 6 类")
    yield case

    case = draw.case("the same target used twice", "同一个目标用两次", group="hygiene")
    target = case.integers(5, high=4)
    target[[1, 2]] = -100
    case.entry(case.normal(5, 4), target)
    case.entry(case.normal(5, 4), target)
    yield case

    case = draw.case("the same probabilities used twice", "同一个概率分布用两次", group="hygiene")
    target = case.normal(3, 4).softmax(1)
    case.entry(case.normal(3, 4), target)
    case.entry(case.normal(3, 4), target, reduction="sum")
    yield case
