"""en: `if eos_token_id` is false for id 0, so that an end token with this id is never noticed.
zh: `if eos_token_id` 在编号为 0 时为假，这样的结束符永远不会被发现。
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
        if eos_token_id:
            ended = ended | (following == eos_token_id)
            if ended.all():
                break
    return ids
