# hostile: writes into the packages that the next run will import
# line: B33 B34
# verdict: passed
# prints: refused 6
import os
import sys

import torch

refused = 0
for path in (torch.__file__, os.__file__, sys.executable or "/packages/x", "/packages/sitecustomize.py", "/torchkata/graders/child.py", os.path.dirname(os.__file__) + "/sitecustomize.py"):
    try:
        with open(path, "r+b" if os.path.exists(path) else "wb") as file:
            file.write(b"# planted")
    except OSError:
        refused += 1
print("refused", refused)
