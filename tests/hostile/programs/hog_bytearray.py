# hostile: eats memory through the heap
# line: B5
# verdict: memory
def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    hoard = []
    for _ in range(96):  # 1.5 GiB
        block = bytearray(16 << 20)
        block[::4096] = b"x" * (len(block) // 4096)
        hoard.append(block)
    print("ESCAPED")
