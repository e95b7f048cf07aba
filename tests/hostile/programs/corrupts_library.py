# hostile: writes into the pages of torch's code that all jails share, and looks whether an earlier run did
# line: B122
# verdict: passed
# prints: clean True refused 2 changed True
import ctypes
import glob
import mmap
import os

import torch

libc = ctypes.CDLL(None, use_errno=True)
library = ctypes.CDLL(os.path.join(os.path.dirname(torch.__file__), "lib", "libtorch_python.so"))
address = ctypes.cast(library.PyInit__C if hasattr(library, "PyInit__C") else library.THPModule_initExtension, ctypes.c_void_p).value \
    if hasattr(library, "PyInit__C") or hasattr(library, "THPModule_initExtension") else ctypes.cast(library.initModule, ctypes.c_void_p).value
before = ctypes.string_at(address, 8)
print("clean", before != b"\xcc" * 8, end=" ")
refused = 0
path = library._name
for flags in (os.O_RDWR, os.O_WRONLY):
    try:
        os.open(path, flags)
    except OSError:
        refused += 1
with open(path, "rb") as file:
    try:
        mmap.mmap(file.fileno(), 4096, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
        print("ESCAPED: a shared mapping that can be written")
    except OSError:
        pass
print("refused", refused, end=" ")
page = address // 4096 * 4096
libc.mprotect(ctypes.c_void_p(page), ctypes.c_size_t(8192), 7)
ctypes.memmove(address, b"\xcc" * 8, 8)
print("changed", ctypes.string_at(address, 8) == b"\xcc" * 8)
