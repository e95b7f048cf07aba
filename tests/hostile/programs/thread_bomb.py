# hostile: threads until they are refused
# line: B14
# verdict: passed
# prints: refused
import threading
import time

try:
    for _ in range(2_000):
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    print("ESCAPED")
except RuntimeError:
    print("refused", flush=True)
