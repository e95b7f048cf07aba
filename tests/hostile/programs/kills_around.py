# hostile: kills and stops whatever it can name
# line: B64 B65
# verdict: passed
# prints: alive
import os
import signal

for pid in (*range(2, 400), -1, os.getppid() or 400):
    for number in (signal.SIGSTOP, signal.SIGTERM):
        try:
            os.kill(pid, number)
        except OSError:
            pass
print("alive")
