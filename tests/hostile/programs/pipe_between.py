# hostile: puts a pipe of its own before the result's, and changes what goes through
# line: F21
# verdict: failed crashed
import os
import threading

reader, writer = os.pipe()
real = os.dup(4)
os.dup2(writer, 4)


def forward():
    while data := os.read(reader, 1 << 16):
        os.write(real, data.replace(b'"error"', b'"e_ror"').replace(b'"case"', b'"case"'))


threading.Thread(target=forward, daemon=True).start()


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    return query.new_zeros(*query.shape[:-1], value.shape[-1])
