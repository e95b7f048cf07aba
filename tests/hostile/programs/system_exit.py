# hostile: raises SystemExit inside the call
# line: B73 F26
# verdict: error
def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    raise SystemExit(0)
