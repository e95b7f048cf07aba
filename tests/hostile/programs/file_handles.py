# hostile: opens files by handle, which passes by every path
# line: B43
# verdict: passed
# prints: refused 3
import ctypes
import errno
import os
import struct

import torch

libc = ctypes.CDLL(None, use_errno=True)
handle = ctypes.create_string_buffer(struct.pack("<Ii", 128, 0), 136)
guess = ctypes.create_string_buffer(struct.pack("<IiIIQ", 8, 1, 2, 0, 0), 24)  # inode 2 is the root of an ext4
mount = ctypes.c_int()
refused = 0
refused += libc.name_to_handle_at(-100, b"/", handle, ctypes.byref(mount), 0) == -1 and ctypes.get_errno() == errno.EPERM
refused += libc.open_by_handle_at(os.open(torch.__file__, os.O_RDONLY), guess, 0) == -1 and ctypes.get_errno() == errno.EPERM
refused += libc.open_by_handle_at(-100, guess, 0) == -1 and ctypes.get_errno() == errno.EPERM
print("refused", refused)
