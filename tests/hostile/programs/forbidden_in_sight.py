# hostile: calls the forbidden operator by its name
# line: F48
# verdict: forbidden
from torch.nn import functional as library

def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    return library.scaled_dot_product_attention(query, key, value, attn_mask, dropout_p, is_causal, scale=scale)
