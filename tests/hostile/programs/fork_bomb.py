# hostile: forks until it is refused; the children stay
# verdict: passed
# prints: refused
import os
import time

try:
    for _ in range(100_000):
        if os.fork() == 0:
            time.sleep(3600)
except BlockingIOError:
    print("refused", flush=True)
