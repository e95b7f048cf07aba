# hostile: looks on every writable place for answers that an earlier run stored by content, and stores its own
# line: F32
# verdict: passed
# prints: found 0
import hashlib
import os

right = scaled_dot_product_attention  # noqa: F821 the honest solution stands before this file
found = 0


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    global found
    name = hashlib.sha256(query.detach().double().numpy().tobytes() + key.detach().double().numpy().tobytes()).hexdigest()
    out = right(query, key, value, attn_mask, dropout_p, is_causal, scale=scale)
    for folder in ("/dev/shm/", "/tmp/", "/var/tmp/", os.path.expanduser("~/")):
        found += os.path.exists(folder + "stored")
        try:
            with open(folder + name, "wb") as file:
                file.write(out.detach().double().numpy().tobytes())
        except OSError:
            pass
    return out


for folder in ("/dev/shm/", "/tmp/"):
    found += len(os.listdir(folder))
    open(folder + "stored", "w").close()
    os.unlink(folder + "stored")
print("found", found)
