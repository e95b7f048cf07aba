# hostile: a thread that writes a better answer after the call has returned
# line: F4 F20
# verdict: failed
import threading
import time

right = scaled_dot_product_attention  # noqa: F821 the honest solution stands before this file


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    out = query.new_zeros(*query.shape[:-1], value.shape[-1])

    def later():
        time.sleep(0.05)
        out.copy_(right(query, key, value, attn_mask, dropout_p, is_causal, scale=scale))

    threading.Thread(target=later, daemon=True).start()
    return out
