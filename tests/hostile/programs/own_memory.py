# hostile: reads and writes its process through /proc
# line: F24
# verdict: passed
# prints: refused 6
refused = 0
for path in ("/proc/self/mem", "/proc/thread-self/mem", "/proc/1/mem", "/proc/self/maps", "/dev/mem", "/dev/kmem"):
    try:
        open(path, "r+b").close()
        print("ESCAPED", path)
    except OSError:
        refused += 1
print("refused", refused)
