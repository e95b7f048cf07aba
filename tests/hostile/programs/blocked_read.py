# hostile: waits for ever for bytes that nobody sends
# line: B2
# verdict: timeout
import os

reader, writer = os.pipe()


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    os.read(reader, 1)
    return query
