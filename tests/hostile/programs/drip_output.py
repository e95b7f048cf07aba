# hostile: a little output for ever, in the hope that whoever still prints is not yet over time
# line: B24
# verdict: timeout
# prints: drip
import time


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    while True:
        print("drip", flush=True)
        time.sleep(0.01)
