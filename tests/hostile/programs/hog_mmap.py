# hostile: eats memory through shared anonymous mappings, which no rlimit bounds
# line: B6
# verdict: memory
import mmap


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    hoard = []
    for _ in range(24):  # 1.5 GiB
        area = mmap.mmap(-1, 64 << 20)
        area[::4096] = b"x" * (len(area) // 4096)
        hoard.append(area)
    print("ESCAPED")
