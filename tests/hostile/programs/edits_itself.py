# hostile: changes its own source and the grader's picture of it while it runs
# line: B49
# verdict: passed
# prints: refused 2
import linecache
import os
import sys

refused = 0
for place in ("/tmp/../" + __file__, "/" + __file__):
    try:
        with open(place, "r+") as file:
            file.write("raise SystemExit")
    except OSError:
        refused += 1
linecache.cache.clear()
linecache.cache[__file__] = (1, None, ["print('all passed')\n"] * 1000, __file__)
sys.modules["solution"].__file__ = "/etc/passwd"
os.makedirs("/tmp/solution", exist_ok=True)
print("refused", refused)
