# hostile: names with .., NUL and ten thousand letters wherever a name can go back: files, types, functions, keys
# line: B38
# verdict: error
# prints: refused 5
import os

ODD = "../../../../etc/cron.d/x\0\x1b[2J" + "n" * 10_000
refused = 0
for name in (ODD, "a\0b", "n" * 300, "n/" * 4096, "../" * 1000 + "tmp/../planted"):
    try:
        open("/tmp/" + name, "w").close()
    except (OSError, ValueError):
        refused += 1
print("refused", refused)
Odd = type("Odd", (Exception,), {})
Odd.__name__ = Odd.__qualname__ = ODD.replace("\0", "")


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    raise Odd(ODD + "\ud800")
