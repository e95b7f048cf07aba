"""en: A row counts as ended when its last token is the pad id, though the model may write that id itself.
zh: 末尾词元是填充符就算这一行已结束，可模型自己也可能生成这个编号。
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
    ended = torch.zeros(ids.size(0), dtype=torch.bool, device=ids.device)
    for _ in range(max_new_tokens):
        following = model(ids)[:, -1].argmax(dim=-1)
        following = following.masked_fill(ended, pad_token_id)
        ids = torch.cat((ids, following[:, None]), dim=1)
        if eos_token_id is not None:
            ended = (following == eos_token_id) | (following == pad_token_id)
            if ended.all():
                break
    return ids
