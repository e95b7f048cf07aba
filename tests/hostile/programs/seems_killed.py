# hostile: wants to die by the kernel's SIGKILL, as if somebody outside had killed it, which would be a fault of ours
# line: B4 B84
# verdict: timeout
# prints: refused 2
import ctypes
import resource
import signal

refused = 0
signal.signal(signal.SIGXCPU, signal.SIG_IGN)
try:
    resource.setrlimit(resource.RLIMIT_CPU, (1, 1))
except (OSError, ValueError):
    refused += 1
one_second = (ctypes.c_ulong * 2)(1, 1)
refused += ctypes.CDLL(None).setrlimit(0, one_second) == -1
print("refused", refused, flush=True)
while True:
    pass
