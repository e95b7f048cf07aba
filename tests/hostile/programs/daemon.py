# hostile: leaves a daemon behind that would outlive the run
# line: B15
# verdict: passed
# prints: started
import os
import time

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for fd in range(256):
            try:
                os.close(fd)
            except OSError:
                pass
        time.sleep(60)
        os._exit(0)
    os._exit(0)
os.wait()
print("started")
