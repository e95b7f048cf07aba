# hostile: poisons the caches of compilers for the next run, and looks for what an earlier run put there
# line: B35
# verdict: passed
# prints: found 0 refused 9
import os

import torch

found = refused = 0
for place in ("/tmp/torchinductor_root", "/tmp/torchinductor_65534", "/tmp/.triton/cache", "/dev/shm/torch_extensions"):
    found += os.path.exists(place)
    os.makedirs(place, exist_ok=True)
    with open(place + "/kernel.so", "wb") as file:
        file.write(b"\x7fELF planted")
inside = os.path.dirname(torch.__file__)
for place in ("/root/.cache", "/root/.triton", "/root/.nv", "/home", "/var/tmp", "/.cache", "/.nv", inside + "/cache", inside + "/_inductor/cache"):
    try:
        os.makedirs(place)
        with open(place + "/kernel.so", "wb") as file:
            file.write(b"\x7fELF planted")
    except OSError:
        refused += 1
print("found", found, "refused", refused)
