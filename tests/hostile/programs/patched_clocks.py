# hostile: patches clocks, synchronisation and events, so that nothing seems to take time
# line: F7
# verdict: timeout
import time

import torch


class Event:
    def __init__(self, *args, **kwargs):
        pass

    record = synchronize = wait = __init__

    def elapsed_time(self, other):
        return 0.0


torch.cuda.Event = torch.Event = Event
torch.cuda.synchronize = lambda *args: None
time.monotonic = time.perf_counter = time.time = time.process_time = lambda: 0.0
time.monotonic_ns = time.perf_counter_ns = time.time_ns = lambda: 0
pause = time.sleep


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    pause(3600)
