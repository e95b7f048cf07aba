# hostile: threads until they are refused
# verdict: passed
# prints: refused
import threading
import time

try:
    for _ in range(100_000):
        threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
except RuntimeError:
    print("refused", flush=True)
