# hostile: falls back to the library in an except, under a hidden name
# line: F47 F48
# verdict: forbidden
import torch

hidden = "".join(chr(ord(letter) - 1) for letter in "tdbmfe`epu`qspevdu`buufoujpo")


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    try:
        raise NotImplementedError
    except NotImplementedError:
        return getattr(torch.nn.functional, hidden)(query, key, value, attn_mask, dropout_p, is_causal, scale=scale)
