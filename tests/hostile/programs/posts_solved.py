# hostile: posts its own result to whoever listens
# line: F53
# verdict: failed
# prints: refused 4
import http.client
import socket
import urllib.request

refused = 0
for url in ("http://127.0.0.1:8000/api/submissions", "http://localhost/solved", "http://169.254.169.254/"):
    try:
        urllib.request.urlopen(urllib.request.Request(url, data=b'{"verdict": "passed"}', method="POST"), timeout=1)
        print("ESCAPED")
    except OSError:
        refused += 1
try:
    socket.create_connection(("127.0.0.1", 5432), timeout=1)
    print("ESCAPED")
except OSError:
    refused += 1
print("refused", refused)


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    return query.new_zeros(*query.shape[:-1], value.shape[-1])
