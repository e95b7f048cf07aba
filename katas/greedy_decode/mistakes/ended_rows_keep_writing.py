"""en: A row goes on with the model's tokens after its end token, where padding belongs.
zh: 结束符之后仍写入模型给出的词元，那里本该是填充。
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
        ids = torch.cat((ids, following[:, None]), dim=1)
        if eos_token_id is not None:
            ended = ended | (following == eos_token_id)
            if ended.all():
                break
    return ids
