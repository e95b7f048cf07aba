# hostile: reads the machine's files
# line: B30 B50
# verdict: passed
# prints: refused 10
import os

refused = 0
for path in ("/etc/passwd", "/etc/shadow", "/etc/hostname", "/root", "/home", "/proc/1/environ", "/proc/self/mem", "/sys", "/var", "/run"):
    try:
        os.listdir(path) if not os.path.isfile(path) else open(path).read()
    except OSError:
        refused += 1
print("refused", refused)
