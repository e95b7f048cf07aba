# hostile: folders ten thousand deep, without any permission, full of files that cannot be removed one by one
# line: B40 B9
# verdict: passed
# prints: refused True
import os

depth = 0
try:
    for depth in range(10_000):
        os.mkdir("d")
        os.chdir("d")
    print("ESCAPED")
except OSError:
    pass
os.chdir("/tmp")
os.chmod("/tmp/d", 0)
os.chmod("/tmp", 0)
print("refused", depth < 10_000 - 1)
