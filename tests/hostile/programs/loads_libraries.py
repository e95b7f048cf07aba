# hostile: machine code of its own through every loader of torch and Python: from /tmp, shared memory, a memfd, a compiler
# line: B44 B45 B93
# verdict: passed
# prints: refused 10
import ctypes
import os
import shutil

import torch

library = next(
    path
    for path in ("/lib/x86_64-linux-gnu/libm.so.6", "/usr/lib/x86_64-linux-gnu/libm.so.6", "/lib64/libm.so.6", torch._C.__file__)
    if os.path.exists(path)
)
anonymous = os.memfd_create("library")
with open(library, "rb") as file:
    os.write(anonymous, file.read())
places = ["/tmp/library.so", "/dev/shm/library.so"]
for place in places:
    shutil.copy(library, place)


def compile_inline() -> None:
    from torch.utils.cpp_extension import load_inline

    load_inline("attack", "int attack() { return 1; }", functions=["attack"])



attempts = [lambda p=place, f=loader: f(p) for place in places for loader in (ctypes.CDLL, torch.ops.load_library, torch.classes.load_library)]
attempts += [lambda: ctypes.CDLL(f"/proc/self/fd/{anonymous}"), lambda: ctypes.CDLL(f"/dev/fd/{anonymous}"), compile_inline]
attempts += [lambda: torch.jit._state._python_cu.torch_load_shared("/tmp/library.so")]
refused = 0
for attempt in attempts:
    try:
        attempt()
        print("ESCAPED", attempt)
    except Exception:
        refused += 1
print("refused", refused)
