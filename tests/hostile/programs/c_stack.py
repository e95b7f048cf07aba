# hostile: overflows the C stack, where Python's own limit does not look
# line: B12
# verdict: crashed
import sys

sys.setrecursionlimit(1 << 30)


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    nest = []
    for _ in range(1_000_000):
        nest = [nest]
    repr(nest)
    return query
