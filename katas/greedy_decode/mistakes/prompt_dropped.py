"""en: Only the new tokens are returned; the prompt is missing in front of them.
zh: 只返回了新生成的词元，前面缺了提示词。
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
            ended = ended | (following == eos_token_id)
            if ended.all():
                break
    return ids[:, input_ids.size(1) :]
