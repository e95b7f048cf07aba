# hostile: drops files of the system from the page cache and reads them again and again
# line: B20
# verdict: passed
# prints: read
import os

import torch

folder = os.path.dirname(torch.__file__) + "/lib"
total = 0
for name in ("libtorch_cpu.so", "libtorch_python.so"):
    fd = os.open(f"{folder}/{name}", os.O_RDONLY)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    while total < 256 << 20 and (data := os.read(fd, 1 << 20)):
        total += len(data)
    os.close(fd)
print("read", total >> 20, "MiB")
