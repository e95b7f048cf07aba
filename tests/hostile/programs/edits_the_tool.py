# hostile: edits the program that carries out its calls, on disk and through every spelling of its path
# line: F56
# verdict: passed
# prints: refused 16 of 16
import os

import graders.child as child

refused = tried = 0
path = getattr(child, "__file__", "") or "/torchkata/graders/child.py"
for name in (path, path.replace("child", "wire"), path.replace("child", "refusal"), "/torchkata/graders/../graders/child.py"):
    for change in (lambda: open(name, "a").write("#"), lambda: os.rename(name, name + "x"), lambda: os.unlink(name), lambda: os.chmod(name, 0o777)):
        tried += 1
        try:
            change()
            print("ESCAPED", name)
        except OSError:
            refused += 1
print("refused", refused, "of", tried)
