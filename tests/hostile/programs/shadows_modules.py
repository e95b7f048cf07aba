# hostile: puts a torch.py, a typing.py and a sitecustomize.py where the next import looks first
# line: B91 F27 F50
# verdict: passed
# prints: planted
import os
import sys

for name in ("torch", "typing", "json", "sitecustomize", "conftest"):
    with open(f"{name}.py", "w") as file:
        file.write("print('ESCAPED')\nraise SystemExit(0)\n")
sys.path.insert(0, os.getcwd())
import torch

assert hasattr(torch, "Tensor")
print("planted")
