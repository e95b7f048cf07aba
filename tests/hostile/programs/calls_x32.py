# hostile: calls the kernel by the numbers of x32, which set a bit that a filter may not look at
# line: B78
# verdict: crashed
# prints: calling
import ctypes
import platform

print("calling", flush=True)
if platform.machine() != "x86_64":
    ctypes.string_at(0)
print("ESCAPED:", ctypes.CDLL(None).syscall(ctypes.c_long(0x40000000 | 39)))
