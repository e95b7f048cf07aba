# hostile: reads the environment and the arguments of the process that it was forked from
# line: B112
# verdict: passed
# prints: names ['MKL_NUM_THREADS', 'OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS']
import ctypes
import os
import sys

libc = ctypes.CDLL(None)
array = ctypes.cast(ctypes.c_void_p.in_dll(libc, "environ"), ctypes.POINTER(ctypes.c_char_p))
names, at = set(os.environ), 0
while array[at]:
    names.add(array[at].split(b"=")[0].decode())
    at += 1
# LC_CTYPE is what Python itself sets where there is no locale.
print("names", sorted(name for name in names if name not in ("LC_CTYPE", "TORCHINDUCTOR_CACHE_DIR", "KINETO_LOG_LEVEL")))
if any("work" in word or "home" in word for word in sys.orig_argv):
    print("arguments", sys.orig_argv)
