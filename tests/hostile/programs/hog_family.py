# hostile: eats memory with many processes at once, so that the kernel ends somebody else for it
# line: B118
# verdict: memory passed
import mmap
import os
import time

children = []
for _ in range(8):
    child = os.fork()
    if child == 0:
        area = mmap.mmap(-1, 256 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        for page in range(0, len(area), 4096):
            area[page] = 1
        time.sleep(3600)
    children.append(child)
hoard = []
for _ in range(1100):
    hoard.append(b"x" * (1 << 20))
