# hostile: recursion with the limit taken away
# line: B11
# verdict: memory crashed
import sys

sys.setrecursionlimit(1 << 30)


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    def down(n):
        return down(n + 1) + 1 if n < 20_000_000 else 0

    return down(0)
