"""en: The end token is looked for in the whole row, prompt included: a prompt that begins with it never starts.
zh: 在整行里找结束符，连提示词也算上：以它开头的提示词一步也不生成。
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def greedy_decode(
    model: Callable[[Tensor], Tensor],
    input_ids: Tensor,
    max_new_tokens: int,
    eos_token_id: int | None = None,
    pad_token_id: int = 0,
) -> Tensor:
    ids = input_ids
    for _ in range(max_new_tokens):
        ended = (
            (ids == eos_token_id).any(dim=1) if eos_token_id is not None else torch.zeros(len(ids), dtype=torch.bool)
        )
        if ended.all():
            break
        following = model(ids)[:, -1].argmax(dim=-1)
        following = following.masked_fill(ended, pad_token_id)
        ids = torch.cat((ids, following[:, None]), dim=1)
    return ids
