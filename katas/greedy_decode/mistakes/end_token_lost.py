"""en: A row is marked as ended before its token is written, so that padding takes the place of the end token.
zh: 写入之前就把该行标记为已结束，结束符的位置被填充占了。
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
        if eos_token_id is not None:
            ended = ended | (following == eos_token_id)
        following = following.masked_fill(ended, pad_token_id)
        ids = torch.cat((ids, following[:, None]), dim=1)
        if ended.all():
            break
    return ids
