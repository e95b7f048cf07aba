# hostile: makes every clock stand still and every synchronisation empty, then works without end
# line: B87 F7
# verdict: timeout
import signal
import time

import torch

time.time = time.monotonic = time.perf_counter = time.process_time = lambda: 0.0
time.time_ns = time.monotonic_ns = time.perf_counter_ns = lambda: 0
torch.cuda.synchronize = lambda *args: None
torch.cuda.Event.elapsed_time = lambda *args: 1e-9
torch.utils.benchmark = None
signal.setitimer = signal.alarm = lambda *args: 0


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    while True:
        pass
