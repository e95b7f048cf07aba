# hostile: goes through hundreds of process numbers, in the hope that a kill meant for it meets another
# line: B119
# verdict: passed
# prints: rolled
import os
import time

for _ in range(200):
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
for _ in range(20):
    if os.fork() == 0:
        time.sleep(3600)
print("rolled")
