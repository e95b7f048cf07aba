# hostile: children that end at once and are never waited for; each still holds its number
# line: B16
# verdict: passed
# prints: refused after fewer than 64 True
import os

children = 0
try:
    for children in range(5_000):
        if os.fork() == 0:
            os._exit(0)
    print("ESCAPED")
except BlockingIOError:
    print("refused after fewer than 64", children < 64, flush=True)
