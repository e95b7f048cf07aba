"""Cases of greedy_decode. The model is a table (katas.script.Toy) whose logits depend on the whole history."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from katas.script import Case, Toy

STATES = 97  # rows of the table: a prime, so that every earlier token still counts
MULTIPLIER = 7


def cases(draw: Any) -> Iterator[Case]:
    """Without an end token, with rows that end at different times, odd ids, then relations, shapes and dtypes."""
    case = draw.case("one token after one token", "一个词元之后生成一个词元", group="shapes")
    case.entry(free(case, 5), case.integers(1, 1, high=5), 1)
    yield case

    case = draw.case(
        "no new token: the prompt comes back", "不生成新词元：原样返回提示词", group="shapes", degenerate=True
    )
    case.entry(free(case, 5), case.integers(2, 3, high=5), 0)
    yield case

    case = draw.case("without an end token all tokens are made", "没有结束符时生成满额的词元", visible=True)
    case.entry(free(case, 7), case.integers(2, 3, high=7), 6)
    yield case

    case = draw.case("rows that ended are padded while others go on", "先结束的行用填充补齐，其余继续", visible=True)
    ids, model = told(case, 3, [[4, 2, 7], [1, 3, 5, 2, 7], [6, 5, 4, 3, 2, 1]])
    case.entry(model, ids, 6, eos_token_id=7)
    yield case

    case = draw.case("decoding stops when every row has ended", "所有行都结束时停止解码", visible=True)
    ids, model = told(case, 4, [[3, 7], [1, 2, 5, 7], [4, 1, 7]])
    case.entry(model, ids, 9, eos_token_id=7)
    yield case

    case = draw.case("the only row ends at once", "仅有的一行立即结束")
    ids, model = told(case, 3, [[7]])
    case.entry(model, ids, 5, eos_token_id=7)
    yield case

    case = draw.case("the last row ends with the last token allowed", "最后一行恰好在最后一个名额上结束")
    ids, model = told(case, 2, [[5, 7], [2, 6, 1, 7]])
    case.entry(model, ids, 4, eos_token_id=7)
    yield case

    case = draw.case("an end token that never comes", "结束符始终没有出现")
    ids, model = told(case, 3, [[5, 4, 3, 2], [2, 3, 4, 5]])
    case.entry(model, ids, 4, eos_token_id=7)
    yield case

    case = draw.case("an end token inside the prompt ends nothing", "提示词里的结束符不算结束")
    ids, model = told(case, 4, [[3, 1, 6, 7], [2, 4, 7], [5, 2, 1, 3, 7]], opening=7)
    case.entry(model, ids, 8, eos_token_id=7)
    yield case

    case = draw.case("the end token has id 0", "结束符的编号是 0")
    ids, model = told(case, 3, [[4, 0], [2, 3, 5, 0]])
    case.entry(model, ids, 7, eos_token_id=0, pad_token_id=1)
    yield case

    case = draw.case("the model itself writes the pad id", "模型自己也会生成填充符的编号")
    ids, model = told(case, 3, [[0, 4, 0, 7], [5, 0, 0, 3, 2, 7], [0, 7]])
    case.entry(model, ids, 8, eos_token_id=7)
    yield case

    case = draw.case("the pad id is the end id", "填充符与结束符编号相同")
    ids, model = told(case, 3, [[4, 7], [2, 3, 5, 7]])
    case.entry(model, ids, 6, eos_token_id=7, pad_token_id=7)
    yield case

    case = draw.case("a pad id of one's own", "另行指定填充符")
    ids, model = told(case, 3, [[4, 2, 5, 1, 6], [2, 7]])
    case.entry(model, ids, 5, eos_token_id=7, pad_token_id=3)
    yield case

    case = draw.case("the same last token, another history", "末尾词元相同，历史不同")
    ids = case.integers(3, 5, high=6)
    ids[:, 2:] = ids[:1, 2:]
    ids[:, 0] = torch.tensor([0, 1, 2])
    case.entry(free(case, 11), ids, 7)
    yield case

    case = draw.case("all logits far below zero", "所有 logits 都远小于零")
    model = free(case, 6)
    case.entry(Toy(model.table - 1000.0, MULTIPLIER), case.integers(2, 3, high=6), 5)
    yield case

    case = draw.case("the prompt stays in front", "提示词保留在最前面", group="property")
    ids, model = told(case, 4, [[3, 1, 7], [2, 5, 4, 7]])
    out = case.entry(model, ids, 6, eos_token_id=7)
    case.same(out[:, :4], ids, en="the result does not begin with the prompt", zh="结果不是以提示词开头")
    yield case

    case = draw.case("three tokens and then four are seven", "先生成三个再生成四个，等于一次生成七个", group="property")
    model, ids = free(case, 9), case.integers(2, 3, high=9)
    case.same(
        case.entry(model, case.entry(model, ids, 3), 4),
        case.entry(model, ids, 7),
        en="going on from an earlier result gives other tokens than decoding in one go",
        zh="接着先前的结果继续解码，与一次解码到底得到的词元不同",
    )
    yield case

    case = draw.case("a row alone gives what it gives in a batch", "一行单独解码与放在一批里结果相同", group="property")
    model, ids = free(case, 8), case.integers(3, 4, high=8)
    case.same(
        case.entry(model, ids[1:2], 6),
        case.entry(model, ids, 6)[1:2],
        en="a prompt alone is continued differently than inside a batch",
        zh="同一提示词单独解码与放在一批里解码，续写不同",
    )
    yield case

    case = draw.case("a row that ends early gives the same alone", "提前结束的行单独解码结果相同", group="property")
    ids, model = told(case, 3, [[4, 2, 6, 7], [1, 3, 5, 2, 6, 4]])
    case.same(
        case.entry(model, ids[:1], 6, eos_token_id=7),
        case.entry(model, ids, 6, eos_token_id=7)[:1, :7],
        en="up to its end token a row differs from what it gives alone",
        zh="到结束符为止，一行在批里的结果与它单独解码的不同",
    )
    yield case

    case = draw.case("reordered prompts give reordered results", "提示词换序，结果随之换序", group="property")
    model, ids, order = free(case, 8), case.integers(4, 3, high=8), case.permutation(4)
    case.same(
        case.entry(model, ids[order], 5),
        case.entry(model, ids, 5)[order],
        en="the order of the prompts in the batch changes how they are continued",
        zh="提示词在批里的次序影响了各自的续写",
    )
    yield case

    case = draw.case("a long prompt", "较长的提示词", group="shapes")
    case.entry(free(case, 13), case.integers(2, 16, high=13), 5)
    yield case

    case = draw.case("a transposed, not contiguous prompt", "转置得到的非连续提示词", group="shapes")
    case.entry(free(case, 7), case.integers(4, 3, high=7).t(), 5)
    yield case

    case = draw.case("one prompt expanded over the batch", "同一提示词沿批次 expand", group="shapes")
    case.entry(free(case, 7), case.integers(1, 4, high=7).expand(3, 4), 5)
    yield case

    for dtype in ("float64", "bfloat16", "float16"):
        case = draw.case(f"logits in {dtype}", f"logits 为 {dtype}", group="shapes", dtype=dtype)
        case.entry(free(case, 11), case.integers(2, 4, high=11), 6)
        yield case

    case = draw.case("prompt, model and global state are left alone", "不改动提示词、模型与全局状态", group="hygiene")
    ids, model = told(case, 3, [[4, 7], [2, 3, 5, 7]])
    case.entry(model, ids, 6, eos_token_id=7)
    yield case

    case = draw.case("two calls with one model agree", "同一模型两次调用结果相同", group="hygiene")
    model, ids = free(case, 9), case.integers(2, 3, high=9)
    case.same(case.entry(model, ids, 6), case.entry(model, ids, 6), en="two calls differ", zh="两次调用结果不同")
    yield case


def free(case: Case, vocabulary: int) -> Toy:
    """A model whose logits are a random order of 0, 1, 2, ... at every state: they never tie, in no dtype."""
    noise: Tensor = case.uniform(STATES, vocabulary)
    return Toy(noise.argsort(dim=1).to(noise.dtype), MULTIPLIER)


def told(case: Case, length: int, continuations: list[list[int]], opening: int | None = None) -> tuple[Tensor, Toy]:
    """Prompts, and a model that continues each with the given tokens; 8 ids, prompts without 0 and 7.

    opening: an id that every prompt begins with
    """
    while True:
        ids: Tensor = case.integers(len(continuations), length, low=1, high=7)
        if opening is not None:
            ids[:, 0] = opening
        model = free(case, 8)
        if _teach(model.table, ids, continuations):
            return ids, model


def _teach(table: Tensor, ids: Tensor, continuations: list[list[int]]) -> bool:
    """Lets each continuation win at the states it passes; False when two want different tokens at one state."""
    wanted: dict[int, int] = {}
    for prompt, tokens in zip(ids.tolist(), continuations, strict=True):
        state = 0
        for number, token in enumerate([*prompt, *tokens]):
            if number >= len(prompt) and wanted.setdefault(state, token) != token:
                return False
            state = (state * MULTIPLIER + token + 1) % STATES
    for state, token in wanted.items():
        table[state, token] = 2 * table.size(1)
    return True
