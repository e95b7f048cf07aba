# hostile: stops its own process and a child that it then waits for
# line: B66
# verdict: timeout
import os
import signal


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    os.kill(os.getpid(), signal.SIGSTOP)
    child = os.fork()
    if child == 0:
        os.kill(os.getpid(), signal.SIGSTOP)
        os._exit(0)
    os.waitpid(child, 0)
    return query.new_zeros(*query.shape[:-1], value.shape[-1])
