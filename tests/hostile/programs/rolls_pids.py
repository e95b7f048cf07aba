# hostile: goes through process numbers as fast as it can, in the hope that a kill meant for it meets another
# line: B119
# verdict: passed
# prints: rolled
import os
import time

for _ in range(40):
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
for _ in range(10):
    if os.fork() == 0:
        time.sleep(3600)
print("rolled")
