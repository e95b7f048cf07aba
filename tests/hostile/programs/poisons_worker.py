# hostile: changes everything in its process that a next submission would meet in a worker that lives on
# line: F52
# verdict: passed
# prints: poisoned before False
import builtins
import sys

import torch
import graders.wire as wire

sys.modules["graders.compare"] = sys.modules["reference"] = sys
torch.equal = torch.allclose = lambda *args, **kwargs: True
torch.set_default_dtype(torch.float64)
torch.set_default_dtype(torch.float32)
builtins.poisoned = True
wire.MAX_PAYLOAD = 1 << 60
sys.path.insert(0, "/tmp")
print("poisoned before", hasattr(torch, "poisoned"))
torch.poisoned = True
