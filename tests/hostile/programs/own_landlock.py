# hostile: a Landlock ruleset of its own that forbids every file, and no descriptors left
# line: B84
# verdict: passed
# prints: locked
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
attribute = (ctypes.c_uint64 * 1)(0x1FFF)
ruleset = libc.syscall(444, attribute, ctypes.c_size_t(8), 0)
if ruleset >= 0 and libc.syscall(446, ruleset, 0) == 0:
    try:
        open(__import__("os").__file__).close()
        print("not")
    except OSError:
        print("locked")
