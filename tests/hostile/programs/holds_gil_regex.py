# hostile: a regular expression that takes exponential time inside one C call
# line: B3
# verdict: timeout
import re


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    re.match(r"(a+)+$", "a" * 64 + "b")
    return query
