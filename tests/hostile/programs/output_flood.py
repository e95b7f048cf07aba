# hostile: prints without end
# line: B22
# verdict: output_limit
def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    for _ in range(4096):  # 256 MiB
        print("x" * 65536)
