# hostile: traces, profiles, audits and hooks everything that happens around it
# line: B97
# verdict: failed
import sys
import threading


def hook(*args):
    frame = args[0] if args else None
    if hasattr(frame, "f_locals") and "answer" in frame.f_locals:
        try:
            frame.f_locals["answer"]["status"] = "passed"
        except TypeError:
            pass
    return hook


sys.addaudithook(lambda *args: None)
sys.setprofile(hook)
sys.settrace(hook)
threading.settrace(hook)
sys.excepthook = sys.displayhook = sys.breakpointhook = hook
frame = sys._getframe()
while frame is not None:
    frame.f_trace = hook
    frame = frame.f_back


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    return query.new_zeros(*query.shape[:-1], value.shape[-1])
