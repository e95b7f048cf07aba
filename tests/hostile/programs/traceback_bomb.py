# hostile: tracebacks thousands of frames long, chained, with messages and notes of a megabyte
# line: B95
# verdict: error
import sys

sys.setrecursionlimit(6000)


def dig(depth):
    if depth:
        return dig(depth - 1)
    raise ValueError("x" * (1 << 20))


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    error = None
    for _ in range(5):
        try:
            dig(2000)
        except ValueError as caught:
            caught.__cause__ = error
            caught.add_note("n" * (1 << 20))
            error = caught
    raise error
