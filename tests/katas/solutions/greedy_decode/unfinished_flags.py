# kata: greedy_decode
import torch


@torch.inference_mode()
def greedy_decode(model, input_ids, max_new_tokens, eos_token_id=None, pad_token_id=0):
    # 1 while a row is being written, 0 afterwards
    unfinished = input_ids.new_ones(input_ids.shape[0])
    generated = input_ids.clone()
    steps = 0
    while steps < max_new_tokens and unfinished.max() > 0:
        next_tokens = torch.argmax(model(generated)[:, -1, :], dim=-1)
        next_tokens = next_tokens * unfinished + pad_token_id * (1 - unfinished)
        generated = torch.cat([generated, next_tokens.unsqueeze(-1)], dim=-1)
        if eos_token_id is not None:
            unfinished = unfinished.mul((next_tokens != eos_token_id).long())
        steps += 1
    return generated
