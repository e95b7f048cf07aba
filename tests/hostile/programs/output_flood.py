# hostile: prints without end
# verdict: output_limit
def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    while True:
        print("x" * 65536)
