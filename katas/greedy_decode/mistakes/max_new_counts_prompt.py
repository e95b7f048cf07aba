"""en: max_new_tokens is taken as the length of the whole result, so that the prompt uses up the allowance.
zh: 把 max_new_tokens 当成了结果的总长度，提示词占掉了名额。
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
    while ids.size(1) < max_new_tokens:
        following = model(ids)[:, -1].argmax(dim=-1)
        following = following.masked_fill(ended, pad_token_id)
        ids = torch.cat((ids, following[:, None]), dim=1)
        if eos_token_id is not None:
            ended = ended | (following == eos_token_id)
            if ended.all():
                break
    return ids
