# hostile: one endless C call that holds the interpreter's lock, so that no Python handler ever runs
# line: B3
# verdict: timeout
import signal

signal.signal(signal.SIGTERM, lambda *_: None)


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    9**9**9
    return query
