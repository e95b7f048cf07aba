# hostile: an endless Python loop in the call
# line: B1
# verdict: timeout
def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    while True:
        pass
