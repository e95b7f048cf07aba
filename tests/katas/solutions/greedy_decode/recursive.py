# kata: greedy_decode
import torch
import torch.nn.functional as F


def greedy_decode(model, input_ids, max_new_tokens, eos_token_id=None, pad_token_id=0, *, done=None):
    if done is None:
        done = torch.zeros_like(input_ids[:, 0], dtype=torch.bool)
    if max_new_tokens == 0 or bool(done.all()):
        return input_ids
    probabilities = F.softmax(model(input_ids)[:, -1].double(), dim=-1)
    token = torch.where(done, torch.full_like(input_ids[:, 0], pad_token_id), probabilities.max(dim=-1)[1])
    if eos_token_id is not None:
        done = torch.logical_or(done, token.eq(eos_token_id))
    longer = torch.hstack((input_ids, token[:, None]))
    return greedy_decode(model, longer, max_new_tokens - 1, eos_token_id, pad_token_id, done=done)
