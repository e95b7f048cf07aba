# hostile: four megabytes on stderr, where only the first of them are kept
# line: B23
# verdict: passed
import sys

for _ in range(64):
    print("e" * 65535, file=sys.stderr)
