# hostile: sleeps instead of working
# line: B2
# verdict: timeout
import time


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    time.sleep(3600)
