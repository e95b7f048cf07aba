# hostile: copies the inputs of later cases out of the job pipe without taking them, to have the answers early
# line: B75
# verdict: passed
# prints: bytes ahead 0
import ctypes
import os
import select

libc = ctypes.CDLL(None, use_errno=True)
right = scaled_dot_product_attention
ahead = calls = 0


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    global ahead, calls
    calls += 1
    if calls < 4 and select.select([3], [], [], 0.2)[0]:
        reader, writer = os.pipe()
        ahead += max(0, libc.tee(3, writer, 1 << 16, 2))
    if calls == 4:
        print("bytes ahead", ahead)
    return right(query, key, value, attn_mask, dropout_p, is_causal, scale=scale)
