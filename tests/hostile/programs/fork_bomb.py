# hostile: forks until it is refused; the children stay
# line: B13
# verdict: passed
# prints: refused
import os
import time

try:
    for _ in range(2_000):
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
    print("ESCAPED")
except BlockingIOError:
    print("refused", flush=True)
