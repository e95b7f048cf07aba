# kata: greedy_decode
from typing import List, Optional

import torch
from torch import LongTensor


def decode_one(model, prompt: List[int], limit: int, end: Optional[int]) -> List[int]:
    """One prompt alone, as a list of ids."""
    written: List[int] = []
    while len(written) < limit:
        scores = model(torch.tensor([prompt + written]))[0, -1].tolist()
        best = max(range(len(scores)), key=scores.__getitem__)
        written.append(best)
        if best == end:
            break
    return written


def greedy_decode(
    model,
    input_ids: LongTensor,
    max_new_tokens: int,
    eos_token_id: Optional[int] = None,
    pad_token_id: int = 0,
) -> LongTensor:
    prompts = input_ids.tolist()
    rows = [decode_one(model, prompt, max_new_tokens, eos_token_id) for prompt in prompts]
    longest = max(map(len, rows))
    full = [p + r + [pad_token_id] * (longest - len(r)) for p, r in zip(prompts, rows)]
    return torch.tensor(full, dtype=input_ids.dtype, device=input_ids.device)
