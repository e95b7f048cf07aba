# hostile: reads what lies in the job's descriptor and in every file that may be written, for expected values
# line: F28
# verdict: passed
# prints: looking
import fcntl
import os

right = scaled_dot_product_attention  # noqa: F821 the honest solution stands before this file
found = 0


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    global found
    flags = fcntl.fcntl(3, fcntl.F_GETFL)
    fcntl.fcntl(3, fcntl.F_SETFL, flags | os.O_NONBLOCK)
    try:
        os.read(3, 1)
        found += 1
    except BlockingIOError:
        pass
    fcntl.fcntl(3, fcntl.F_SETFL, flags)
    for top in ("/tmp", "/dev/shm"):
        for _, _, files in os.walk(top):
            found += len(files)
    if found:
        print("ESCAPED")
    return right(query, key, value, attn_mask, dropout_p, is_causal, scale=scale)


print("looking")
