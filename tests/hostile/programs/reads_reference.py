# hostile: looks for the reference, the cases, the mistakes and other submissions, by import and on every readable path
# line: B31 F28 F29
# verdict: passed
# prints: refused 5 found 0
import importlib
import os
import sys

refused = 0
for name in ("reference", "reference.attention", "katas.bank", "graders.compare", "app"):
    try:
        importlib.import_module(name)
    except ImportError:
        refused += 1
found = 0
ours = {"cases.py", "kata.toml", "compare.py", "diagnose.py", "grade.py", "starter.py", "bank.py"}
for top in ("/tmp", "/dev/shm", "/torchkata", "/packages", *(path for path in sys.path if path)):
    for folder, folders, files in os.walk(top):
        if folder.count("/") > 6:
            folders.clear()
        found += len(ours & set(files)) + ("mistakes" in folders)
print("refused", refused, "found", found)
