# hostile: wants a core dump of itself, handed to the machine's own handler: dumpable again, no limit, then abort
# line: B26
# verdict: crashed
# prints: refused 3 dumpable 0
import ctypes
import os
import resource

libc = ctypes.CDLL(None, use_errno=True)
refused = 0
for value in (1, 2):
    refused += libc.prctl(4, value, 0, 0, 0) == -1  # PR_SET_DUMPABLE: a handler in core_pattern asks for no RLIMIT_CORE
try:
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
except (OSError, ValueError):
    refused += 1
print("refused", refused, "dumpable", libc.prctl(3, 0, 0, 0, 0), flush=True)
os.abort()
