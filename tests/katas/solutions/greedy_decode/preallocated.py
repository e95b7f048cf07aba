# kata: greedy_decode
import torch


def greedy_decode(net, tokens, max_new_tokens, eos_token_id=None, pad_token_id=0):
    B, L = tokens.shape
    buffer = torch.full((B, L + max_new_tokens), pad_token_id, dtype=tokens.dtype, device=tokens.device)
    buffer[:, :L] = tokens
    active = torch.arange(B, device=tokens.device)  # rows still being written; the others are not computed at all
    end = L
    with torch.no_grad():
        while end < L + max_new_tokens and len(active):
            new = net(buffer[active, :end]).select(1, -1).topk(1).indices.squeeze(1)
            buffer[active, end] = new
            end += 1
            if eos_token_id is not None:
                active = active[new != eos_token_id]
    return buffer[:, :end]
