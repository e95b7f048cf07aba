"""Inference: generating token by token, and what is kept so that it does not cost the whole history every time."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

__all__ = ["KVCacheAttention", "greedy_decode"]


class KVCacheAttention(nn.Module):
    """Causal multi-head self-attention that continues from the keys and values of the tokens before.

    Called with the whole sequence, or with any pieces of it one after the other, it gives the same outputs.

    Shapes: x (B, L, D), the new tokens; cache None or (key, value), each (B, H, T, Dh) for the T tokens before
    -> (B, L, D) and (key, value), each (B, H, T + L, Dh). The cache that comes in is left as it is.
    Raises ValueError when d_model is not divisible by num_heads.
    Source: Vaswani et al., "Attention Is All You Need" (2017), section 3.2.3 for the masked attention; Pope et al.,
    "Efficiently Scaling Transformer Inference" (2022), section 2 for the cache.
    """

    def __init__(self, d_model: int, num_heads: int) -> None:
        super().__init__()
        if d_model % num_heads:
            raise ValueError(f"d_model {d_model} is not divisible by num_heads {num_heads}")
        self.num_heads = num_heads
        self.q_proj = nn.Linear(d_model, d_model)
        self.k_proj = nn.Linear(d_model, d_model)
        self.v_proj = nn.Linear(d_model, d_model)
        self.out_proj = nn.Linear(d_model, d_model)

    def forward(self, x: Tensor, cache: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """x (B, L, D), cache of T tokens -> (B, L, D), cache of T + L tokens."""
        B, L, D = x.shape
        H, Dh = self.num_heads, D // self.num_heads
        # Only the new tokens are projected: this is the work that the cache saves.
        query = self.q_proj(x).view(B, L, H, Dh).transpose(1, 2)  # (B, H, L, Dh)
        key = self.k_proj(x).view(B, L, H, Dh).transpose(1, 2)  # (B, H, L, Dh)
        value = self.v_proj(x).view(B, L, H, Dh).transpose(1, 2)  # (B, H, L, Dh)
        if cache is not None:
            # A new tensor, not a write into the old one: several continuations may share the same past.
            key = torch.cat((cache[0], key), dim=2)  # (B, H, T + L, Dh)
            value = torch.cat((cache[1], value), dim=2)  # (B, H, T + L, Dh)
        S = key.size(2)
        scores = query @ key.transpose(-2, -1) / Dh**0.5  # (B, H, L, S)
        # New token i stands at position T + i, so the triangle is shifted right by T = S - L: bottom-right aligned.
        may_attend = torch.ones(L, S, dtype=torch.bool, device=x.device).tril(diagonal=S - L)  # (L, S)
        weights = torch.softmax(scores.masked_fill(~may_attend, float("-inf")), dim=-1)  # (B, H, L, S)
        heads = weights @ value  # (B, H, L, Dh)
        out: Tensor = self.out_proj(heads.transpose(1, 2).reshape(B, L, D))  # (B, L, D)
        return out, (key, value)


@torch.no_grad()
def greedy_decode(
    model: Callable[[Tensor], Tensor],
    input_ids: Tensor,
    max_new_tokens: int,
    eos_token_id: int | None = None,
    pad_token_id: int = 0,
) -> Tensor:
    """Continues every row with the most probable next token, again and again.

    Shapes: input_ids (B, L), int64 -> (B, L + n), the prompt and n <= max_new_tokens new ids. The model maps ids
    (B, T) to logits (B, T, V). A row that has produced `eos_token_id` keeps it and is filled up with `pad_token_id`;
    n is the number of steps until every row has ended, or max_new_tokens. An end token inside the prompt ends nothing.
    Source: Sutskever, Vinyals, Le, "Sequence to Sequence Learning with Neural Networks" (2014), section 3.2: its beam
    search with a beam of 1.
    """
    ids = input_ids  # (B, T), T grows from L
    ended = torch.zeros(input_ids.size(0), dtype=torch.bool, device=input_ids.device)  # (B,)
    for _ in range(max_new_tokens):
        # The whole history goes in: without a cache the model remembers nothing from the call before.
        logits = model(ids)  # (B, T, V)
        # The logits at position t are about token t + 1, so the last ones are about the token that is missing.
        following = logits[:, -1].argmax(dim=-1)  # (B,)
        following = following.masked_fill(ended, pad_token_id)  # (B,): the batch stays rectangular
        ids = torch.cat((ids, following.unsqueeze(1)), dim=1)  # (B, T + 1)
        if eos_token_id is not None:  # not `if eos_token_id`: 0 is a token id like any other
            # `ended` is remembered, not read back from the ids: the pad id may be a token that the model also writes.
            ended = ended | (following == eos_token_id)  # (B,)
            if bool(ended.all()):
                break
    return ids  # (B, L + n)
